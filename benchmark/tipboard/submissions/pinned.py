"""What makes a run again: the overrides of ``tipbench run`` that its config comes from, shown to do so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from tipbench.config.compose import Composer, Override, parse
from tipbench.config.methods import SHIPPED
from tipbench.config.options import config_folder, config_folders, options
from tipbench.runs.cells import Cell
from tipbench.runs.grid import expand
from tipbench.runs.results import Result
from tipcore.errors import UsageError
from tipdata.core.world import newest_released

from tipboard.submissions.record import INTERPOLATION

METHOD = "baseline.method"
CHOICES = ("baseline", "task", "release")
"""Keys whose values are names of options."""


def shipped_version(result: Result) -> str | None:
    """Return the package of a baseline that ships with tipbench, as pip installs it; None for a user's own method."""
    target = str(_method(result.config).get("_target_", ""))
    return f"tipbench=={result.versions.method}" if target.partition(".")[0] == SHIPPED else None


def overrides_of(config: Mapping[str, Any]) -> list[str] | None:
    """Return overrides, but for split and seed, that compose to the same config hash; None where there are none.

    They do so for their authors, by ``tipbench run``, and for maintainers, who read them by :func:`read_overrides`.
    """
    wanted = Cell(dict(config), Path())
    try:
        words = _first_words(config)
        plain = _composed(words, config)
        words += [
            f"{key}={config[key]}" for key in ("labels", "access", "replicates") if plain[key] != config[key]
        ]
        words += _differences(METHOD, _method(plain), _method(config))
        made = [_composed(words, config, pinned) for pinned in (False, True)]
        return words if all(Cell(one, Path()).hash == wanted.hash for one in made) else None
    except (UsageError, ValueError):
        return None


def _first_words(config: Mapping[str, Any]) -> list[str]:
    """Return baseline, or task and class of a user's own, and release."""
    name, release = str(config["baseline"]["name"]), config["release"]
    known = name in options([config_folder()])["baseline"]
    target = f"{METHOD}._target_={_method(config)['_target_']}"
    words = [f"baseline={name}"] if known else [f"task={config['task']}", target]
    newest = [] if release["version"] == newest_released() else [f"release.version={release['version']}"]
    return [*words, f"release={release['size']}", *newest]


def _composed(words: list[str], config: Mapping[str, Any], pinned: bool = False) -> dict[str, Any]:
    """Return the config of the one cell that these words make on the split and seed of another config."""
    typed = read_overrides(parse(words)) if pinned else parse(words)
    place = parse([f"split={config['split']}", f"seed={config['seed']}"])
    composer = Composer(config_folders(None), (*typed, *place))
    [cell] = expand(composer, lambda task, settings: [str(config["split"])])
    return cell.config


def _differences(above: str, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has to be typed for arguments to be as they are wanted."""
    for key, value in wanted.items():
        name = f"{above}.{key}"
        if key not in there:
            yield f"+{name}={_write(value, key == 'path')}"
        elif isinstance(value, Mapping) and isinstance(there[key], Mapping):
            yield from _differences(name, there[key], value)
        elif there[key] != value or type(there[key]) is not type(value):
            yield f"{name}={_write(value, key == 'path')}"


def _write(value: Any, is_path: bool = False) -> str:
    """Return a value as both YAML and the grammar of the command line read it; paths as they are."""
    if isinstance(value, str) and is_path:
        return value
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_write, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}: {_write(one)}" for key, one in value.items()) + "}"
    if isinstance(value, str) and "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    if isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa or not e else '.0'}{e}{exponent}"
    return json.dumps(value, ensure_ascii=False)


def read_overrides(typed: Iterable[Override]) -> tuple[Override, ...]:
    """Return pinned overrides with their values as YAML has them, which never reach OmegaConf; paths as they are.

    Raises UsageError for a value that is not plain, and for one that the command line would read otherwise.
    """
    return tuple(o if o.key in CHOICES else o._replace(value=_read(o), literal=True) for o in typed)


def _read(override: Override) -> Any:
    key, text = override.key, override.value.strip()
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise UsageError(f"{key}={text} has an alias: write its value.")  # it may stand for millions
        value = text if override.is_path else yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{key}={text} is not readable YAML ({reason}): write its value.") from None
    if any(isinstance(one, str) and INTERPOLATION.search(one) for one in (text, *_leaves(value, key))):
        raise UsageError(f"{key} holds an interpolation ${{...}}: write its value.")
    if override.is_path:
        return None if text == "null" else override.value
    if _is_ambiguous(value, text):
        raise UsageError(
            f"{key}={text} is {value!r} in YAML: write null, true, false, a number such as 1.0e-3, or 'text'."
        )
    return value


def _leaves(value: Any, key: str) -> Iterator[Any]:
    """Yield the plain values in a value, keys included. Raises UsageError for another kind of value."""
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str) or ":" in name:
                raise UsageError(f"{key} holds the key {name}: write {{name: value}}, with a space.")
            yield name
            yield from _leaves(inner, key)
    elif value is None or isinstance(value, bool | int | float | str):
        yield value
    else:
        raise UsageError(f"{key}={value} is not plain: write a number, true, false, null, 'text' or a list.")


def _is_ambiguous(value: Any, text: str) -> bool:
    """Return whether YAML reads text otherwise than the command line does: yes as true, 010 as 8, 1e-3 as text."""
    if value is None or isinstance(value, bool):
        return text.lower() not in ("null", "true", "false")
    try:
        number = float(text)
    except ValueError:
        return isinstance(value, int | float)
    return isinstance(value, str) or number != value


def _method(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return config["baseline"]["method"]
