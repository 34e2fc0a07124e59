"""Crowd votes, some careless, some prejudiced, some brigaded: which queued adverts are truly harmful?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.adverts import UNIT
from tipbench.data.custom.checks import check_cast_votes, check_votes, keep_last_votes
from tipbench.kinds.scores import SCORES
from tipbench.task import ACCUSATIONS, DECIDED, GAPS, RANKED, Classes, Source, Task

TABLE = "queue"


def units(source: Source) -> pl.LazyFrame:
    """Return queued adverts with the day of queueing, and what splits shift by."""
    queue = source.scan(TABLE).select(UNIT, "day", "gold")
    return adverts.units(source).drop("day").join(queue, on=UNIT)


def label_gold(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the expert's word on the few gold adverts of train and valid."""
    settled = source.scan(TABLE).filter("gold").select(UNIT, label=pl.col("gold_label") == "harmful")
    able = supervision.learnable_units(rows).select(UNIT)
    labels = settled.with_columns(pl.col("label").cast(pl.Int8)).collect()
    return able.join(labels, on=UNIT, maintain_order="left")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about queued adverts of valid and test: label, cluster, harm groups, brigade and the oracle's odds.

    Every advert weighs one. ``oracle_log_odds`` are given all votes on the operation's queued adverts and the
    reviewers' true confusions, ``unit_log_odds`` given the advert's own votes.
    """
    positive = adverts.trafficking_operations(source)
    scored = rows.select(
        UNIT, "region", "part", "cluster", supervision.is_in_any(positive).alias("label"), weight=pl.lit(1.0)
    )
    known = source.scan(TABLE, truth=True).select(
        UNIT, "brigade", oracle_log_odds="operation_log_odds", unit_log_odds="log_odds"
    )
    return (
        adverts.harm_columns(scored, source)
        .drop("region", "oracle_log_odds", "unit_log_odds")
        .join(known.collect(), on=UNIT, how="left", maintain_order="left")
        .with_columns(pl.col("part").cast(pl.String))
    )


TASK = Task(
    name="flag_aggregation",
    title="Crowd votes on flagged adverts",
    question="Crowd votes, some false, some brigaded: which queued adverts are truly harmful?",
    unit=UNIT,
    table=TABLE,
    kind=SCORES,
    tables={
        "queue": ("region", "advert", "day", "gold"),
        "reviews": ("region", "review", "advert", "reviewer", "minute", "vote"),
        "adverts": (*adverts.OTHERS, *adverts.TEXT),
    },
    splits=("forward", "operation", "random", "region", "platform", "language", "jurisdiction"),
    own_splits=("all", "kfold", "given"),
    tier="platform",
    clusters="operation",
    groups=("independent", "business", "migrant", "terse", "spam"),
    version=3,
    primary="average_precision",
    metrics=(
        *("accuracy", "macro_f1", "false_positive_rate", "brigaded_false_positive_rate", "worst_brigade"),
        *(*RANKED, *GAPS, *ACCUSATIONS, *DECIDED),
    ),
    references=("Dawid and Skene (1979)", "Whitehill et al. (2009), GLAD", "Hovy et al. (2013), MACE"),
    probabilities=True,
    signal_columns=frozenset({"reviews.vote", "adverts.category", "adverts.price"}),
    leak_limits=adverts.LEAK_LIMITS,
    units=units,
    supervise={
        "gold": label_gold,
        "truth": supervision.truth(UNIT, adverts.trafficking_operations),
        "delayed": supervision.delayed(UNIT, adverts.trafficking_operations),
    },
    answers=answers,
    check=check_votes,
    supersede=keep_last_votes,
    classes=Classes("reviews", "vote", check_cast_votes),
)
