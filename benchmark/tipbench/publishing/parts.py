"""Write what a method learns from and is tested on: one config per task and split, one file per part.

A config holds what ``tipbench.load(task, split=split)`` gives of its units: the columns that a method of the task's own
access may see, and in train and validation the labels of the task's default supervision. In the test they are null,
so that nobody learns from them by mistake; they are no secret, since the hidden tables are in the export too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tipcore.errors import UsageError
from tipcore.units import PARTS

from tipbench.data.fold import HUB_NAMES, Fold
from tipbench.data.release_folds import allowed_splits, build_fold
from tipbench.data.releases import collect_units
from tipbench.data.splits import SPLITS
from tipbench.publishing.parquet import write_frames
from tipbench.task import Source, Task

FOLDER = "tasks"
ALL, HEADLINE = "all", "headline"
"""Splits that are written: every one, or the default of each task alone."""


@dataclass(frozen=True)
class Config:
    """A task and split as it was written. ``rows``: by part, named as on the Hugging Face Hub; parts without rows are
    absent. ``schema``: columns with their types. ``labels``: those of ``schema`` that are labels."""

    task: Task = field(repr=False)
    split: str
    rows: dict[str, int]
    schema: dict[str, pl.DataType] = field(repr=False)
    labels: tuple[str, ...]
    headline: bool

    @property
    def name(self) -> str:
        """What the config is called, ``advert_risk.forward``."""
        return f"{self.task.name}.{self.split}"

    def file(self, part: str) -> str:
        """Return where a part lies in an export."""
        return f"{FOLDER}/{self.task.name}/{self.split}/{part}.parquet"


def write_parts(tasks: Sequence[Task], source: Source, folder: Path, splits: str = ALL) -> list[Config]:
    """Write the parts of tasks on a source, by task and split, and return what was written.

    Raises UsageError for a task that can have no split on the source.
    """
    return [config for task in tasks for config in _write_task(task, source, folder, splits)]


def _write_task(task: Task, source: Source, folder: Path, splits: str) -> Iterator[Config]:
    units = collect_units(task.units, source)
    allowed = list(allowed_splits(task, source, units))
    if not allowed:
        raise UsageError(f"{task.name} can have no split on {source.name}: export a larger release.")
    for split in allowed if splits == ALL else allowed[:1]:
        fold, _, _ = build_fold(task, source, units, SPLITS[split], task.labels_on(split)[0], task.tier)
        frames = part_frames(fold)
        first = next(iter(frames.values()))
        labels = tuple(label_columns(fold))
        config = Config(
            task,
            split,
            {part: frame.height for part, frame in frames.items()},
            dict(first.schema),
            labels,
            split == allowed[0],
        )
        for part, frame in frames.items():
            write_frames(folder / config.file(part), [frame])
        yield config


def part_frames(fold: Fold) -> dict[str, pl.DataFrame]:
    """Return the rows of each part that has any, by its name on the Hub, all in the same columns: units as a method
    sees them beside their labels, which are null in the test."""
    nulls = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in label_columns(fold).items()]
    found = {}
    for part in PARTS:
        frame = fold.labelled(part)
        frame = frame.with_columns(nulls) if part == "test" else frame
        if frame.height:
            found[HUB_NAMES.get(part, part)] = frame
    return found


def label_columns(fold: Fold) -> dict[str, pl.DataType]:
    """Return the columns of a fold's labels with their types."""
    return {n: d for n, d in fold.supervision.schema.items() if n not in (fold.task.unit, "part")}
