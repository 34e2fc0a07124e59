"""Which suppliers should be audited first?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.custom.checks import check_suppliers
from tipbench.data.harm_groups import with_migrant, with_operation
from tipbench.kinds.scores import SCORES
from tipbench.task import ACCUSATIONS, GAPS, RANKED, Source, Task

UNIT = "firm"
TABLE = "firms"
SMALL = ("micro", "small")
FORCED_LABOUR = ("fees", "documents", "movement", "threats")
"""Findings of audits and topics of complaints that point to forced labour and not merely to bad work."""


def units(source: Source) -> pl.LazyFrame:
    """Return all firms; a firm's cluster is its main recruitment agency, recorded or not, and a firm without one its
    own.

    A firm has no day: it was there before the window and its state is asked for at the window's end.
    """
    cluster, day = pl.col("main_agency").alias("cluster"), pl.lit(0, pl.Int32).alias("day")
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, day, "jurisdiction")


def label_by(found: pl.Expr) -> supervision.Supervise:
    """Return labels of train and valid by an expression over the firms' columns, hidden ones too, and ``cut``."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        units = supervision.learnable_units(rows).select(UNIT, "cut")
        known = units.join(_find_known(source).collect(), on=UNIT, how="left", maintain_order="left")
        return known.select(UNIT, label=found.fill_null(False).cast(pl.Int8))

    return supervise


def _find_known(source: Source) -> pl.LazyFrame:
    """Return firms with ``exploits``, ``investigated`` (day on which the operation behind it is) and ``audited``: the
    first day of an audit that found what points to forced labour; null where there is none."""
    points = pl.col("findings").list.set_intersection(list(FORCED_LABOUR)).list.len() > 0
    audited = source.scan("audits").filter(points).group_by(UNIT).agg(audited=pl.col("day").min())
    investigated = source.scan("operations", truth=True).select("operation", investigated="investigated_day")
    firms = source.scan(TABLE, truth=True).select(UNIT, "exploits", "operation")
    return firms.join(investigated, on="operation", how="left").join(audited, on=UNIT, how="left")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about firms of valid and test: label, cluster, harm groups, whom an operation exploits, the oracle's
    odds.

    ``group``: of lawful firms ``agency_supplied`` or ``direct``; ``exploiting`` of the others.
    """
    seen = source.scan(TABLE, truth=True).select(
        UNIT,
        "operation",
        "main_agency",
        "seasonal",
        pl.col("exploits").cast(pl.Int8).alias("label"),
        spoken="language",
        small=pl.col("size").is_in(SMALL),
        firm_log_odds="log_odds",
    )
    scored = rows.lazy().select(
        UNIT, "region", pl.col("part").cast(pl.String), agency="cluster", weight=pl.lit(1.0)
    )
    frame = scored.join(seen, on=UNIT, how="left", maintain_order="left").rename({"operation": "cluster"})
    supplied = pl.col("main_agency").is_not_null()
    return (
        with_migrant(with_operation(frame, source), "spoken", source)
        .with_columns(
            cluster="agency",
            slot=pl.col("region").cast(pl.Int64),
            group=pl.when(pl.col("label") == 1)
            .then(pl.lit("exploiting"))
            .when(supplied)
            .then(pl.lit("agency_supplied"))
            .otherwise(pl.lit("direct")),
            oracle_log_odds="firm_log_odds",
        )
        .drop("agency", "region", "spoken", "main_agency", "firm_log_odds")
        .collect()
    )


TASK = Task(
    name="supplier_risk",
    title="Suppliers to audit first",
    question="Which suppliers should be audited first?",
    unit=UNIT,
    table=TABLE,
    kind=SCORES,
    tables={
        "firms": (
            *("region", "firm", "sector", "tier", "town", "jurisdiction", "size", "age_years", "language"),
            *("seasonal", "workers_language", "housing", "agency"),
        ),
        "supplies": (
            *("region", "supply", "supplier", "buyer", "product", "share", "since_day", "payment_days"),
        ),
        "agencies": ("region", "agency", "language", "licensed", "age_years"),
        "audits": ("region", "audit", "firm", "day", "announced", "findings", "grade"),
        "complaints": ("region", "complaint", "firm", "day", "language", "channel", "topic"),
        "places": adverts.CONTEXT["places"],
    },
    splits=("operation", "random", "region", "jurisdiction"),
    own_splits=("all", "kfold", "given"),
    tier="platform",
    clusters="main agency",
    groups=("agency_supplied", "direct", "migrant", "small", "seasonal"),
    primary="average_precision",
    metrics=("precision_at_audit_budget", "recall_at_audit_budget", *RANKED, *GAPS, *ACCUSATIONS),
    references=("Elkan and Noto (2008)", "Haveliwala (2002)"),
    prevalence=0.05,
    signal_columns=frozenset(
        {"firms.sector", "firms.seasonal", "firms.housing", "firms.agency", "firms.tier"}
    ),
    units=units,
    supervise={
        "truth": label_by(pl.col("exploits")),
        "audited": label_by(pl.col("audited") < pl.col("cut")),
        "delayed": label_by(pl.col("exploits") & (pl.col("investigated") < pl.col("cut"))),
    },
    answers=answers,
    context=frozenset({"firms", "supplies", "agencies", "audits", "complaints"}),
    check=check_suppliers,
)
