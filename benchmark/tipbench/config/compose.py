"""From what a user typed to one plain, checked config: the only place that knows Hydra.

Overrides are ``key=value``, split at the first ``=``. Names of options are checked against the folders and keys
against the composed schema before Hydra sees them, so that a misspelling names its neighbours. Values of ``path``
and ``*.path`` never pass through Hydra's grammar: they may hold spaces, ``=``, commas, parentheses and any script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tipcore.errors import UsageError
from tipdata.core.world import newest_released

from tipbench.config.interpolations import refuse_interpolated_words, refuse_interpolations
from tipbench.config.method_class import is_shipped, parameters_of
from tipbench.config.options import Options, check_option, options, suggestion
from tipbench.config.release_names import RELEASE, spelt_out
from tipbench.config.settings import Settings, settings_of
from tipbench.config.sweeps import single_value
from tipbench.data.custom.config import OwnData

METHOD = "baseline.method."
TARGET = "baseline.method._target_"


class Override(NamedTuple):
    """One ``key=value``; ``added`` where it was typed as ``+key=value``, for a key that the schema lacks."""

    key: str
    value: str
    added: bool = False

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


@dataclass(frozen=True)
class Composer:
    """What was typed, and the folders it is looked up in; composes the config of any baseline from it.

    ``plain``: typed by a stranger; a config that holds an interpolation is refused, and none is ever resolved.
    """

    folders: tuple[Path, ...]
    typed: tuple[Override, ...] = ()
    _composed: dict[tuple, dict[str, Any]] = field(default_factory=dict, repr=False, compare=False)
    plain: bool = False

    @cached_property
    def options(self) -> Options:
        return options(self.folders)

    def value(self, key: str) -> str | None:
        """Return what was typed for a key, or None."""
        return next((override.value for override in self.typed if override.key == key), None)

    def without(self, *keys: str) -> Composer:
        """Return the same without what was typed for these keys."""
        return replace(
            self, typed=tuple(o for o in self.typed if o.key not in keys), _composed=self._composed
        )

    def settings(self, baseline: str | None = None, general: bool = False) -> Settings:
        """Return the config with this baseline, or with the one typed.

        Args:
            general: leave out what was typed about the method, which has a schema only once a baseline is chosen.

        Raises:
            UsageError: for options and keys that do not exist, values of the wrong kind, a ``task`` that
                contradicts the baseline's, and ``release`` beside ``data``.
        """
        typed = spelt_out([single_value(one, self.options) for one in self.typed], self.options[RELEASE])
        if typed != self.typed:
            return replace(self, typed=typed, _composed=self._composed).settings(baseline, general)
        groups = {o.key: o.value for o in self.typed if o.key in self.options and o.key != "release"}
        chosen = baseline or groups.pop("baseline", None)
        self._check_release()
        for group, option in groups.items():
            check_option(group, option, self.options)
        if chosen is not None:
            check_option("baseline", chosen, self.options)
            groups |= {"baseline": chosen, "task": self._task_of(chosen, groups.get("task"))}
        if (release := self.value("release")) is not None:
            groups["release"] = release
        values = [o for o in self.typed if o.key not in self.options]
        if general:
            values = [o for o in values if not o.key.startswith("baseline.")]
        config = self._composed_config(groups, values)
        _check_method(config["baseline"])
        if chosen is not None and not general and config["baseline"]["method"].get("_target_") is None:
            path = self.options["baseline"][chosen]
            raise UsageError(f"{path} names no class: write method._target_, such as my_module.MyMethod.")
        return settings_of(_named(config, chosen, "release" in groups))

    def _check_release(self) -> None:
        release, data = self.value("release"), self.value("data")
        if release is not None and data is not None:
            raise UsageError(f"release={release} and data={data} exclude each other: give one of them.")
        if release is not None:
            check_option("release", release, self.options)

    def _task_of(self, baseline: str, task: str | None) -> str:
        own = baseline.partition("/")[0]
        if task is not None and task != own:
            raise UsageError(
                f"task={task} contradicts baseline={baseline}, which is for {own}: leave task out."
            )
        check_option("task", own, self.options)
        return own

    def _composed_config(self, groups: dict[str, str], values: list[Override]) -> dict[str, Any]:
        base = self._compose(groups, ())
        valid = set(_keys(base)) | set(self.options)
        free = (METHOD,) if any(o.key == TARGET for o in values) else ()
        if base["data"] is not None:
            valid |= _data_keys()
            free += tuple(
                f"data.{name}." for name in ("tables", "sources", "refers", "labels", "pairs", "join", "wide")
            )
        for override in values:
            if override.key not in valid and not override.added and not override.key.startswith(free):
                _check_parameter(override.key, base, valid)
            _check_above(override.key, base)
        there = set(_keys(base))
        settled = tuple(o._replace(added=o.added or o.key not in there) for o in values)
        return self._compose(groups, settled) if settled else base

    def _compose(self, groups: dict[str, str], values: tuple[Override, ...]) -> dict[str, Any]:
        asked = (tuple(sorted(groups.items())), values)
        if asked not in self._composed:
            self._composed[asked] = compose(self.folders, groups, values, self.plain)
        return self._composed[asked]


def compose(
    folders: Sequence[Path], groups: dict[str, str], values: Sequence[Override], plain: bool = False
) -> dict[str, Any]:
    """Return Hydra's composition as a plain dict, with paths set afterwards.

    Raises UsageError for whatever Hydra, OmegaConf or YAML refuses, in one line, and with ``plain`` for interpolations.
    """
    import yaml
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    typed = [f"{group}={option}" for group, option in groups.items()]
    typed += [f"{'++' if o.added else ''}{o.key}={_value(o)}" for o in values if not o.is_path]
    if len(folders) > 1:
        last_first = reversed(folders[1:])  # of two files Hydra takes the one that it finds first
        typed.append(
            f"hydra.searchpath=[{','.join(_quoted(f'file://{folder.as_posix()}') for folder in last_first)}]"
        )
    try:
        if plain:
            refuse_interpolated_words(typed)
        with initialize_config_dir(config_dir=str(folders[0]), version_base="1.3"):
            config = hydra_compose("config", overrides=typed)
        for override in values:
            if override.is_path:
                literal = None if override.value == "null" else override.value.replace("${", "\\${")
                OmegaConf.update(config, override.key, literal, force_add=override.added)
        if plain:
            refuse_interpolations(OmegaConf.to_container(config, resolve=False))
        return OmegaConf.to_container(config, resolve=not plain, throw_on_missing=True)  # type: ignore[return-value]
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error) from None
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        said = " ".join(line.strip() for line in str(error).splitlines()[:2] if line.strip()).rstrip(".")
        raise UsageError(
            f"the config cannot be composed: {said}; quote values that hold special signs."
        ) from None


def _unreadable(error: Any) -> UsageError:
    """Return the error for a file whose YAML is broken: which, and where. ``error`` is that of the parser."""
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}"
    return UsageError(f"{mark.name} is not readable YAML: {error.problem} in {where}; correct it.")


def _check_above(key: str, config: dict[str, Any]) -> None:
    """Refuse a key below one that has a plain value."""
    value: Any = config
    parts = key.split(".")
    for at, part in enumerate(parts[:-1], 1):
        value = value.get(part)
        if (
            value is None or parts[0] == "data"
        ):  # null may become anything; what data takes is checked with it
            return
        if not isinstance(value, dict):
            above = ".".join(parts[:at])
            raise UsageError(f"{key}: {above} is {value} and has no keys: give {above}=VALUE.")


def _check_method(baseline: dict[str, Any]) -> None:
    """Refuse a method that is one value instead of keys."""
    if not isinstance(baseline["method"], dict):
        raise UsageError(
            f"baseline.method={baseline['method']} is wrong: it has keys of its own; give them, such as "
            f"{METHOD}KEY=VALUE."
        )


def _check_parameter(key: str, config: dict[str, Any], valid: set[str]) -> None:
    """Accept a key that the config lacks where the class of the method has a parameter of that name.

    Raises UsageError for any other.
    """
    target = config["baseline"]["method"].get("_target_")
    if target and key.startswith(METHOD) and config["fence"] == "on" and not is_shipped(target):
        return  # its class is not imported in front of the fence; what it does not take is told behind it
    parameters = parameters_of(target) if target and key.startswith(METHOD) else None
    if parameters is None:
        raise UsageError(f'Unknown setting "{key}". {suggestion(key, sorted(valid))}')
    if key.removeprefix(METHOD) not in parameters:
        names = [METHOD + name for name in parameters]
        near = suggestion(key, names) if names else "It has none."
        raise UsageError(f"{key}: {target} has no parameter of that name. {near}")


def _value(override: Override) -> str:
    """Return a value as Hydra's grammar has it; of data's expressions, which hold spaces and quotes, the literal
    text."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if not override.key.startswith("data."):
        return override.value
    try:
        OverridesParser.create().parse_override(f"{override.key}={override.value}")
    except HydraException:
        return _quoted(override.value)
    return override.value


