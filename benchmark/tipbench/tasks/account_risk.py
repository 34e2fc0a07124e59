"""Which accounts are a trafficking operation's, by whom they tie themselves to?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.custom.checks import check_accounts
from tipbench.data.harm_groups import trafficking_operations, with_migrant, with_operation
from tipbench.kinds.scores import SCORES
from tipbench.task import ACCUSATIONS, GAPS, RANKED, Source, Task

UNIT = "account"
TABLE = "accounts"
RESIDENT = "resident"
"""The group of accounts of no operation."""


def units(source: Source) -> pl.LazyFrame:
    """Return all accounts with what splits shift by; an account's day is that of its creation, 0 where it is older.

    Not the day of its first tie, which is what a method reads: how a unit is split must not depend on that.
    """
    cluster = pl.col("operation").alias("cluster")
    day = pl.max_horizontal("created_day", pl.lit(0)).cast(pl.Int32).alias("day")
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, day, "platform", "language")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about accounts of valid and test: label, cluster, weight, role, harm groups and the reference's
    odds."""
    positive = trafficking_operations(source)
    seen = source.scan(TABLE, truth=True).select(UNIT, "role", spoken="language")
    odds = source.scan("account_habits", truth=True).select(UNIT, oracle_log_odds="log_odds")
    label = supervision.is_in_any(positive)
    scored = rows.lazy().select(UNIT, "region", "part", "cluster", label=label, weight=pl.lit(1.0))
    frame = with_operation(scored, source).drop("oracle_log_odds")
    for known in (seen, odds):
        frame = frame.join(known, on=UNIT, how="left", maintain_order="left")
    return (
        with_migrant(frame, "spoken", source)
        .with_columns(pl.col("group").fill_null(RESIDENT), pl.col("part").cast(pl.String))
        .drop("spoken", "region")
        .collect()
    )


def label_flagged(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return weak labels of accounts that post: 1 where an advert of theirs was flagged before testing begins, else
    0."""
    posted = source.scan("adverts").select(UNIT, "advert").unique()
    flags = source.scan("flags").group_by("advert").agg(flagged=pl.col("day").min())
    first = posted.join(flags, on="advert", how="left").group_by(UNIT).agg(pl.col("flagged").min()).collect()
    seen = supervision.learnable_units(rows).join(first, on=UNIT, how="inner", maintain_order="left")
    return seen.select(UNIT, label=(pl.col("flagged") < pl.col("cut")).fill_null(False).cast(pl.Int8))


TASK = Task(
    name="account_risk",
    title="Accounts of trafficking operations",
    question="Which accounts belong to a trafficking operation, by whom they tie themselves to?",
    unit=UNIT,
    table=TABLE,
    kind=SCORES,
    tables={
        "accounts": adverts.ACCOUNTS,
        "ties": ("region", "tie", "source", "target", "kind", "day", "count"),
        "platforms": adverts.CONTEXT["platforms"],
        "account_habits": (),
    },
    splits=("forward", "operation", "random", "region", "platform", "language"),
    own_splits=("all", "kfold", "given"),
    tier="platform",
    clusters="operation",
    groups=("independent", "business", RESIDENT, "migrant", "spam"),
    primary="average_precision",
    metrics=(*RANKED, *GAPS, *ACCUSATIONS),
    references=("Tang et al. (2023), GADBench", "Liu et al. (2022), BOND"),
    prevalence=0.05,
    signal_columns=frozenset({"accounts.device_cluster", "accounts.platform", "accounts.language"}),
    units=units,
    supervise={
        "truth": supervision.truth(UNIT, trafficking_operations),
        "weak": label_flagged,
        "delayed": supervision.delayed(UNIT, trafficking_operations),
    },
    answers=answers,
    context=frozenset({"accounts"}),
    check=check_accounts,
)
