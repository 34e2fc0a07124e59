"""From what a user typed to one plain, checked config: the only place that knows Hydra's composition.

Overrides are ``key=value``, split at the first ``=``. Names of options are checked against the folders and keys
against the composed schema before Hydra sees them, so that a misspelling names its neighbours. Values of ``path``
and ``*.path`` never pass through Hydra's grammar: they may hold spaces, ``=``, commas, parentheses and any script.

With ``-m`` a value may be a comma list or a sweep: ``seed=0,1,2``, ``seed=range(3)``,
``baseline.method.c=choice(0.1,1)``, ``split=shuffle(random,forward)`` and ``baseline=glob(advert_risk/*)``; see
https://hydra.cc/docs/advanced/override_grammar/extended/.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tipcore.errors import UsageError
from tipcore.spelling import check_word, suggestion
from tipdata.core.world import entry_of, newest_released, parse_release_name, versions

from tipbench.config.methods import is_shipped, parameters_of
from tipbench.config.options import Options, config_folders, options
from tipbench.config.settings import Settings, settings_of
from tipbench.data.custom.config import REMOVED, OwnData

METHOD = "baseline.method."
TARGET = "baseline.method._target_"
RELEASE = "release"
VERSION = re.compile(r"\d+\.\d+\.\d+")
FUNCTION = re.compile(r"(range|choice|shuffle|sort|glob|interval|tag)\(.*\)", re.DOTALL)
"""Values that Hydra reads as a sweep, and that are not comma lists."""
TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|.""", re.DOTALL)
"""A quoted text, or a character outside of one."""
DIRECTIVES = re.compile(r"^(defaults\s*:|#\s*@package)", re.MULTILINE)
"""What a config file says that asks for more than to be merged: other files, or another place."""
MERGED = ("baseline", "task")
"""Groups whose files are merged into a composed config here: Hydra takes 50 ms for each composition."""


class Override(NamedTuple):
    """One ``key=value``.

    ``added``: typed as ``+key=value``, for a key that the schema lacks. ``literal``: the value is a plain object that
    never reaches Hydra or OmegaConf.
    """

    key: str
    value: Any
    added: bool = False
    literal: bool = False

    @property
    def is_path(self) -> bool:
        return self.key.rpartition(".")[2] == "path"


def parse(words: Sequence[str]) -> tuple[Override, ...]:
    """Return overrides in the order typed. Raises UsageError for a word without ``=`` and for a key given twice."""
    found: dict[str, Override] = {}
    for word in words:
        key, equals, value = word.partition("=")
        added = key.startswith("+")
        key = key.lstrip("+").strip()
        if not equals or not key:
            raise UsageError(f"{word!r} is not an override: write key=value, such as release=tiny.")
        if key in found:
            raise UsageError(f"{key} is given twice: keep one of {key}={found[key].value} and {key}={value}.")
        found[key] = Override(key, value, added)
    return tuple(found.values())


def values_of(override: Override, options: Options) -> list[Any]:
    """Return the values of an override: one, or those of a sweep; ``glob(...)`` chooses among the options.

    Raises UsageError for a sweep that is malformed, and for a pattern that matches nothing.
    """
    if override.literal:
        return [override.value]
    if override.is_path or not FUNCTION.fullmatch(override.value.strip()):
        return comma_list(override.value)
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Glob
    from hydra.errors import HydraException

    typed = f"{override.key}={override.value}"
    try:
        parsed = OverridesParser.create().parse_override(typed)
        if not isinstance(pattern := parsed.value(), Glob):
            return list(map(str, parsed.sweep_string_iterator()))
        names = list(options.get(override.key, {}))
        if found := pattern.filter(names):
            return found
        raise UsageError(f"{typed} matches nothing. {suggestion((*pattern.include, '')[0], names)}")
    except (HydraException, ValueError, TypeError) as error:
        reason = " ".join(str(error).splitlines()[0].split()).rstrip(".")
        raise UsageError(
            f"{typed} gives no list of values ({reason}): write range(3), choice(a,b) or a,b."
        ) from None


