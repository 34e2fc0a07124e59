"""Crowd votes, some careless, some prejudiced, some brigaded: which queued adverts are truly harmful?"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.data import adverts, supervision
from tipbench.data.adverts import UNIT
from tipbench.data.custom.checks import is_none_of, refuse
from tipbench.kinds.labelled import SCORES
from tipbench.task import ACCUSATIONS, DECIDED, GAPS, RANKED, Classes, Source, Task

TABLE = "queue"
VOTES = ("harmful", "clear", "unsure", "1", "0", "1.0", "0.0", "true", "false")
"""What a vote may be in a user's own data, whatever the case."""


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


def keep_last_votes(tables: dict[str, pl.DataFrame]) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return a user's tables with the last vote of each reviewer on each advert, and a note that counts earlier votes.

    Repeated votes without ``minute``, or at the same minute, stay: :func:`check_cast` refuses them.
    """
    reviews = tables.get("reviews", pl.DataFrame())
    if not {UNIT, "reviewer", "minute"} <= set(reviews.columns):
        return tables, []
    is_last = pl.col("minute") == pl.col("minute").max().over(UNIT, "reviewer")
    last = reviews.filter(is_last.fill_null(True))
    if last.height == reviews.height:
        return tables, []
    replaced = f"{reviews.height - last.height:,} of {reviews.height:,} votes"
    return tables | {"reviews": last}, [
        f"reviews: {replaced} are followed by a later one of the same reviewer on the same {UNIT}, which replaces them."
    ]


def check_tables(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse a user's votes that cannot be aggregated.

    ``reviews`` holds ``[advert, reviewer, vote]``, one row per vote. Raises UsageError for a vote that is none of
    :data:`VOTES`, and as :func:`check_cast` does.
    """
    check_cast(tables)
    if "reviews" in tables:
        _check_words(tables["reviews"])


def check_cast(tables: dict[str, pl.DataFrame]) -> None:
    """Check a user's votes, for two classes or more.

    Raises UsageError for a reviewer whose votes are all empty, any other empty vote, two votes of a reviewer on one
    advert, and an advert of ``queue`` without votes.
    """
    if "reviews" not in tables:
        return
    reviews = tables["reviews"]
    _check_empty(reviews)
    refuse(
        "reviews",
        reviews,
        pl.struct(UNIT, "reviewer").is_duplicated(),
        "are by a reviewer who votes on the same advert again",
        "keep one vote for each, or map minute to the time of the vote, so that the last one counts",
    )
    if TABLE in tables:
        refuse(
            TABLE,
            tables[TABLE],
            is_none_of(UNIT, reviews[UNIT]),
            "have no votes in reviews",
            "leave them out, or map the same ids in both files",
        )


def _check_empty(reviews: pl.DataFrame) -> None:
    empty = reviews.filter(pl.col("vote").is_null())
    voters = reviews.filter(pl.col("vote").is_not_null())["reviewer"]
    silent = empty.filter(~pl.col("reviewer").is_in(voters.implode()))["reviewer"].unique(maintain_order=True)
    refuse(
        "reviews",
        reviews,
        pl.col("reviewer").is_in(silent.implode()),
        f"are of {len(silent):,} of {reviews['reviewer'].n_unique():,} reviewers that cast no vote",
        "leave them out",
    )
    refuse(
        "reviews",
        reviews,
        pl.col("vote").is_null(),
        "have no vote",
        "leave them out, or map unsure ones to 'unsure'",
    )


def _check_words(reviews: pl.DataFrame) -> None:
    said = reviews["vote"].cast(pl.String).str.strip_chars().str.to_lowercase()
    unknown = reviews.filter(~said.is_in(VOTES))["vote"]
    if len(unknown):
        raise UsageError(
            f"reviews: {len(unknown):,} of {reviews.height:,} votes are none of {', '.join(VOTES[:5])} "
            f"(first: {unknown[0]}): map the column vote to them, for instance by "
            "\"CASE WHEN column = 'yes' THEN '1' WHEN column = 'no' THEN '0' END\". Of more than two classes, map "
            "data.true_class in the place of data.label."
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
    groups=("independent", "business", "migrant", "spam"),
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
    check=check_tables,
    supersede=keep_last_votes,
    classes=Classes("reviews", "vote", check_cast),
)
