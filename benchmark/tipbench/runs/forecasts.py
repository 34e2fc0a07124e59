"""From a stream to forecasts: after each row of a unit, which candidate its next row will have.

A method is handed the rows of test step by step (:mod:`tipbench.data.streaming`) and answers each step with up to ten
candidates for every unit of it, which are recorded at once under the key of the row that they were made after. Whether
another row follows it is not told; forecasts that no row follows, or that the task does not ask for, are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from tipdata.core.errors import UsageError

from tipbench.data.streaming import ORDER, check_columns, check_finite, detached, difference
from tipbench.kinds.answers import Answers
from tipbench.kinds.forecasts import FORECASTS
from tipbench.kinds.lists import MOST_CANDIDATES

if TYPE_CHECKING:
    from tipbench.data.fold import Fold
    from tipbench.data.streaming import Stream
    from tipbench.method import StreamMethod
    from tipbench.task import Forecast, Task

NOWHERE = 0
"""The region of rows that have none, on a user's own data."""


def streamed_forecasts(method: StreamMethod, fold: Fold, stream: Stream, name: str) -> pl.DataFrame:
    """The forecasts of a fitted method after every row of test, ``[query, candidate Int64, score Float64]``.

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
    method.begin(detached(steps.units))
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
    """A copy of a step's answer in its columns, with scores as Float64."""
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
    return detached(found.select(unit, "candidate", pl.col("score").cast(pl.Float64)))


def asked(answers: Answers, forecasts: pl.DataFrame) -> pl.DataFrame:
    """The forecasts that there are answers to."""
    queries = answers.frame.select(pl.col(answers.unit).alias("query"))
    return forecasts.join(queries, on="query", how="semi", maintain_order="left")


def next_rows(rows: pl.DataFrame, unit: str, forecast: Forecast) -> pl.DataFrame:
    """Rows that another follows, with ``answer`` (Int64), its candidate; and ``until``, its day, where days are told.

    Args:
        rows: of a stream's table, ``[unit, query, sequence, candidate, ...]`` in any order.
    """
    ordered = rows.sort(unit, ORDER)
    following = [pl.col(forecast.candidate).shift(-1).over(unit).cast(pl.Int64).alias("answer")]
    if "day" in rows.columns:
        following.append(pl.col("day").shift(-1).over(unit).alias("until"))
    return ordered.with_columns(following).filter(pl.col("answer").is_not_null())


def weights() -> pl.Expr:
    """Each query weighs so much that all of its cluster weigh one."""
    return (1.0 / pl.len().over("cluster", "part")).alias("weight")


def own_answers(task: Task, rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Answers:
    """Answers from a user's own tables: the next row of each is the truth, and nothing has to be labelled.

    Args:
        rows: the units that are predicted, ``[unit, part, cluster]`` and, where the user says which units outreach is
        for, ``label``: 0 makes an intrusion, null a unit that is not scored.
        tables: the stream's and the gallery's among them.
    """
    forecast = task.forecast
    if forecast is None:
        raise ValueError(f"{task.name} forecasts nothing")
    stream, listed = tables[task.stream], tables[forecast.gallery]
    if "region" not in stream.columns or "region" not in listed.columns:
        nowhere = pl.lit(NOWHERE, dtype=pl.Int32).alias("region")
        stream, listed = stream.with_columns(nowhere), listed.with_columns(nowhere)
    known = rows.with_columns(pl.col("part").cast(pl.String))
    if "label" in rows.columns:
        known = known.drop_nulls("label").with_columns(intrusion=pl.col("label") == 0)
    moves = next_rows(stream, task.unit, forecast).join(known, on=task.unit)
    extra = [name for name in ("intrusion", "group", "fold") if name in moves.columns]
    frame = moves.select(forecast.query, "part", "region", "answer", "cluster", weights(), *extra)
    return forecast_answers(forecast, frame, listed)


def forecast_answers(forecast: Forecast, frame: pl.DataFrame, listed: pl.DataFrame) -> Answers:
    """Answers of kind forecasts.

    Args:
        frame: ``[query, part, region, answer, cluster, weight, ...]``.
        listed: the gallery's table, ``[region, candidate, ...]``.
    """
    candidate = pl.col(forecast.candidate).cast(pl.Int64).alias("candidate")
    gallery = listed.select("region", candidate).unique().sort("region", "candidate")
    return Answers(FORECASTS, forecast.query, frame.sort(forecast.query), gallery=gallery)