def comma_list(value: str) -> list[str]:
    """Return a comma list's parts, split at its top level: brackets, parentheses and quotes keep their commas."""
    parts, depth = [""], 0
    for token in TOKEN.findall(value):
        depth += (token in "([{") - (token in ")]}")
        if token == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def split_release_name(typed: Sequence[Override], options: Collection[str]) -> tuple[Override, ...]:
    """Return overrides with ``release=0.5.0/tiny.w3`` as ``release=tiny``, ``release.version=`` and ``release.world=``.

    ``options``: releases that are known by a name of their own, which stay as they are. Raises UsageError for a version
    without a size, and where a part of the name is typed again.
    """
    name = next((one for one in typed if one.key == RELEASE), None)
    if name is None or name.value in options:
        return tuple(typed)
    if name.value in versions():
        entry_of(name.value)
        raise UsageError(
            f"release={name.value} is a version of every size: write release={name.value}/tiny, or another size."
        )
    version, size, world = parse_release_name(name.value)
    if version and not VERSION.fullmatch(version):
        return tuple(typed)
    parts = {RELEASE: size, f"{RELEASE}.version": version, f"{RELEASE}.world": world}
    parts = {key: value for key, value in parts.items() if value}
    rest = [one for one in typed if one is not name]
    if again := [one for one in rest if one.key in parts]:
        raise UsageError(
            f"release={name.value} says {again[0].key} already: leave out {again[0].key}={again[0].value}."
        )
    return (*(name._replace(key=key, value=value) for key, value in parts.items()), *rest)


