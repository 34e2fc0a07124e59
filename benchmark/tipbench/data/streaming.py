"""Handing a test over one step at a time, so that no method sees what comes later.

A streamed task has a table whose rows belong to its units in an order (:data:`ORDER`). :func:`held_back` takes
the rows of valid and test out of a fold into a :class:`Stream`, which the harness keeps; :func:`scores_of` gives
a method the first row of every unit, then the second, and so on, and records what it says of each at once.

Every frame that leaves here is copied out of the table that it was cut from (:func:`detached`): a slice would
share its memory, and with it the rows that are still to come. What is left to a method is what any code in this
process can do, which is to read the release's files; entries to a ranking are run by others for that reason.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipdata.core.errors import UsageError

if TYPE_CHECKING:
    from tipbench.data.fold import Fold
    from tipbench.method import StreamMethod

ORDER = "sequence"
"""The column of a stream's table that orders the rows of a unit."""

STREAMED = ("valid", "test")
"""The parts handed over step by step: a threshold is chosen on the first, predictions are made for the second."""

_FLOATS = (pl.Float32, pl.Float64)
_SHOWN = 3


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
        """The rows of step 1, of step 2, ...; each a copy."""
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


@dataclass(frozen=True)
class Scored:
    """What a method said of every row: ``unit`` [rows], ``step`` int32 [rows] rising, ``score`` float64 [rows]."""

    unit: pl.Series
    step: NDArray[np.int32]
    score: NDArray[np.float64]


def held_back(fold: Fold) -> tuple[Fold, Stream]:
    """The fold with rows of train and valid in its stream's table and all tables in memory; and the stream.

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
    """The same frame in memory of its own: through Arrow's file format, which writes what is shown only."""
    buffer = io.BytesIO()
    frame.rechunk().write_ipc(buffer, compression="uncompressed")
    buffer.seek(0)
    return pl.read_ipc(buffer)


def scores_of(method: StreamMethod, steps: Steps, name: str) -> Scored:
    """What the method says of every row of a part, handed over step by step.

    Args:
        method: fitted.
        steps: the part.
        name: what the method is called, for errors.

    Raises:
        UsageError: for a step that answers with anything but one finite score for each of its units.
    """
    unit = steps.rows[steps.unit]
    score = np.empty(steps.rows.height)
    method.begin(detached(steps.units))
    start = 0
    for number, rows in enumerate(steps, 1):
        end = start + rows.height
        # Copied at once: what a method does to its answer afterwards changes nothing.
        score[start:end] = _checked(method.step(rows), unit.slice(start, end - start), number, name)
        start = end
    return Scored(unit, steps.steps, score)


def _checked(found: pl.DataFrame, asked: pl.Series, number: int, name: str) -> NDArray[np.float64]:
    """The scores of the units that were asked for, in their order."""
    where = f"{name}: step {number}"
    check_columns(found, asked, ("score",), where)
    if not found[asked.name].equals(asked):
        found = found.sort(asked.name)
        if not found[asked.name].equals(asked):
            raise UsageError(f"{where} returned {difference(found[asked.name], asked, 'score')}.")
    check_finite(found, asked.name, where)
    return found["score"].cast(pl.Float64).to_numpy()


def check_columns(found: object, asked: pl.Series, others: tuple[str, ...], where: str) -> None:
    """Refuse a step's answer that is no frame of the unit's key and these columns, ``score`` among them.

    Raises UsageError; ``where`` is what its sentence begins with.
    """
    unit = asked.name
    if not isinstance(found, pl.DataFrame):
        raise UsageError(f"{where} returned a {type(found).__name__}; return a polars DataFrame.")
    if missing := [column for column in (unit, *others) if column not in found.columns]:
        raise UsageError(
            f"{where} returned no column {', '.join(missing)} among {', '.join(found.columns) or 'none'}; "
            f"return {', '.join((unit, *others))}."
        )
    if found.schema[unit] != asked.dtype:
        raise UsageError(f"{where} returned {unit} as {found.schema[unit]}; keep it {asked.dtype}.")
    if found.schema["score"] not in _FLOATS:
        raise UsageError(f"{where} returned score as {found.schema['score']}; make it Float32 or Float64.")


def check_finite(found: pl.DataFrame, unit: str, where: str) -> None:
    """Refuse scores of a step that are not finite. Raises UsageError with how many and the first few."""
    bad = found.filter(~pl.col("score").is_finite().fill_null(False))
    if bad.height:
        first = ", ".join(map(str, bad[unit].head(_SHOWN)))
        raise UsageError(
            f"{where} returned {bad.height:,} of {found.height:,} scores that are NaN, null or infinite "
            f"(first at {first}); return a finite score for each."
        )


def difference(given: pl.Series, asked: pl.Series, do: str) -> str:
    """What is wrong with the units of a step's answer, with counts and the first few, and what to do with each."""
    faults = {
        "repeated": given.filter(given.is_duplicated()).unique(),
        "missing": asked.filter(~asked.is_in(given.implode())),
        "that were not in the step": given.filter(~given.is_in(asked.implode())).unique(),
    }
    said = ", ".join(
        f"{len(units):,} {what} ({', '.join(map(str, units.sort().head(_SHOWN)))})"
        for what, units in faults.items()
        if len(units)
    )
    return f"{said}; {do} each of its {len(asked):,} of {asked.name} once"
