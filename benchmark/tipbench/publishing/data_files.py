"""Write the data of an export as parquet: a file per table, and a file per part of each task and split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from tipcore.errors import UsageError
from tipcore.units import PARTS
from tipdata.release import Release
from tipdata.release.manifests import files_of
from tipdata.release.release import table_file
from tipdata.stages import tables_of

from tipbench.data.fold import HUB_NAMES, Fold
from tipbench.data.release_folds import allowed_splits, build_fold
from tipbench.data.releases import collect_units
from tipbench.data.splits import SPLITS
from tipbench.task import Source, Task


def write_frames(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write one frame or more of one schema below each other, and return how many rows they have.

    The folder of the file is made. Each frame becomes a row group. The same frames give the same bytes with
    the same version of the writer. Raises OSError if the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer, rows = None, 0
    try:
        for frame in frames:
            table = to_arrow(frame)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", write_page_index=True)
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table whose strings and lists have offsets of 32 bits, categories as strings."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([(f.name, _plain_type(f.type)) for f in table.schema]))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


FOLDER = "tasks"
ALL, HEADLINE = "all", "headline"
"""Splits that are written: every one, or the default of each task alone."""


@dataclass(frozen=True)
class Config:
    """A task and split as it was written.

    It holds the units of ``tipbench.load(task, split=split)``: the columns that a method of the task's own access may
    see, and in train and validation the labels of the default supervision. In the test they are null, so that no method
    learns from them by mistake; they are no secret, since the export holds the hidden tables too.

    ``rows``: by part, named as on the Hugging Face Hub; parts without rows are absent. ``labels``: those
    columns of ``schema`` that are labels.
    """

    task: Task = field(repr=False)
    split: str
    rows: dict[str, int]
    schema: dict[str, pl.DataType] = field(repr=False)
    labels: tuple[str, ...]
    headline: bool

    @property
    def name(self) -> str:
        """The config's name, such as ``advert_risk.forward``."""
        return f"{self.task.name}.{self.split}"

    def file(self, part: str) -> str:
        """Return where a part lies in an export."""
        return f"{FOLDER}/{self.task.name}/{self.split}/{part}.parquet"


def write_parts(tasks: Sequence[Task], source: Source, folder: Path, splits: str = ALL) -> list[Config]:
    """Write the parts of tasks on a source, by task and split, and return what was written.

    Raises UsageError for a task that can have no split on the source.
    """
    configs = []
    for task in tasks:
        units = collect_units(task.units, source)
        allowed = list(allowed_splits(task, source, units))
        if not allowed:
            raise UsageError(f"{task.name} can have no split on {source.name}: export a larger release.")
        for split in allowed if splits == ALL else allowed[:1]:
            fold, _, _ = build_fold(task, source, units, SPLITS[split], task.labels_on(split)[0], task.tier)
            frames, labels = part_frames(fold), tuple(label_columns(fold))
            rows = {part: frame.height for part, frame in frames.items()}
            schema = dict(next(iter(frames.values())).schema)
            configs.append(Config(task, split, rows, schema, labels, split == allowed[0]))
            for part, frame in frames.items():
                write_frames(folder / configs[-1].file(part), [frame])
    return configs


def part_frames(fold: Fold) -> dict[str, pl.DataFrame]:
    """Return the rows of each part that has any, by its name on the Hub: units as a method sees them, and labels.

    All have the same columns; labels are null in the test.
    """
    nulls = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in label_columns(fold).items()]
    found = {}
    for part in PARTS:
        frame = fold.units_with_labels(part)
        frame = frame.with_columns(nulls) if part == "test" else frame
        if frame.height:
            found[HUB_NAMES.get(part, part)] = frame
    return found


def label_columns(fold: Fold) -> dict[str, pl.DataType]:
    """Return the columns of a fold's labels with their types."""
    return {n: d for n, d in fold.supervision.schema.items() if n not in (fold.task.unit, "part")}


def write_tables(release: Release, folder: Path) -> dict[str, int]:
    """Write every table of a release, region by region, and return its rows by table.

    Raises MachineFault if a file of the release is damaged, OSError if the folder cannot be written.
    """
    rows = {}
    for name, table in tables_of(release.version).items():
        release.scan(name, truth=True)  # checks its files
        for suffix, _ in files_of(table):
            frames = (release.read_file(index, f"{name}{suffix}.parquet") for index in range(release.regions))
            rows[name] = write_frames(folder / table_file(name, suffix), frames)
    return rows
