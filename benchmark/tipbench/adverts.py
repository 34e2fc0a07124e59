"""What the tasks on adverts share: their units, headline weights, and what is known of who is harmed."""

from __future__ import annotations

import polars as pl
from tipdata.stages.adverts import JOB_FIELDS

from tipbench.task import Source

UNIT = "advert"
TABLE = "adverts"
POSITIVE_KIND = "trafficking"

TEXT = ("title", "body")
LINKS = ("contacts", "images", "account")
"""Columns that tie adverts to one another by an identifier."""

NO_PLACE = ("advert", "minute", "language", "category", "price", "price_basis", *JOB_FIELDS)
OTHERS = ("region", "platform", "town", "jurisdiction", *NO_PLACE)
CONTEXT = {
    "places": ("region", "town", "name", "x_km", "y_km", "jurisdiction", "population", "border", "port"),
    "platforms": ("region", "platform", "kind", "opened", "closed", "verification"),
}
ACCOUNTS = (
    *("region", "account", "platform", "client", "language"),
    *("created_day", "verified", "cadence", "device_cluster"),
)

SPLITS = (
    *("forward", "operation", "random", "region", "platform"),
    *("language", "jurisdiction", "closure", "tactics"),
)
LEAK_LIMITS = {"scalar_auroc": 0.75, "identifiers_auroc": 0.60, "crossing_near_duplicates": 0.05}
"""Most that one scalar column, a tree on identifiers and lengths, and copied text across parts may reveal."""


def units(source: Source) -> pl.LazyFrame:
    """All adverts, with what splits shift by and the ids of their template and near-duplicate group."""
    return source.scan(TABLE, truth=True).select(
        UNIT,
        "region",
        pl.col("operation").alias("cluster"),
        (pl.col("minute") // 1440).cast(pl.Int32).alias("day"),
        "platform",
        "language",
        "jurisdiction",
        "template",
        "near_duplicate_group",
    )


def trafficking_operations(source: Source) -> pl.Series:
    """Ids of the operations whose adverts are positive."""
    operations = source.scan("operations", truth=True).filter(pl.col("kind") == POSITIVE_KIND)
    return operations.select("operation").collect()["operation"]


def headline_weight() -> pl.Expr:
    """One in total an operation and near-duplicate group within a part, so that re-posts do not vote."""
    return (1.0 / pl.len().over("part", "cluster", "near_duplicate_group")).alias("weight")


def harm_columns(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Adverts with ``group, migrant, form, sex, language, oracle_log_odds, unit_log_odds``.

    ``migrant``: written in another language than most of the region's adverts, spam left out. ``form``,
    ``sex`` (of most people exploited) and ``language`` are those of the operation, null where it exploits
    nobody.
    """
    seen = source.scan(TABLE, truth=True).select(UNIT, written="language", unit_log_odds="log_odds")
    frame = rows.lazy().drop("language", strict=False)
    return (
        frame.join(seen, on=UNIT, how="left", maintain_order="left")
        .join(exploitation(source), on="cluster", how="left", maintain_order="left")
        .join(_majority_language(source), on="region", how="left", maintain_order="left")
        .with_columns(migrant=pl.col("written") != pl.col("majority"))
        .drop("written", "majority")
        .collect()
    )


def exploitation(source: Source) -> pl.LazyFrame:
    """Operations as ``[cluster, group, form, language, oracle_log_odds, sex]``; see :func:`harm_columns`."""
    exploits = pl.col("kind") == POSITIVE_KIND
    operations = source.scan("operations", truth=True).select(
        "operation",
        "kind",
        form=pl.when(exploits).then("form"),
        language=pl.when(exploits).then("language"),
        oracle_log_odds="log_odds",
    )
    return operations.join(_majority_sex(source), on="operation", how="left").rename(
        {"operation": "cluster", "kind": "group"}
    )


def _majority_sex(source: Source) -> pl.LazyFrame:
    exploited = source.scan("people", truth=True).filter(pl.col("role") == "exploited")
    counted = exploited.group_by("operation", "sex").len()
    ranked = counted.sort(["operation", "len", "sex"], descending=[False, True, False])
    return ranked.group_by("operation", maintain_order=True).first().select("operation", "sex")


def _majority_language(source: Source) -> pl.LazyFrame:
    spam = source.scan("operations", truth=True).filter(pl.col("kind") == "spam").select("operation")
    lawful_and_not = source.scan(TABLE, truth=True).select("region", "language", "operation")
    counted = lawful_and_not.join(spam, on="operation", how="anti").group_by("region", "language").len()
    ranked = counted.sort(["region", "len", "language"], descending=[False, True, False])
    return ranked.group_by("region", maintain_order=True).first().select("region", majority="language")
