"""Read the tables that a story is told from, truth among them."""

from __future__ import annotations

import polars as pl
from tipdata.core.world import MINUTES_A_DAY

from tipbench.data.harm_groups import owned_firms
from tipbench.task import Source

LIFE = ("begins", "ends")
"""First and last day of an operation's life."""


def operations(source: Source) -> pl.LazyFrame:
    """Return all operations with their life. Raises UsageError for a source that shows no truth."""
    return source.scan("operations", truth=True)


def adverts(source: Source) -> pl.LazyFrame:
    """Return adverts of operations with their day."""
    return _dated(source.scan("adverts", truth=True)).drop("title", "body")


def accounts(source: Source) -> pl.LazyFrame:
    """Return accounts of operations."""
    return source.scan("accounts", truth=True)


def conversations(source: Source) -> pl.LazyFrame:
    """Return conversations of operations with their first day."""
    return _dated(source.scan("conversations", truth=True))


def messages(source: Source) -> pl.LazyFrame:
    """Return messages of operations: ``[operation, conversation, day]``."""
    held = source.scan("conversations", truth=True).select("conversation", "operation")
    return (
        _dated(source.scan("messages"))
        .join(held, on="conversation")
        .select("operation", "conversation", "day")
    )


def payments(source: Source) -> pl.LazyFrame:
    """Return payments of operations with their day."""
    return _dated(source.scan("payments", truth=True))


def stops(source: Source) -> pl.LazyFrame:
    """Return stops of operations' circuits: ``[operation, circuit, day, town]``."""
    owned = source.scan("circuits", truth=True).select("circuit", "operation")
    return source.scan("stops").join(owned, on="circuit").select("operation", "circuit", "day", "town")


def trips(source: Source) -> pl.LazyFrame:
    """Return booked journeys of operations."""
    return source.scan("trips", truth=True)


def firms(source: Source) -> pl.LazyFrame:
    """Return the firms that operations place people with, and since when they exploit them."""
    shown = ("operation", "firm", "sector", "town", "exploits", "from_day", "to_day")
    return owned_firms(source).filter(pl.col("operation").is_not_null()).select(shown)


def supplies(source: Source) -> pl.LazyFrame:
    """Return what the firms of operations sell and buy: ``[operation, firm, day]``, since when."""
    trade = source.scan("supplies").select("supplier", "buyer", day="since_day")
    ends = [trade.select("day", firm=end) for end in ("supplier", "buyer")]
    return firms(source).join(pl.concat(ends), on="firm")


def visits(source: Source, table: str) -> pl.LazyFrame:
    """Return audits or complaints of the firms of operations."""
    return source.scan(table).join(firms(source).select("operation", "firm"), on="firm")


def people(source: Source) -> pl.LazyFrame:
    """Return people of operations, all of them adults."""
    return source.scan("people", truth=True)


def calls(source: Source) -> pl.LazyFrame:
    """Return helpline contacts about operations with their day."""
    return _dated(source.scan("contacts", truth=True)).drop("narrative")


def of_adverts(source: Source, table: str) -> pl.LazyFrame:
    """Return flags or queued reviews of the adverts of operations."""
    posted = source.scan("adverts", truth=True).select("advert", "operation")
    return source.scan(table).join(posted, on="advert")


def _dated(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.with_columns(day=(pl.col("minute") // MINUTES_A_DAY).cast(pl.Int32))
