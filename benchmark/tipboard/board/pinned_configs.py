"""Compose the config of a cell from what a submission pins: a method and its plain values, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tipbench.config.compose import Composer, parse
from tipbench.config.methods import is_shipped
from tipbench.config.options import config_folders
from tipbench.runs.digests import targets_of
from tipbench.runs.grid import expand
from tipbench.runs.results import Result
from tipcore.errors import UsageError

from tipboard.board.draws import REPLICATES
from tipboard.board.entries import Entry
from tipboard.submissions.pinned import read_overrides

ALLOWED = ("baseline", "task", "labels", "access")
"""Keys that a submission may set beside the parameters of its method."""
OURS = ("release", "release.version", "replicates")
"""Keys that records have and that are not read: release and split are those of the cell, replicates the board's."""
METHOD = "baseline.method."


def config_of(entry: Entry, wanted: Result) -> dict[str, Any]:
    """Return the config of a cell: of a reference method as it is stored, of a submission as its overrides compose.

    Raises UsageError where it says more than a method and its plain values, or is of another cell.
    """
    if entry.record is None or entry.record.pinned is None:
        return dict(wanted.config)
    pinned, where = entry.record.pinned, f"{entry.id}: pinned.overrides of {wanted.task}"
    if wanted.task not in pinned.overrides:
        raise UsageError(f"{entry.id} says of {wanted.task} not how it is run: leave it out with --task.")
    typed = parse(pinned.overrides[wanted.task])
    for override in typed:
        if override.key not in (*ALLOWED, *OURS) and not override.key.startswith(METHOD):
            raise UsageError(
                f"{where}: {override.key} is not of the method: only {', '.join(ALLOWED)} and {METHOD}* are."
            )
    version, _, size = wanted.data.partition("/")
    ours = [f"release={size}", f"release.version={version}", f"split={wanted.split}", f"seed={wanted.seed}"]
    ours += [f"replicates={REPLICATES}", "fence=on"]
    try:
        plain = read_overrides(o for o in typed if o.key not in OURS)
        composer = Composer(config_folders(None), (*plain, *parse(ours)))
        cells = expand(composer, lambda task, settings: [wanted.split])
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if len(cells) != 1 or cells[0].task != wanted.task:
        raise UsageError(f"{where} are of another cell: its authors must correct them.")
    config = cells[0].config
    _check_method(config["baseline"]["method"], pinned.package, where)
    if (config["access"], config["labels"]) != (wanted.access, wanted.labels):
        raise UsageError(
            f"{where} ask for access {config['access']} and labels {config['labels']}, and the record declares "
            f"{wanted.access} and {wanted.labels}: its authors must correct one of them."
        )
    return config


def _check_method(method: Mapping[str, Any], package: str, where: str) -> None:
    """Refuse a method that names other classes than its own, and one of tipbench's package that is not shipped."""
    if len(list(targets_of(method))) != 1 or any(str(key).startswith("_") for key in _keys(method)):
        raise UsageError(
            f"{where}: parameters are plain values: no _target_ or other key that begins with _."
        )
    ours = package.partition("==")[0].strip() == "tipbench"
    if ours != is_shipped(str(method["_target_"])):
        raise UsageError(f"{where}: {method['_target_']} is not of the package {package}.")


def _keys(value: Any, top: bool = True) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not (top and key == "_target_"):
                yield key
            yield from _keys(inner, top=False)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _keys(inner, top=False)
