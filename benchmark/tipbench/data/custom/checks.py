"""Checks of a user's tables: each fault in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from tipcore.errors import UsageError
from tipdata.stages.messages.acts import ACTS

from tipbench.kinds.lists import GALLERY_COLUMNS, GIVEN_VIEW, add_link_counts, find_links


def refuse(table: str, rows: pl.DataFrame, wrong: pl.Expr, what: str, instead: str) -> None:
    """Raise UsageError where an expression is true of any row.

    Args:
        table, rows: its name and what it holds, in the user's order.
        wrong: boolean; null counts as right.
        what: follows "3 of 120 rows", as in "have no amount".
        instead: what to do.
    """
    at = rows.select(wrong.alias("wrong")).to_series().fill_null(False).arg_true()
    if len(at):
        raise UsageError(
            f"{table}: {len(at):,} of {rows.height:,} rows {what} (first: row {at[0] + 1:,}); {instead}."
        )


def is_none_of(column: str, known: pl.Series) -> pl.Expr:
    """Return whether a column names nothing, or none of what is known."""
    return (~pl.col(column).is_in(known.unique().implode())).fill_null(True)


def check_sequence(
    table: str, rows: pl.DataFrame, key: str, owners: str, tables: dict[str, pl.DataFrame], time: str
) -> None:
    """Refuse rows that belong to a unit in an order, and whose units or numbers are wrong.

    Args:
        table, rows: the rows, ``[key, sequence, ...]``.
        key: the column that says which unit a row is of.
        owners: the table of these units, looked up in ``tables`` where it is there and has the key.
        time: the column that rises with ``sequence``, where rows have it.

    Raises:
        UsageError: for rows without a unit or a number, or with the number of another row; for units without rows and
            rows of other units; for rows that are earlier than the one before them.
    """
    count = f"number those of each {key} from 1"
    unnumbered = pl.col(key).is_null() | pl.col("sequence").is_null()
    refuse(table, rows, unnumbered, f"have no {key} or no sequence", count)
    twice = pl.struct(key, "sequence").is_duplicated()
    refuse(table, rows, twice, f"share their sequence with another of their {key}", count)
    if owners in tables:
        units = tables[owners]
        refuse(
            owners,
            units,
            is_none_of(key, rows[key]),
            f"have nothing in {table}",
            "leave them out, or add it there",
        )
        strange = is_none_of(key, units[key])
        refuse(
            table,
            rows,
            strange,
            f"are of a {key} that {owners} does not have",
            "add it there or leave them out",
        )
    if time in rows.columns:
        earlier = pl.col(time) < pl.col(time).shift(1).over(key, order_by="sequence")
        instead = f"number those of each {key} in the order of their {time}s"
        refuse(table, rows, earlier, "are earlier than the one before them", instead)


def check_conversations(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse conversations without messages, messages out of order, and acts and sides that are not known.

    ``tables``: ``messages`` with at least ``[conversation, sequence]``, and ``conversations``. Tables and columns that
    are absent are not checked: the columns that a method needs are checked where it is chosen.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    if "messages" not in tables:
        return
    messages = tables["messages"]
    missing = [name for name in ("conversation", "sequence") if name not in messages.columns]
    if missing:
        raise UsageError(
            f"messages: no column {' or '.join(missing)}; map which conversation a message is of, and its number there."
        )
    check_sequence("messages", messages, "conversation", "conversations", tables, "minute")
    for column, known in (("act", ACTS), ("side", ("first", "second"))):
        if column in messages.columns:
            wrong = pl.col(column).is_not_null() & ~pl.col(column).cast(pl.String).is_in(known)
            named = ", ".join(map(str, messages.filter(wrong)[column].unique(maintain_order=True).head(3)))
            instead = f"map each to one of {', '.join(known)}, or to nothing"
            refuse("messages", messages, wrong, f"name no known {column} ({named})", instead)


def check_circuits(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse circuits without stops, stops out of order or without a key, and towns that are not listed.

    ``tables``: ``stops`` with at least ``[stop, circuit, sequence, town]``, ``circuits`` and ``places``. Tables and
    columns that are absent are not checked: the columns that a run needs are checked where it is chosen.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    if "stops" not in tables:
        return
    stops, places = tables["stops"], tables.get("places", pl.DataFrame())
    if "stop" in stops.columns:
        wrong = pl.col("stop").is_null() | pl.col("stop").is_duplicated()
        instead = "map a column or an expression that tells stops apart"
        refuse("stops", stops, wrong, "have no key stop of their own", instead)
    if {"circuit", "sequence"} <= set(stops.columns):
        check_sequence("stops", stops, "circuit", "circuits", tables, "day")
    if "town" in stops.columns and "town" in places.columns:
        on = ["region", "town"] if "region" in stops.columns and "region" in places.columns else ["town"]
        found = stops.join(places.select(*on, listed=True).unique(), on=on, how="left", maintain_order="left")
        wrong = pl.col("listed").is_null()
        refuse(
            "stops",
            found,
            wrong,
            "are in a town that places does not have",
            "list it there or leave them out",
        )


CASE = "operation"
"""The column of a table that says whose case a row is of; no method is shown it."""
NOWHERE = 0
"""The region of rows where the user has none."""
UNKNOWN = "resident"


def check_cases(tables: dict[str, pl.DataFrame]) -> None:
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
        _with_region(tables[view]).select(
            pl.col("region").cast(pl.Int32),
            pl.lit(view).alias("view"),
            pl.col(key).cast(pl.Int64).alias("candidate"),
            pl.col(CASE).cast(pl.Int64).alias("cluster"),
            pl.lit(UNKNOWN).alias("group"),
        )
        for view, key in views.items()
        if view in tables and CASE in tables[view].columns
    ]
    return pl.concat(parts).select(GALLERY_COLUMNS).sort("region", "view", "candidate")


def own_seeds(unit: str, table: pl.DataFrame, rows: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the seeds ``[unit, region, cluster, given, links, ...]`` of a user's own data."""
    key = GIVEN_VIEW.removesuffix("s")
    given = pl.col(key).cast(pl.Int64) if key in table.columns else pl.lit(None, pl.Int64)
    at = _with_region(table).select(unit, pl.col("region").cast(pl.Int32), given=given)
    return add_link_counts(rows.join(at, on=unit, how="left", maintain_order="left"), gallery)


def own_links(unit: str, seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the links of these seeds, as methods learn from them: ``[unit, part, view, candidate, label]``."""
    return find_links(seeds, gallery).select(unit, "part", "view", "candidate", "label")


def _with_region(table: pl.DataFrame) -> pl.DataFrame:
    return table if "region" in table.columns else table.with_columns(region=pl.lit(NOWHERE, pl.Int32))
