"""What the tasks on adverts share: units, visible columns, splits, headline weights and harm columns."""

from __future__ import annotations

import polars as pl
from tipdata.stages.adverts.details import JOB_FIELDS

from tipbench.data.harm_groups import trafficking_operations, with_migrant, with_operation, with_terse
from tipbench.data.splits.policy import DAY_OF_MINUTE
from tipbench.task import COMMON_LEAK_LIMITS, Source

__all__ = ["harm_columns", "headline_weight", "trafficking_operations", "units"]

UNIT = "advert"
TABLE = "adverts"

TEXT = ("title", "body")
LINKS = ("contacts", "images", "account")
"""Columns with an identifier that several adverts may share."""

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
"""Largest leaks that a split may have; copied text across parts counts too."""


def units(source: Source) -> pl.LazyFrame:
    """Return all adverts, with the columns that splits need and the ids of template and near-duplicate group."""
    cluster = pl.col("operation").alias("cluster")
    names = ("platform", "language", "jurisdiction", "template", "near_duplicate_group")
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, DAY_OF_MINUTE, *names)


def headline_weight() -> pl.Expr:
    """Return weights that sum to one per part, operation and near-duplicate group: re-posts count once."""
    return (1.0 / pl.len().over("part", "cluster", "near_duplicate_group")).alias("weight")


def harm_columns(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return adverts with ``group, migrant, terse, form, sex, language, oracle_log_odds, unit_log_odds``.

    ``migrant``: written in another language than most of the region's adverts, spam left out. ``terse``: the writer
    usually says little. The others are those of the operation, see
    :func:`tipbench.data.harm_groups.with_operation`.
    """
    seen = source.scan(TABLE, truth=True).select(UNIT, written="language", unit_log_odds="log_odds")
    frame = rows.lazy().drop("language", strict=False).join(seen, on=UNIT, how="left", maintain_order="left")
    known = with_terse(with_operation(frame, source), source)
    return with_migrant(known, "written", source).drop("written").collect()
