"""Hold back the rows of a test that a method is handed one step at a time.

A streamed task has a table whose rows belong to its units in an order (:data:`ORDER`). :func:`held_back` takes
the rows of valid and test out of a fold into a :class:`Stream`, which the harness keeps and hands over
(:mod:`tipbench.runs.streamed`): the first row of every unit, then the second, and so on.

Every frame that leaves here is copied out of the table that it was cut from (:func:`detached`): a slice would
share its memory, and with it the rows that are still to come. In this process a method can still do what any code can,
which is to read the release's files; behind a fence (:mod:`tipbench.fence`) it cannot.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.data.fold import Fold

ORDER = "sequence"
"""The column of a stream's table that orders the rows of a unit."""

STREAMED = ("valid", "test")
"""The parts handed over step by step: a threshold is chosen on the first, predictions are made for the second."""


@dataclass(frozen=True)
class Steps:
    """The rows of one part by step.

    ``units``: of every unit, with rows or without, the visible columns of the units' table, by unit. ``rows``: the
    first rows of all units, then the second ones, ..., each of them by unit. A step is a row's place among those of
    its unit, from 1. ``edges``: where each step starts in ``rows``, and where the last ends, [steps + 1].
    """

    unit: str
    units: pl.DataFrame = field(repr=False)
    rows: pl.DataFrame = field(repr=False)
    edges: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return self.edges.size - 1

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of step 1, of step 2, ...; each a copy."""
        for start, end in pairwise(self.edges.tolist()):
            yield detached(self.rows.slice(start, end - start))

    @property
    def steps(self) -> NDArray[np.int32]:
        """The step of every row, from 1, [rows]."""
        return np.repeat(np.arange(1, len(self) + 1, dtype=np.int32), np.diff(self.edges))


@dataclass(frozen=True)
class Stream:
    """What a method is handed of one fold; never given to it whole."""

    valid: Steps
    test: Steps

    def of_valid(self) -> Stream:
        """Return the same with the valid part in the place of the test."""
        return replace(self, test=self.valid)


def held_back(fold: Fold) -> tuple[Fold, Stream]:
    """Return the fold with rows of train and valid in its stream's table and all tables in memory; and the stream.

    Raises ValueError for a stream whose table does not show the unit's key and :data:`ORDER`.
    """
    task = fold.task
    tables = {name: table.collect() for name, table in fold.tables.items()}
    whole = tables[task.stream]
    if not {task.unit, ORDER} <= set(whole.columns):
        raise ValueError(f"{task.name}: the stream {task.stream} must show {task.unit} and {ORDER}")
    ordered = whole.sort(task.unit, ORDER)
    learnt = fold.parts.filter(pl.col("part") != "test").select(task.unit)
    tables[task.stream] = ordered.join(learnt, on=task.unit, how="semi", maintain_order="left")
    shown = replace(fold, tables={name: detached(table).lazy() for name, table in tables.items()})
    return shown, Stream(*(_steps(shown, ordered, part) for part in STREAMED))


def _steps(fold: Fold, ordered: pl.DataFrame, part: str) -> Steps:
    unit = fold.task.unit
    units = detached(fold.units(part).collect())
    rows = ordered.join(units.select(unit), on=unit, how="semi", maintain_order="left")
    numbered = rows.with_columns(pl.int_range(pl.len()).over(unit).alias("_step")).sort("_step", unit)
    edges = np.append(0, np.cumsum(np.bincount(numbered["_step"].to_numpy())))
    return Steps(unit, units, detached(numbered.drop("_step")), edges)


def detached(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a copy of a frame whose memory holds no other values.

    Arrow buffers keep strings of filtered rows and values under nulls. The copy goes through parquet, which writes
    neither.
    """
    buffer = io.BytesIO()
    frame.write_parquet(
        buffer, compression="uncompressed", statistics=False, row_group_size=max(1, frame.height)
    )
    buffer.seek(0)
    return pl.read_parquet(buffer)