@dataclass(frozen=True)
class Composer:
    """What was typed, and the folders it is looked up in; composes the config of any baseline from it."""

    folders: tuple[Path, ...]
    typed: tuple[Override, ...] = ()
    _composed: dict[tuple, Any] = field(default_factory=dict, repr=False, compare=False)
    """Hydra's compositions so far, by their options."""

    @cached_property
    def options(self) -> Options:
        return options(self.folders)

    def value(self, key: str) -> str | None:
        """Return what was typed for a key, or None."""
        return next((override.value for override in self.typed if override.key == key), None)

    def without(self, *keys: str) -> Composer:
        """Return the same without what was typed for these keys."""
        return replace(self, typed=tuple(o for o in self.typed if o.key not in keys))

    def settings(self, baseline: str | None = None, general: bool = False) -> Settings:
        """Return the config with this baseline, or with the one typed.

        ``general``: leave out what was typed about the method, which has a schema only once a baseline is chosen.
        Raises UsageError for options and keys that do not exist, values of the wrong kind, a ``task`` that contradicts
        the baseline's, and ``release`` beside ``data``.
        """
        typed = split_release_name([self._single_value(one) for one in self.typed], self.options[RELEASE])
        if typed != self.typed:
            return replace(self, typed=typed).settings(baseline, general)
        groups = {o.key: o.value for o in self.typed if o.key in self.options}
        values = [o for o in self.typed if o.key not in self.options]
        if general:
            values = [o for o in values if not o.key.startswith("baseline.")]
        chosen = baseline or groups.get("baseline")
        if {"release", "data"} <= groups.keys():
            raise UsageError(
                f"release={groups['release']} and data={groups['data']} exclude each other: give one of them."
            )
        if chosen is not None:
            groups["baseline"], own = chosen, chosen.partition("/")[0]
            self._check_option("baseline", chosen)
            if groups.setdefault("task", own) != own:
                raise UsageError(
                    f"task={groups['task']} contradicts baseline={chosen}, which is for {own}: leave task out."
                )
        for group, option in groups.items():
            self._check_option(group, option)
        config = self._compose(groups, values)
        method = config["baseline"]["method"]
        if not isinstance(method, dict):
            raise UsageError(
                f"baseline.method={method} is wrong: it has keys of its own; give them, such as {METHOD}KEY=VALUE."
            )
        if chosen is not None and not general and method.get("_target_") is None:
            path = self.options["baseline"][chosen]
            raise UsageError(f"{path} names no class: write method._target_, such as my_module.MyMethod.")
        return settings_of(_complete_config(config, chosen, "release" in groups))

    def _check_option(self, group: str, option: str) -> None:
        check_word(option, self.options[group], f"{group}={option} does not exist")

    def _single_value(self, override: Override) -> Override:
        """Return an override whose sweep gives one value with that value; any other as it is."""
        text = override.value
        if override.literal or override.key.startswith("data.") or not FUNCTION.fullmatch(text.strip()):
            return override
        values = values_of(override, self.options)
        return override._replace(value=values[0]) if len(values) == 1 else override

    def _compose(self, groups: dict[str, str], values: list[Override]) -> dict[str, Any]:
        """Return the config of these choices and values, once its keys are checked. Raises UsageError."""
        base = self._merge(groups, ())
        there = set(_keys(base))
        known = there | set(self.options)
        free = [METHOD] if any(o.key == TARGET for o in values) else []
        if base["data"] is not None:  # what a field of data may hold is checked where data are read
            fields = [f"data.{name}" for name in (*OwnData.model_fields, *REMOVED)]
            known, free = known.union(fields), [*free, *(f"{name}." for name in fields)]
        for override in values:
            if override.key not in known and not override.added and not override.key.startswith(tuple(free)):
                _check_parameter(override.key, base, known)
            _check_above(override.key, base)
        if not values:
            return base
        settled = [o._replace(added=o.added or o.key not in there) for o in values]
        return self._merge(groups, settled)

    def _merge(self, groups: Mapping[str, str], values: Sequence[Override]) -> dict[str, Any]:
        """Return a plain config: Hydra's composition of the groups, with the values set in it, in their order.

        The files of :data:`MERGED` groups are merged without Hydra, if neither they nor an experiment ask for more.
        Raises UsageError in one line for what Hydra, OmegaConf or YAML refuses.
        """
        import yaml
        from hydra.errors import HydraException
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        try:
            files = {group: self.options[group][groups[group]] for group in MERGED if group in groups}
            config = self._by_hydra({group: option for group, option in groups.items() if group not in files})
            special = (DIRECTIVES.search(path.read_text("utf-8")) for path in files.values())
            if any(_is_set(config[group]) for group in files) or any(special):
                config = OmegaConf.merge(self._by_hydra(groups))  # a copy
            else:
                read = {group: OmegaConf.load(path) for group, path in files.items()}
                config = OmegaConf.merge(config, read)
            for one in values:
                if not one.literal:
                    OmegaConf.update(config, one.key, _parse_value(one), merge=True, force_add=one.added)
            found: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
            for one in values:
                if one.literal:
                    _set(found, one.key, one.value)
            return found
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            where = f"{error.problem} in line {mark.line + 1}, column {mark.column + 1}"
            raise UsageError(f"{mark.name} is not readable YAML: {where}; correct it.") from None
        except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
            reason = " ".join(filter(None, map(str.strip, str(error).splitlines()[:2]))).rstrip(".")
            raise UsageError(
                f"the config cannot be composed: {reason}; quote values that hold special signs."
            ) from None

    def _by_hydra(self, groups: Mapping[str, str]) -> Any:
        """Return Hydra's composition of these options as a DictConfig that takes new keys."""
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        if (key := tuple(sorted(groups.items()))) not in self._composed:
            typed = [f"{group}={option}" for group, option in groups.items()]
            first, *others = self.folders
            if others:  # of two files Hydra takes the one that it finds first
                places = ",".join(_quote(f"file://{folder.as_posix()}") for folder in reversed(others))
                typed.append(f"hydra.searchpath=[{places}]")
            with initialize_config_dir(config_dir=str(first), version_base="1.3"):
                self._composed[key] = compose("config", overrides=typed)
            OmegaConf.set_struct(self._composed[key], False)
        return self._composed[key]


