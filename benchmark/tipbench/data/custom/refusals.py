"""A fault of a user's table in one sentence: what, how often, in which row first, and what to do.

Rows are counted from 1, without a heading, as they stand in the user's file (of units that a config calls distinct,
repeats are left out first): by the time a table is checked, identifiers are numbers that the user never wrote.
"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError


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


def check_numbers(table: str, rows: pl.DataFrame, key: str) -> None:
    """Refuse rows of a stream without a key or number (``sequence``) in it, or with one that another has."""
    unnumbered = pl.col(key).is_null() | pl.col("sequence").is_null()
    refuse(table, rows, unnumbered, f"have no {key} or no sequence", f"number those of each {key} from 1")
    refuse(
        table,
        rows,
        pl.struct(key, "sequence").is_duplicated(),
        f"share their sequence with another of their {key}",
        f"number those of each {key} from 1",
    )


def check_owners(table: str, owners: pl.DataFrame, within: str, rows: pl.DataFrame, key: str) -> None:
    """Refuse owners of no row, and rows of no owner. Both frames have the column ``key``."""
    refuse(
        table,
        owners,
        is_none_of(key, rows[key]),
        f"have nothing in {within}",
        "leave them out, or add it there",
    )
    refuse(
        within,
        rows,
        is_none_of(key, owners[key]),
        f"are of a {key} that {table} does not have",
        "add it there or leave them out",
    )


def check_order(table: str, rows: pl.DataFrame, key: str, time: str) -> None:
    """Refuse rows whose time is before that of the row with the number before theirs."""
    before = pl.col(time).shift(1).over(key, order_by="sequence")
    refuse(
        table,
        rows,
        pl.col(time) < before,
        "are earlier than the one before them",
        f"number those of each {key} in the order of their {time}s",
    )
