"""When is deceptive recruitment or coercive control evident in a conversation?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.custom.checks import check_conversations
from tipbench.data.harm_groups import with_migrant, with_operation
from tipbench.data.splits.policy import DAY_OF_MINUTE
from tipbench.kinds.scores import ALARMS
from tipbench.task import DECIDED, GAPS, Source, Task

UNIT = "conversation"
TABLE = "conversations"
STREAM = "messages"
PRIVATE = "private"
"""Group of conversations of which neither side is an operation's account."""


def units(source: Source) -> pl.LazyFrame:
    """Return all conversations, with what splits shift by and the step of the first message of commitment."""
    cluster, names = pl.col("operation").alias("cluster"), ("platform", "language", "onset")
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, DAY_OF_MINUTE, *names)


def _evident() -> pl.Expr:
    return pl.col("onset").is_not_null().cast(pl.Int8).alias("label")


def label_onset(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return 1 and its onset for a recruitment that reaches commitment, 0 and null for every other conversation."""
    return supervision.learnable_units(rows).select(UNIT, _evident(), "onset")


def label_investigated(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return positive-unlabelled truth: known only where the operation was investigated before testing begins, else
    0."""
    onset = pl.when("in_time").then("onset").alias("onset")
    return supervision.with_investigated(rows, source).with_columns(onset).select(UNIT, _evident(), "onset")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about conversations of the test: label, onset, cluster, weight and who holds one side.

    ``group`` is the kind of that operation, or "private"; ``migrant``: in another language than most of the
    region's adverts; ``form``, ``sex`` and ``language`` are those of a trafficking operation.
    """
    part, weight = pl.col("part").cast(pl.String), pl.lit(1.0)
    named = {"written": "language", "weight": weight}
    scored = rows.select(UNIT, "region", part, "cluster", _evident(), "onset", **named)
    known = with_migrant(with_operation(scored.lazy(), source), "written", source)
    return (
        known.with_columns(pl.col("group").fill_null(PRIVATE))
        .drop("region", "written", "oracle_log_odds")
        .collect()
    )


TASK = Task(
    name="recruitment_onset",
    title="Onset of deceptive recruitment",
    question="When is deceptive recruitment or coercive control evident in a conversation?",
    unit=UNIT,
    table=TABLE,
    kind=ALARMS,
    tables={
        TABLE: ("region", UNIT, "platform", "minute", "language"),
        STREAM: ("region", UNIT, "sequence", "minute", "side", "act", "channel"),
        "platforms": adverts.CONTEXT["platforms"],
    },
    stream=STREAM,
    splits=("forward", "operation", "random", "region", "platform", "language"),
    own_splits=("kfold", "given"),
    tier="platform",
    clusters="operation",
    groups=("independent", "business", PRIVATE, "migrant", "spam"),
    primary="f_latency",
    metrics=(
        *("f_latency", "erde_5", "erde_50", "precision", "recall", "f1", "median_delay", "speed"),
        *(*GAPS, *DECIDED),
    ),
    references=(
        "Losada and Crestani (2016), eRisk",
        "Sadeque, Xu and Bethard (2018), F-latency",
        "Vogt, Leser and Akbik (2021), PANC",
    ),
    signal_columns=frozenset({"messages.act", "messages.side", "messages.channel"}),
    units=units,
    supervise={"truth": label_onset, "delayed": label_investigated},
    answers=answers,
    check=check_conversations,
)