def _data_keys() -> set[str]:
    """Return every field that data of one's own can have, whether or not its file has it."""
    return {f"data.{name}" for name in OwnData.model_fields}


def _quoted(text: str) -> str:
    """Return a string of Hydra's grammar that stands for this text."""
    escaped = text.replace("\\'", "\\\\'").replace("'", "\\'")
    return f"'{escaped}'"


def _named(config: dict[str, Any], baseline: str | None, release: bool) -> dict[str, Any]:
    """Return the config with the baseline's name as its option has it, no release beside data of one's own, and the
    newest released version where none is given."""
    if config.get("data") is not None and not release:
        config = {**config, "release": None}
    elif config["release"] and config["release"].get("version") is None:
        config = {**config, "release": {**config["release"], "version": newest_released()}}
    written = config["baseline"].get("name")
    if baseline is not None and written not in (None, baseline):
        raise UsageError(f"the config of baseline={baseline} says name: {written}; make the two the same.")
    target = config["baseline"]["method"].get("_target_")
    module, _, name = str(target).rpartition(".")
    if target is not None and not (module and name):
        like = f"{module or 'my_module'}.{name or 'MyMethod'}"
        raise UsageError(f"{TARGET}={target} is not a class: write module.Class, such as {like}.")
    if written is None and baseline is None and target is not None and config.get("task") is not None:
        baseline = f"{config['task']['name']}/{str(target).rpartition('.')[2]}"
    return {**config, "baseline": {**config["baseline"], "name": written or baseline}}


def _keys(config: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield dotted keys of a nested config, inner ones included."""
    for key, value in config.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")
