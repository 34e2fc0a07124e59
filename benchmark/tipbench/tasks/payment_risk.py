"""Which payments carry proceeds or control?"""

from __future__ import annotations

import polars as pl

from tipbench.data import supervision
from tipbench.data.custom.checks import check_payments
from tipbench.data.harm_groups import with_operation
from tipbench.data.splits.policy import DAY_OF_MINUTE
from tipbench.kinds.scores import SCORES
from tipbench.task import ACCUSATIONS, GAPS, RANKED, Source, Task

UNIT = "payment"
TABLE = "payments"
ILLICIT = pl.col("typology").is_not_null()


def units(source: Source) -> pl.LazyFrame:
    """Return all payments; the cluster is the operation, else the household, firm or scheme that the payment comes
    of."""
    cluster = pl.coalesce("operation", "community").alias("cluster")
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, DAY_OF_MINUTE)


def label_illicit(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return 1 for payments of train and valid that carry proceeds or control, else 0."""
    known = source.scan(TABLE, truth=True).select(UNIT, label=ILLICIT.cast(pl.Int8)).collect()
    return (
        supervision.learnable_units(rows).select(UNIT).join(known, on=UNIT, how="left", maintain_order="left")
    )


def label_investigated(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return positive-unlabelled truth: 1 only where the operation was investigated before testing begins, else 0."""
    in_time = supervision.with_investigated(rows, source).select(UNIT, "in_time")
    seen = label_illicit(rows, source).join(in_time, on=UNIT, maintain_order="left")
    return seen.select(UNIT, label=pl.col("label") * pl.col("in_time").cast(pl.Int8))


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about payments of valid and test: label, cluster, weight, typology, harm groups, the reference's
    odds.

    An operation's payments that carry nothing are negative and of no lawful group.
    """
    known = source.scan(TABLE, truth=True).select(
        UNIT, "typology", "migrant", own_group="group", own_log_odds="log_odds", label=ILLICIT.cast(pl.Int8)
    )
    scored = rows.lazy().select(UNIT, "part", "cluster", pl.lit(1.0).alias("weight"))
    exploited = pl.col("label") == 1
    return (
        with_operation(scored, source)
        .join(known, on=UNIT, how="left", maintain_order="left")
        .with_columns(
            pl.col("part").cast(pl.String),
            *(pl.when(exploited).then(pl.col(name)).alias(name) for name in ("form", "sex", "language")),
            group=pl.coalesce("own_group", "group"),
            oracle_log_odds="own_log_odds",
        )
        .drop("own_group", "own_log_odds")
        .collect()
    )


TASK = Task(
    name="payment_risk",
    title="Payments of proceeds or control",
    question="Which payments carry proceeds or control?",
    unit=UNIT,
    table=TABLE,
    kind=SCORES,
    tables={
        "payments": (*("region", UNIT, "minute", "payer", "payee", "amount", "channel", "purpose", "town"),),
        "wallets": ("region", "wallet", "holder", "opened_day", "town", "jurisdiction"),
    },
    splits=("forward", "operation", "random", "region"),
    own_splits=("all", "kfold", "given"),
    tier="legal",
    clusters="operation",
    groups=(
        *("household", "employer", "agency", "landlord", "shop", "circle", "charity", "club"),
        *("remitter", "broker", "touring", "trader", "migrant"),
    ),
    primary="average_precision",
    metrics=(*RANKED, "f1", *GAPS, *ACCUSATIONS),
    references=(
        "Altman et al. (2023), AMLworld",
        "FinCEN (2020), FIN-2020-A008",
        "FATF and APG (2018), Financial Flows from Human Trafficking",
    ),
    prevalence=0.002,
    signal_columns=frozenset({"payments.amount", "payments.channel", "payments.purpose", "payments.town"}),
    units=units,
    supervise={"truth": label_illicit, "delayed": label_investigated},
    answers=answers,
    context=frozenset({"payments", "wallets"}),
    check=check_payments,
)
