"""What a user's own cases must be before a method is shown them: tables of what is linked, by key and case."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.refusals import refuse
from tipbench.kinds.links import GALLERY, GIVEN_VIEW, links_of, with_links

CASE = "operation"
"""The column of a table that says whose case a row is of; no method is shown it."""
NOWHERE = 0
"""The region of rows where the user has none."""
UNKNOWN = "resident"


def check_tables(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse tables without a key, and data that say of nothing whose case it is.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    known = [name for name, frame in tables.items() if CASE in frame.columns]
    if not known:
        raise UsageError(
            f"no table says whose case its rows are: map data.tables.accounts.{CASE}, or that of wallets, circuits or "
            "firms."
        )
    for name in known:
        key = name.removesuffix("s")
        if key not in tables[name].columns:
            raise UsageError(f"{name} has cases and no key: map data.tables.{name}.{key}.")
        repeated = pl.col(key).is_null() | pl.col(key).is_duplicated()
        refuse(name, tables[name], repeated, f"have no key {key} of their own", "give each row its own")


def own_gallery(views: Mapping[str, str], tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return all that may be linked, as answers have it: the tables that say whose case their rows are."""
    parts = [
        _placed(tables[view]).select(
            pl.col("region").cast(pl.Int32),
            pl.lit(view).alias("view"),
            pl.col(key).cast(pl.Int64).alias("candidate"),
            pl.col(CASE).cast(pl.Int64).alias("cluster"),
            pl.lit(UNKNOWN).alias("group"),
        )
        for view, key in views.items()
        if view in tables and CASE in tables[view].columns
    ]
    return pl.concat(parts).select(GALLERY).sort("region", "view", "candidate")


def own_seeds(unit: str, table: pl.DataFrame, rows: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the seeds ``[unit, region, cluster, given, links, ...]`` of a user's own data."""
    key = GIVEN_VIEW.removesuffix("s")
    given = pl.col(key).cast(pl.Int64) if key in table.columns else pl.lit(None, pl.Int64)
    at = _placed(table).select(unit, pl.col("region").cast(pl.Int32), given=given)
    return with_links(rows.join(at, on=unit, how="left", maintain_order="left"), gallery)


def own_links(unit: str, seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the links of these seeds, as methods learn from them: ``[unit, part, view, candidate, label]``."""
    return links_of(seeds, gallery).select(unit, "part", "view", "candidate", "label")


def _placed(table: pl.DataFrame) -> pl.DataFrame:
    return table if "region" in table.columns else table.with_columns(region=pl.lit(NOWHERE, pl.Int32))
