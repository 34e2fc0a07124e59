"""Where will outreach be needed next? Forecast the next town of an operation's circuit after each of its stops."""

from __future__ import annotations

import numpy as np
import polars as pl
from tipdata.core.world import DAYS

from tipbench.data import adverts, supervision
from tipbench.data.custom.checks import check_circuits
from tipbench.data.harm_groups import POSITIVE_KIND, trafficking_operations, with_operation
from tipbench.data.streams import next_rows, query_weights
from tipbench.kinds.lists import FORECASTS, MOST_CANDIDATES
from tipbench.task import Forecast, Source, Task

UNIT = "circuit"
TABLE = "circuits"
STREAM = "stops"
RESIDENT = "resident"
"""The group of lawful travellers of no operation."""
FORECAST = Forecast(query="stop", candidate="town", gallery="places")


def units(source: Source) -> pl.LazyFrame:
    """Return all circuits; a circuit's day is that of its last stop.

    So in ``forward`` a method learns from circuits that are over before the test begins, and is tested on those that
    go on: on their moves from then on, what they did before being handed over as any history is.
    """
    return source.scan(TABLE, truth=True).select(
        UNIT, "region", pl.col("operation").alias("cluster"), pl.col("last_day").alias("day")
    )


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the next town after each stop of the test, with the columns of answers of kind forecasts.

    Where testing begins on a day, moves that arrive before it are history and no queries. ``group`` is the kind of the
    operation, or "resident"; ``intrusion``: not of a trafficking operation; ``form``, ``sex`` and ``language`` are
    those of one. The moves of an operation, or of travellers of none, weigh one together.
    """
    stops = source.scan(STREAM).join(rows.lazy().select(UNIT), on=UNIT, how="semi").collect()
    moves = next_rows(stops, UNIT, FORECAST).select(FORECAST.query, UNIT, "answer", "until")
    due = (pl.col("until") >= pl.col("cut")) | (pl.col("cut") >= DAYS)
    asked = _with_true_rank(moves.join(rows, on=UNIT).filter(due), source)
    frame = asked.select(
        FORECAST.query,
        pl.col("part").cast(pl.String),
        "region",
        "answer",
        "cluster",
        query_weights(),
        "oracle_reciprocal_rank",
    )
    return (
        with_operation(frame.lazy(), source)
        .with_columns(pl.col("group").fill_null(RESIDENT))
        .with_columns(intrusion=pl.col("group") != POSITIVE_KIND)
        .drop("oracle_log_odds")
        .collect()
    )


def _with_true_rank(moves: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return moves with the reciprocal rank of their answer by the true distribution of the next town, 0 beyond ten."""
    place = (pl.col("town").rank("ordinal").over("region") - 1).cast(pl.Int64).alias("place")
    towns = source.scan("places").select(answer=pl.col("town").cast(pl.Int64), place=place)
    true = source.scan(STREAM, truth=True).select(FORECAST.query, "next_log")
    joined = moves.lazy().join(towns, on="answer").join(true, on=FORECAST.query).collect()
    log = joined["next_log"].explode().to_numpy().reshape(joined.height, -1 if joined.height else 0)
    right = log[np.arange(len(log)), joined["place"].to_numpy()]
    rank = 1 + (log > right[:, None]).sum(axis=1)
    return joined.with_columns(
        oracle_reciprocal_rank=pl.Series(np.where(rank <= MOST_CANDIDATES, 1 / rank, 0.0))
    ).drop("next_log", "place")


TASK = Task(
    name="route_forecast",
    title="Next stops of circuits",
    question="Where will outreach be needed next?",
    unit=UNIT,
    table=TABLE,
    kind=FORECASTS,
    tables={
        TABLE: ("region", UNIT, "first_day", "party"),
        STREAM: ("region", "stop", UNIT, "sequence", "day", "town", "adverts", "mode", "wallet"),
        "places": adverts.CONTEXT["places"],
    },
    stream=STREAM,
    forecast=FORECAST,
    splits=("forward", "operation", "random", "region"),
    own_splits=("all", "kfold", "given"),
    tier="legal",
    clusters="operation",
    groups=("independent", "business", RESIDENT),
    primary="mrr",
    metrics=("mrr", "hit_at_1", "hit_at_3", "intrusion_mrr"),
    references=(
        "Keskin, Bott and Freeman (2021)",
        "Rendle, Freudenthaler and Schmidt-Thieme (2010), factorised Markov chains",
    ),
    signal_columns=frozenset({"stops.town", "stops.day", "stops.sequence"}),
    units=units,
    supervise={"truth": supervision.truth(UNIT, trafficking_operations)},
    answers=answers,
    check=check_circuits,
)
