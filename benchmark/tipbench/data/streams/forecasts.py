"""Make the answers to forecasts: after each row of a unit, which candidate its next row has."""

from __future__ import annotations

import polars as pl

from tipbench.data.streams.steps import ORDER
from tipbench.kinds.answers import Answers
from tipbench.kinds.forecasts import FORECASTS
from tipbench.task import Forecast, Task

NOWHERE = 0
"""The region of rows that have none, on a user's own data."""


def next_rows(rows: pl.DataFrame, unit: str, forecast: Forecast) -> pl.DataFrame:
    """Return rows that another follows, with ``answer`` (Int64), its candidate; and ``until``, its day, where days are
    told.

    Args:
        rows: of a stream's table, ``[unit, query, sequence, candidate, ...]`` in any order.
    """
    ordered = rows.sort(unit, ORDER)
    following = [pl.col(forecast.candidate).shift(-1).over(unit).cast(pl.Int64).alias("answer")]
    if "day" in rows.columns:
        following.append(pl.col("day").shift(-1).over(unit).alias("until"))
    return ordered.with_columns(following).filter(pl.col("answer").is_not_null())


def weights() -> pl.Expr:
    """Return each query weighs so much that all of its cluster weigh one."""
    return (1.0 / pl.len().over("cluster", "part")).alias("weight")


def own_answers(task: Task, rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Answers:
    """Return answers from a user's own tables: the next row of each is the truth, and nothing has to be labelled.

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
    """Return answers of kind forecasts.

    Args:
        frame: ``[query, part, region, answer, cluster, weight, ...]``.
        listed: the gallery's table, ``[region, candidate, ...]``.
    """
    candidate = pl.col(forecast.candidate).cast(pl.Int64).alias("candidate")
    gallery = listed.select("region", candidate).unique().sort("region", "candidate")
    return Answers(FORECASTS, forecast.query, frame.sort(forecast.query), gallery=gallery)
