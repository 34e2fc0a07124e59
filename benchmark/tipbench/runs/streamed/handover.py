"""Hand a part over to a method step by step, and record what it says of each step at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.data.fold import PartSteps, detach
from tipbench.method import StreamMethod

_FLOATS = (pl.Float32, pl.Float64)
_SHOWN = 3


@dataclass(frozen=True)
class Scored:
    """What a method said of every row: ``unit`` [rows], ``step`` int32 [rows] rising, ``score`` float64 [rows]."""

    unit: pl.Series
    step: NDArray[np.int32]
    score: NDArray[np.float64]


def scores_of(method: StreamMethod, steps: PartSteps, name: str) -> Scored:
    """Return what the method says of every row of a part, handed over step by step.

    Args:
        method: fitted.
        steps: the part.
        name: what the method is called, for errors.

    Raises:
        UsageError: for a step that answers with anything but one finite score for each of its units.
    """
    unit = steps.rows[steps.unit]
    score = np.empty(steps.rows.height)
    method.begin(detach(steps.units))
    start = 0
    for number, rows in enumerate(steps, 1):
        end = start + rows.height
        # Copied at once: what a method does to its answer afterwards changes nothing.
        score[start:end] = _checked(method.step(rows), unit.slice(start, end - start), number, name)
        start = end
    return Scored(unit, steps.steps, score)


def _checked(found: pl.DataFrame, asked: pl.Series, number: int, name: str) -> NDArray[np.float64]:
    """Return the scores of the units that were asked for, in their order."""
    where = f"{name}: step {number}"
    check_columns(found, asked, ("score",), where)
    if not found[asked.name].equals(asked):
        found = found.sort(asked.name)
        if not found[asked.name].equals(asked):
            raise UsageError(f"{where} returned {difference(found[asked.name], asked, 'score')}.")
    check_finite(found, asked.name, where)
    return found["score"].cast(pl.Float64).to_numpy()


def check_columns(found: object, asked: pl.Series, others: tuple[str, ...], where: str) -> None:
    """Refuse a step's answer that is not a frame of the unit's key and these columns, ``score`` among them.

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
    """Return what is wrong with the units of a step's answer, with counts and the first few, and what to do with
    each."""
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
