"""Payments: how many alerts of a plain rule are false."""

from __future__ import annotations

import polars as pl

from tipdata.core.world import MINUTES_A_DAY
from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, shares

PASSED_ON = 0.8
"""Share of what came in within a day that has to go out for an alert."""
LEAST = 50_000
"""Minor units: smaller payments raise no alert."""


def _alerts(view: ReleaseView) -> pl.DataFrame:
    """Payments that pass on at least 80% of what came into the wallet in the day before, of 500 XTS and more.

    It is the published red flag of money that is withdrawn or sent on at once.
    """
    columns = ("payment", "operation", "minute", "payer", "payee", "amount", "typology")
    payments = view.rows("payments", *columns)
    came = payments.select("region", "minute", wallet="payee", came="amount", amount=pl.lit(0))
    went = payments.with_columns(wallet="payer", came=pl.lit(0, pl.Int64))
    recent = pl.col("came").rolling_sum_by("minute", f"{MINUTES_A_DAY}i").over("wallet")
    both = (
        pl.concat([came, went], how="diagonal_relaxed").sort("wallet", "minute").with_columns(recent=recent)
    )
    large = both.filter(pl.col("payment").is_not_null(), pl.col("amount") >= LEAST, pl.col("recent") > 0)
    return large.filter(
        pl.col("amount") >= PASSED_ON * pl.col("recent"), pl.col("amount") <= pl.col("recent")
    )


AGGREGATES = (
    Aggregate(
        "false alerts of a plain rule",
        "up to .98",
        0.90,
        0.995,
        "synthaml2023",
        ("payments",),
        lambda v: shares(_alerts(v), pl.col("typology").is_null()),
        "unused",
        mark="secondary",
        note="rule: 500 XTS or more, and at least 80% of what came in within a day, goes out again",
    ),
)
