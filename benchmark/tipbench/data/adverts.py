"""What the tasks on adverts share: their units, headline weights, and what is known of who is harmed."""

from __future__ import annotations

import polars as pl
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages.adverts.tables import JOB_FIELDS

from tipbench.data.harm_groups import trafficking_operations, with_migrant, with_operation
from tipbench.task import COMMON_LEAK_LIMITS, Source

__all__ = ["harm_columns", "headline_weight", "trafficking_operations", "units"]

UNIT = "advert"
TABLE = "adverts"

TEXT = ("title", "body")
LINKS = ("contacts", "images", "account")
"""Columns that tie adverts to one another by an identifier."""

OTHERS = (
    *("region", "platform", "town", "jurisdiction"),
    *("advert", "minute", "language", "category", "price", "price_basis", *JOB_FIELDS),
)
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
LEAK_LIMITS = {**COMMON_LEAK_LIMITS, "crossing_near_duplicates": 0.05}
"""Most that may be revealed, by copied text across parts too."""


def units(source: Source) -> pl.LazyFrame:
    """Return all adverts, with what splits shift by and the ids of their template and near-duplicate group."""
    return source.scan(TABLE, truth=True).select(
        UNIT,
        "region",
        pl.col("operation").alias("cluster"),
        (pl.col("minute") // MINUTES_A_DAY).cast(pl.Int32).alias("day"),
        "platform",
        "language",
        "jurisdiction",
        "template",
        "near_duplicate_group",
    )


def headline_weight() -> pl.Expr:
    """Return one in total an operation and near-duplicate group within a part, so that re-posts do not vote."""
    return (1.0 / pl.len().over("part", "cluster", "near_duplicate_group")).alias("weight")


def harm_columns(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return adverts with ``group, migrant, form, sex, language, oracle_log_odds, unit_log_odds``.

    ``migrant``: written in another language than most of the region's adverts, spam left out. ``form``,
    ``sex`` (of most people exploited) and ``language`` are those of the operation, null where it exploits
    nobody.
    """
    seen = source.scan(TABLE, truth=True).select(UNIT, written="language", unit_log_odds="log_odds")
    frame = rows.lazy().drop("language", strict=False).join(seen, on=UNIT, how="left", maintain_order="left")
    return with_migrant(with_operation(frame, source), "written", source).drop("written").collect()
