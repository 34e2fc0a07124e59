"""A round from its seed: what is published, what the host keeps, and the digests of what is published.

The same function makes a round and, once the seed is out, makes it again to verify it.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import polars as pl
from tipbench.data.id_labels import LabelCollision
from tipbench.tasks import task_of
from tipcore.digest import column_digest
from tipcore.engines import Engine, run_all

from tipboard.rounds.ids import Labels
from tipboard.rounds.record import Digests
from tipboard.rounds.regions import make
from tipboard.rounds.source import RegionFolders
from tipboard.rounds.truth import RoundTruth, truth_of

INPUTS, UNITS, TABLES_WHOLE, ANSWERS, GALLERIES = "inputs", "units", "tables", "answers", "galleries"
_GENERATED = "generated"
_LEVEL = 9


@dataclass(frozen=True)
class Plan:
    """All that decides a round beside the seed. ``columns``: published tables and their columns."""

    version: str
    numbers: range
    tasks: tuple[str, ...]
    prefixes: dict[str, int]
    columns: dict[str, list[str]]


@dataclass(frozen=True)
class Made:
    """One region's column digests by published table, and the labels that it was given."""

    digests: dict[str, dict[str, str]]
    labels: Labels


@dataclass(frozen=True)
class Whole:
    """``columns``: column digests by region and table; ``truths``: units and answers by task."""

    columns: dict[str, dict[str, dict[str, str]]]
    truths: dict[str, RoundTruth]


def make_round(
    seed: bytes,
    plan: Plan,
    public: Path,
    secret: Path,
    engine: Engine | str = "loky",
    quiet: bool = False,
) -> Whole:
    """Write ``public/inputs`` and ``public/units``, ``secret/tables`` and ``secret/answers``.

    Raises LabelCollision where two ids got one label, which another seed will not repeat.
    """
    work = partial(_make_region, seed, plan, public, secret)
    try:
        made = run_all(work, list(plan.numbers), engine, "regions of the round", quiet)
        labels = {one.labels.region: one.labels for one in made}
        source = RegionFolders(
            "the sealed round", plan.version, secret / _GENERATED, plan.numbers, whole=True
        )
        settle = partial(_settle, seed, plan, labels, source, public, secret)
        found = run_all(settle, plan.tasks, engine="sequential", label="tasks of the round", quiet=quiet)
    finally:
        shutil.rmtree(secret / _GENERATED, ignore_errors=True)
    columns = {str(one.labels.region): one.digests for one in made}
    return Whole(columns, dict(zip(plan.tasks, found, strict=True)))


def _make_region(seed: bytes, plan: Plan, public: Path, secret: Path, number: int) -> Made:
    region = make(seed, plan.version, number, plan.prefixes)
    for name, frame in region.generated.items():
        write(secret / _GENERATED / str(number) / f"{name}.parquet", frame)
        write(secret / TABLES_WHOLE / str(number) / f"{name}.parquet", region.labelled[name])
    digests = {}
    for name, columns in plan.columns.items():
        shown = region.labelled[name].select(columns)
        write(public / INPUTS / str(number) / f"{name}.parquet", shown)
        digests[name] = {column: column_digest(shown[column]) for column in columns}
    return Made(digests, region.labels)


def _settle(
    seed: bytes,
    plan: Plan,
    labels: dict[int, Labels],
    source: RegionFolders,
    public: Path,
    secret: Path,
    name: str,
) -> RoundTruth:
    """Return the units and answers of a task, written."""
    found = truth_of(task_of(name), source, seed, labels, plan.prefixes)
    _check_distinct(name, found.units)
    _write_truth(name, found, public, secret)
    return found


def _check_distinct(name: str, units: pl.DataFrame) -> None:
    """Labels are checked within a region where they are made; across regions here."""
    if units.to_series().is_duplicated().any():
        raise LabelCollision(f"two units of {name} share a label: make the round again, with another seed.")


def _write_truth(name: str, truth: RoundTruth, public: Path, secret: Path) -> None:
    write(public / UNITS / f"{name}.parquet", truth.units)
    write(secret / ANSWERS / f"{name}.parquet", truth.answers.frame)
    if truth.answers.gallery is not None:
        write(secret / GALLERIES / f"{name}.parquet", truth.answers.gallery)


def write(path: Path, frame: pl.DataFrame) -> None:
    """A parquet file whose bytes follow from the frame and the libraries: no statistics, no times, one writer."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=_LEVEL, statistics=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def digests_of(public: Path, whole: Whole) -> Digests:
    """Return the digests of everything under the round's folder so far."""
    files = {path.relative_to(public).as_posix(): file_digest(path) for path in files_of(public)}
    units = {name: column_digest(truth.units.to_series()) for name, truth in whole.truths.items()}
    return Digests(files=files, columns=whole.columns, units=units)


def files_of(folder: Path) -> list[Path]:
    """Return every file below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests_of_truth(secret: Path) -> dict[str, str]:
    """Return the digests of the answers and galleries that a host keeps, by path."""
    paths = [path for name in (ANSWERS, GALLERIES) for path in files_of(secret / name)]
    return {path.relative_to(secret).as_posix(): file_digest(path) for path in paths}


def set_times(folder: Path, day: date) -> None:
    """Give everything in a folder the same time, so that no file says when or in what order it was made."""
    second = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    paths: Sequence[Path] = [*folder.rglob("*"), folder]
    for path in paths:
        os.utime(path, (second, second))