def composer_of(config_dir: str | None, words: Sequence[str]) -> Composer:
    """Return the composer of the words of a command, with a user's folder of configs.

    Raises UsageError for a word that is not an override, and for a folder that is not there.
    """
    return Composer(config_folders(config_dir), parse(words))


def _is_set(value: Any) -> bool:
    """Return whether a part of a config has any value but null, as an experiment may give it."""
    return any(map(_is_set, value.values())) if isinstance(value, Mapping) else value is not None


def _parse_value(override: Override) -> Any:
    """Return a value as Hydra's grammar reads it; as text a path, and an expression of own data that it cannot read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    text = override.value.replace("${", "\\${")
    if override.is_path:
        return None if text == "null" else text
    try:
        return OverridesParser.create().parse_override(f"{override.key}={override.value}").value()
    except HydraException:
        if override.key.startswith("data."):
            return text
        raise


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *above, last = key.split(".")
    for part in above:
        if not isinstance(config.get(part), dict):
            config[part] = {}
        config = config[part]
    config[last] = value


def _check_above(key: str, config: dict[str, Any]) -> None:
    """Refuse a key below one that has a plain value."""
    value: Any = config
    parts = key.split(".")
    for at, part in enumerate(parts[:-1], 1):
        value = value.get(part)
        if value is None or parts[0] == "data":  # null may become anything
            return
        if not isinstance(value, dict):
            above = ".".join(parts[:at])
            raise UsageError(f"{key}: {above} is {value} and has no keys: give {above}=VALUE.")


def _check_parameter(key: str, config: dict[str, Any], known: set[str]) -> None:
    """Accept a key that the config lacks where the class of the method has a parameter of that name.

    Raises UsageError for any other.
    """
    target = config["baseline"]["method"].get("_target_")
    of_method = bool(target) and key.startswith(METHOD)
    if of_method and config["fence"] == "on" and not is_shipped(target):
        return  # its class is not imported outside the fence, where its arguments are checked
    parameters = parameters_of(target) if of_method else None
    if parameters is None:
        check_word(key, sorted(known), f'Unknown setting "{key}"')
    elif key.removeprefix(METHOD) not in parameters:
        names = [METHOD + name for name in parameters]
        near = suggestion(key, names) if names else "It has none."
        raise UsageError(f"{key}: {target} has no parameter of that name. {near}")


def _quote(text: str) -> str:
    """Return a string of Hydra's grammar that stands for this text."""
    escaped = text.replace("\\'", "\\\\'").replace("'", "\\'")
    return f"'{escaped}'"


def _complete_config(config: dict[str, Any], baseline: str | None, release_given: bool) -> dict[str, Any]:
    """Return the config with what the user left out: no release beside ``data``, the newest version of a release, and
    the baseline's name.

    ``baseline``: the value of ``baseline=``, or None; ``release_given``: whether the user chose a release. Raises
    UsageError if the config states another name, or if the target is not ``module.Class``.
    """
    if config.get("data") is not None and not release_given:
        config = {**config, "release": None}
    elif config["release"] and config["release"].get("version") is None:
        config = {**config, "release": {**config["release"], "version": newest_released()}}
    stated, target = config["baseline"].get("name"), config["baseline"]["method"].get("_target_")
    if baseline is not None and stated not in (None, baseline):
        raise UsageError(f"the config of baseline={baseline} says name: {stated}; make the two the same.")
    module, _, name = str(target).rpartition(".")
    if target is not None and not (module and name):
        like = f"{module or 'my_module'}.{name or 'MyMethod'}"
        raise UsageError(f"{TARGET}={target} is not a class: write module.Class, such as {like}.")
    if stated is None and baseline is None and target is not None and config.get("task") is not None:
        baseline = f"{config['task']['name']}/{name}"
    return {**config, "baseline": {**config["baseline"], "name": stated or baseline}}


def _keys(config: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield dotted keys of a nested config, inner ones included."""
    for key, value in config.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")
