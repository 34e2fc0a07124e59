"""What makes a run again: the overrides of ``tipbench run`` that its config comes from, shown to do so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tipbench.config.compose import Composer, parse
from tipbench.config.method_class import SHIPPED
from tipbench.config.options import options
from tipbench.config.paths import config_folder, config_folders
from tipbench.runs.cell import Cell
from tipbench.runs.grid import expand
from tipbench.runs.results import Result
from tipcore.errors import UsageError
from tipdata.core.world import newest_released

METHOD = "baseline.method"


def shipped_version(result: Result) -> str | None:
    """Return the package of a baseline that ships with tipbench, as pip installs it; None for a user's own method."""
    target = str(_method(result.config).get("_target_", ""))
    return f"tipbench=={result.versions.method}" if target.partition(".")[0] == SHIPPED else None


def overrides_of(config: Mapping[str, Any]) -> list[str] | None:
    """Return overrides, but for split and seed, that compose to the same config hash; None where there are none."""
    wanted = Cell(dict(config), Path())
    try:
        words = _first_words(config)
        plain = _composed(words, config)
        words += [
            f"{key}={config[key]}" for key in ("labels", "access", "replicates") if plain[key] != config[key]
        ]
        words += _differences(METHOD, _method(plain), _method(config))
        return words if Cell(_composed(words, config), Path()).hash == wanted.hash else None
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


def _composed(words: list[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of the one cell that these words make on the split and seed of another config."""
    typed = parse([*words, f"split={config['split']}", f"seed={config['seed']}"])
    [cell] = expand(Composer(config_folders(None), typed), lambda task, settings: [str(config["split"])])
    return cell.config


def _differences(above: str, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has to be typed for arguments to be as they are wanted."""
    for key, value in wanted.items():
        name = f"{above}.{key}"
        if key not in there:
            yield f"+{name}={_written(value, key == 'path')}"
        elif isinstance(value, Mapping) and isinstance(there[key], Mapping):
            yield from _differences(name, there[key], value)
        elif there[key] != value or type(there[key]) is not type(value):
            yield f"{name}={_written(value, key == 'path')}"


def _written(value: Any, literal: bool = False) -> str:
    """Return a value in Hydra's grammar; paths do not pass through it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\'", "\\\\'").replace("'", "\\'")
        return value if literal else f"'{escaped}'"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_written(one)}" for key, one in value.items()) + "}"
    return repr(value)


def _method(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return config["baseline"]["method"]
