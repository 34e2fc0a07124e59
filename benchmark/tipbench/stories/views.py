"""Count what is seen of operations, by view.

A view is a part of the data that one kind of holder has. Its rows are observed rows of the operation's life: adverts;
messages of its conversations; payments; stops of circuits and booked journeys; firms' trade, audits and complaints;
helpline contacts and queued adverts. It counts with three such rows, help with one helpline contact as well. Hidden
tables never count.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from tipdata.core.coverage import VIEW_ROWS

from tipbench.stories import tables
from tipbench.stories.tables import LIFE
from tipbench.task import Source

Rows = Callable[[Source], list[pl.LazyFrame]]


def _movement(source: Source) -> list[pl.LazyFrame]:
    return [tables.stops(source), tables.trips(source)]


def _firms(source: Source) -> list[pl.LazyFrame]:
    visits = [tables.visits(source, table) for table in ("audits", "complaints")]
    return [_during(tables.supplies(source), source), *visits]


def _help(source: Source) -> list[pl.LazyFrame]:
    return [tables.calls(source), tables.of_adverts(source, "queue")]


VIEWS: dict[str, Rows] = {
    "adverts": lambda source: [tables.adverts(source)],
    "conversations": lambda source: [tables.messages(source)],
    "payments": lambda source: [tables.payments(source)],
    "movement": _movement,
    "firms": _firms,
    "help": _help,
}
"""View -> its dated rows ``[operation, day, ...]``."""
CALLS = "calls"


def candidates(source: Source) -> pl.DataFrame:
    """Return every operation with the rows seen of it: its own columns, one per view, ``calls`` among those of help,
    and ``views``, how many count."""
    found = tables.operations(source).collect()
    for view, rows in VIEWS.items():
        found = _counted(found, view, rows(source))
    found = _counted(found, CALLS, [tables.calls(source)])
    return found.with_columns(views=pl.sum_horizontal([counts(view).cast(pl.Int32) for view in VIEWS]))


def counts(view: str) -> pl.Expr:
    """Return whether a view counts, of the rows of :func:`candidates`."""
    enough = pl.col(view) >= VIEW_ROWS
    return enough | (pl.col(CALLS) > 0) if view == "help" else enough


def _counted(found: pl.DataFrame, name: str, rows: list[pl.LazyFrame]) -> pl.DataFrame:
    """Return operations with the number of these rows within their life."""
    dated = pl.concat([one.select("operation", "day") for one in rows])
    lives = found.lazy().select("operation", *LIFE)
    counts = (
        dated.join(lives, on="operation")
        .filter(pl.col("day").is_between(*LIFE))
        .group_by("operation")
        .agg(pl.len().cast(pl.Int64).alias(name))
    )
    return found.join(counts.collect(), on="operation", how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null(0)
    )


def _during(trade: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Return trade that goes on while the operation has people there, on the first day that it does."""
    begun = tables.operations(source).select("operation", LIFE[0])
    since = pl.max_horizontal("day", pl.coalesce("from_day", LIFE[0]))
    lasting = pl.col("to_day").is_null() | (pl.col("day") <= pl.col("to_day"))
    return trade.join(begun, on="operation").filter(lasting).with_columns(day=since)
