"""Truth of streamed tasks: lengths of streams for alarms, and the answers to forecasts of the next row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.fold import ORDER, StepStream
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import FORECASTS
from tipbench.kinds.scores import LENGTH
from tipbench.task import Forecast, Task

NOWHERE = 0
"""The region of rows of own data without one."""


def next_rows(rows: pl.DataFrame, unit: str, forecast: Forecast) -> pl.DataFrame:
    """Return rows ``[unit, query, sequence, candidate, ...]`` that have a next row, with its candidate as ``answer``
    (Int64) and, if rows have a day, its day as ``until``."""
    ordered = rows.sort(unit, ORDER)
    following = [pl.col(forecast.candidate).shift(-1).over(unit).cast(pl.Int64).alias("answer")]
    if "day" in rows.columns:
        following.append(pl.col("day").shift(-1).over(unit).alias("until"))
    return ordered.with_columns(following).filter(pl.col("answer").is_not_null())


def query_weights() -> pl.Expr:
    """Return weights of queries that sum to one per cluster and part."""
    return (1.0 / pl.len().over("cluster", "part")).alias("weight")


def own_forecast_answers(task: Task, rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Answers:
    """Return answers from a user's own tables: the truth is the next row, so that no labels are needed.

    Args:
        rows: the units that are predicted, ``[unit, part, cluster]`` and optionally ``label``: 1 for units that
            outreach is for, 0 for an intrusion, null for a unit that is not scored.
        tables: all tables, with those of the stream and of the gallery.
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
    frame = moves.select(forecast.query, "part", "region", "answer", "cluster", query_weights(), *extra)
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


def add_lengths(answers: Answers, streams: Sequence[StepStream]) -> Answers:
    """Return answers with ``length`` Int32, the number of steps of each unit in these streams, or 0."""
    unit = answers.unit
    rows = [stream.test.rows.group_by(unit).agg(pl.len().cast(pl.Int32).alias(LENGTH)) for stream in streams]
    frame = answers.frame.join(pl.concat(rows), on=unit, how="left", maintain_order="left")
    return replace(answers, frame=frame.with_columns(pl.col(LENGTH).fill_null(0)))


def refuse_late_onsets(answers: Answers) -> None:
    """Refuse onsets of own data that are after the last step of their unit; answers have lengths. Raises UsageError."""
    frame, unit = answers.frame, answers.unit
    late = frame.filter(pl.col("onset") > pl.col(LENGTH))
    if late.height:
        raise UsageError(
            f"answers: {late.height:,} onsets are after the last step of their {unit} (first: {unit} {late[unit][0]}, "
            f"onset {late['onset'][0]} of {late[LENGTH][0]} steps); count steps from 1 in the order of the stream."
        )
