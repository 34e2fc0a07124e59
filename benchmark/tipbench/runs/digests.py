"""What must run again: three digests of the code and data that a cell's result was made by.

``method``: the source of the method with what it imports of its own package, and its parameters. ``input``: what
decides the fold. ``score``: what decides scores once predictions are there. A result whose three digests are those of
today is kept; where only ``score`` differs, its predictions are scored again; anything else is run again.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tipdata
from tipdata.core.fingerprint import fingerprint
from tipdata.release import Release, published_manifest

from tipbench.config.methods import SHIPPED
from tipbench.data.access import access_level, visible_columns
from tipbench.data.selection import YARDSTICK
from tipbench.evaluation.sources import file_of, place, score_digest
from tipbench.runs.cell import Cell, without_prose
from tipbench.runs.loaded import typed_code
from tipbench.runs.records import Digests
from tipbench.sources import Place, closure, digest_of_sources
from tipbench.task import Task
from tipbench.tasks import task_of

TYPED = "__main__."
"""What the names of classes begin with that were typed in a notebook or a script."""
INSTALLED = ("site-packages", "dist-packages")
"""Folders whose modules have nothing to do with one another."""

INPUT = (
    *("tipbench.data", "tipbench.tasks", "tipbench.kinds", "tipbench.runs.streamed"),
    *("tipbench.metrics.early", "tipbench.metrics.medians", "tipcore.units", "tipcore.units"),
)
"""Where the code lies that makes a fold and that hands a stream over; an alarm's threshold is a metric's optimum."""

DRIVING = tuple(
    f"tipbench.{name}"
    for name in ("task", "loading", "runs.shared_fold", "runs.predicting", "config.methods")
)
"""What asks for a fold and drives a method. Their imports are not followed: they know every task and every stream."""

VALIDATING = "tipbench.runs.validation"
"""What scores the valid part."""

DRAWN = ("tipdata.core.partition", "tipdata.core.draw")
"""What splits and supervision take from tipdata. Tables are not among it: a release's are frozen, and what a task shows
of them counts by value."""


def digests_of(cell: Cell, data: str) -> Digests:
    """Return the three digests of a cell as they are now.

    Args:
        cell: the cell.
        data: the version of its data, as of :class:`tipbench.runs.results.Versions`.
    """
    task = task_of(cell.task)
    return Digests(
        method=method_digest(cell.config["baseline"]["method"]),
        input=input_digest(cell, task, data),
        score=score_digest(task, {VALIDATING: file_of(VALIDATING)}),
    )


def method_digest(method: Mapping[str, Any]) -> str:
    """Return the digest of a method's class and parameters.

    Args:
        method: ``_target_`` and the parameters. Parameters may have a ``_target_`` of their own.
    """
    typed = {
        target: code_digest(target) for target in sorted(set(targets_of(method))) if target.startswith(TYPED)
    }
    return digest_of_sources(method_sources(method), {**method, "typed": typed} if typed else method)


def code_digest(target: str) -> str:
    """Return the digest of what the functions of a class do that was typed in a notebook or a script, which no module
    holds. Where it was typed does not count."""
    return hashlib.sha256(repr(typed_code(target.removeprefix(TYPED))).encode()).hexdigest()


def code_is_here(method: Mapping[str, Any]) -> bool:
    """Return whether this process can find the code of a method's classes.

    A class of a notebook or script is found only in the process that defined it, any other class wherever its top
    package can be imported.
    """
    main = sys.modules["__main__"]
    return all(
        hasattr(main, target.removeprefix(TYPED))
        if target.startswith(TYPED)
        else place_of(target.partition(".")[0]) is not None
        for target in targets_of(method)
    )


def method_sources(method: Mapping[str, Any]) -> dict[str, Path]:
    """Return the modules that a method is made of, by name."""
    targets = sorted(set(targets_of(method)))
    places = [place for target in targets for place in _places(target)]
    return closure((name for target in targets for name in _prefixes(target)), places)


def input_digest(cell: Cell, task: Task, data: str) -> str:
    """Return the digest of what decides a cell's fold: code, split, supervision, columns shown, data.

    Raises UsageError for an access that does not exist.
    """
    config, access = cell.config, access_level(task, cell.config["access"])
    own = config["data"] is not None
    starts = {"tipbench.data.custom.folds" if own else "tipbench.data.release_folds"}
    starts |= {
        f"tipbench.tasks.{task.name}",
        f"tipbench.kinds.{task.kind.name}",
    }
    if not own:
        # Other splits train on no more than the yardstick does.
        used = {config["split"], *([YARDSTICK] if YARDSTICK in task.splits else [])}
        starts |= {f"tipbench.data.splits.{split}" for split in used}
    if task.stream:
        made = "alarms" if task.forecast is None else "forecasts"
        starts.add(f"tipbench.runs.streamed.{made}")
    places = [Place(place(), INPUT), Place(Path(tipdata.__file__).parent.parent, DRAWN)]
    asked = {key: config[key] for key in ("task", "release", "split", "labels", "access")}
    shown = {name: list(columns) for name, columns in visible_columns(task, access).items()}
    more = {**asked, "data": without_prose(config["data"]), "version": data, "columns": shown}
    if not own and (world := _unpublished(config["release"])) is not None:
        more["world"] = world
    driver = {name: file_of(name) for name in DRIVING}
    return digest_of_sources(closure(starts, places) | driver, more)


def _unpublished(release: Mapping[str, Any]) -> str | None:
    """Return the digest of the generator that makes a release without a published manifest: a draft, or an independent
    world; None where a manifest says what the data are."""
    known = Release.of(release["version"], release["size"], release.get("world", 0))
    return fingerprint(known.version, known.size) if published_manifest(known) is None else None


def targets_of(value: Any) -> Iterator[str]:
    """Yield every ``_target_`` in a method's config."""
    if isinstance(value, Mapping):
        if isinstance(value.get("_target_"), str):
            yield value["_target_"]
        for inner in value.values():
            yield from targets_of(inner)
    if isinstance(value, list | tuple):
        for inner in value:
            yield from targets_of(inner)


def _prefixes(target: str) -> Iterator[str]:
    """Yield the names before each dot of a target: its module is the longest that exists."""
    parts = target.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))


def _places(target: str) -> list[Place]:
    """Return where the modules lie that a method may be made of: its own package or folder, and the shipped methods."""
    package = target.partition(".")[0]
    return [place for name in dict.fromkeys((package, SHIPPED)) if (place := place_of(name)) is not None]


def place_of(package: str) -> Place | None:
    """Return where a package lies. What the user did not install counts with the whole folder that it is imported from:
    modules beside it may be part of the method."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]).parent
    elif spec.origin and Path(spec.origin).is_file():
        folder = Path(spec.origin).parent
    else:
        return None  # built into Python
    alone = package == SHIPPED or folder.name in INSTALLED
    return Place(folder, (package,) if alone else ())
