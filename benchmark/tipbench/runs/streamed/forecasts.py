"""Take a method's forecasts of a stream: after each row of a unit, which candidate its next row will have.

A method is handed the rows of test step by step (:mod:`tipbench.data.fold`) and answers each step with up to
ten candidates for every unit of it, which are recorded at once under the key of the row that they were made after.
Whether another row follows it is not told; forecasts that no row follows, or that the task does not ask for, are
dropped.
"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.fold import Fold, StepStream, detach
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import MOST_CANDIDATES
from tipbench.method import StreamMethod
from tipbench.runs.streamed.handover import check_columns, check_finite, difference


def streamed_forecasts(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the forecasts of a fitted method after every row of test, ``[query, candidate Int64, score Float64]``.

    Args:
        method: fitted.
        fold, stream: of a task with a forecast.
        name: what errors call the method.

    Raises:
        UsageError: for a step that answers with anything but one to ten candidates, each once and with a finite
        score, for each of its units.
    """
    forecast = fold.task.forecast
    if forecast is None:
        raise ValueError(f"{fold.task.name} forecasts nothing")
    unit, steps = fold.task.unit, stream.test
    method.begin(detach(steps.units))
    made, start = [], 0
    for number, rows in enumerate(steps, 1):
        # What is asked for is read from what no method was handed.
        keys = steps.rows.slice(start, rows.height).select(unit, forecast.query, forecast.candidate)
        start += rows.height
        found = _checked(method.step(rows), keys[unit], keys.schema[forecast.candidate], number, name)
        made.append(
            found.join(keys, on=unit, maintain_order="left").select(
                pl.col(forecast.query).alias("query"), pl.col("candidate").cast(pl.Int64), "score"
            )
        )
    if not made:
        raise UsageError(
            f"{fold.task.name}: test has not a single row of {fold.task.stream}; split it otherwise."
        )
    return pl.concat(made)


def _checked(
    found: pl.DataFrame, units: pl.Series, kind: pl.DataType, number: int, name: str
) -> pl.DataFrame:
    """Return a copy of a step's answer in its columns, with scores as Float64."""
    unit, where = units.name, f"{name}: step {number}"
    check_columns(found, units, ("candidate", "score"), where)
    if found.schema["candidate"] != kind:
        raise UsageError(f"{where} returned candidate as {found.schema['candidate']}; keep it {kind}.")
    given = found[unit].unique()
    if not given.sort().equals(units.sort()):
        raise UsageError(f"{where} returned {difference(given, units, 'name candidates of')}.")
    check_finite(found, unit, where)
    if nulls := found["candidate"].null_count():
        raise UsageError(
            f"{where} returned {nulls:,} of {found.height:,} candidates that are null; leave them out."
        )
    repeated = found.filter(pl.struct(unit, "candidate").is_duplicated())
    if repeated.height:
        raise UsageError(
            f"{where} returned {repeated.height:,} of {found.height:,} rows that repeat a candidate of their unit "
            f"(first at {repeated[unit][0]}); name each once."
        )
    long = found.group_by(unit).len().filter(pl.col("len") > MOST_CANDIDATES).sort(unit)
    if long.height:
        raise UsageError(
            f"{where} returned more than {MOST_CANDIDATES} candidates for {long.height:,} of {len(units):,} units "
            f"(first: {long[unit][0]}); keep the best {MOST_CANDIDATES}."
        )
    # Copied at once: what a method does to its answer afterwards changes nothing.
    return detach(found.select(unit, "candidate", pl.col("score").cast(pl.Float64)))


def asked(answers: Answers, forecasts: pl.DataFrame) -> pl.DataFrame:
    """Return the forecasts that there are answers to."""
    queries = answers.frame.select(pl.col(answers.unit).alias("query"))
    return forecasts.join(queries, on="query", how="semi", maintain_order="left")
