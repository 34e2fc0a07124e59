"""Rows of operations in all tables, counts of them by view, and the search for operations worth a story."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce

import polars as pl
from tipcore.errors import UsageError
from tipdata.core.coverage import VIEW_ROWS
from tipdata.core.world import MINUTES_A_DAY, parameters
from tipdata.stages import tables_of

from tipbench.config.options import suggestion
from tipbench.data.harm_groups import owned_firms
from tipbench.task import Source

LIFE = ("begins", "ends")
"""First and last day of an operation's life."""


def operations(source: Source) -> pl.LazyFrame:
    """Return all operations with their life. Raises UsageError for a source that shows no truth."""
    return source.scan("operations", truth=True)


def adverts(source: Source) -> pl.LazyFrame:
    """Return adverts of operations with their day."""
    return _with_day(source.scan("adverts", truth=True)).drop("title", "body")


def accounts(source: Source) -> pl.LazyFrame:
    """Return accounts of operations."""
    return source.scan("accounts", truth=True)


def conversations(source: Source) -> pl.LazyFrame:
    """Return conversations of operations with their first day."""
    return _with_day(source.scan("conversations", truth=True))


def messages(source: Source) -> pl.LazyFrame:
    """Return messages of operations: ``[operation, conversation, day]``."""
    held = source.scan("conversations", truth=True).select("conversation", "operation")
    return (
        _with_day(source.scan("messages"))
        .join(held, on="conversation")
        .select("operation", "conversation", "day")
    )


def payments(source: Source) -> pl.LazyFrame:
    """Return payments of operations with their day."""
    return _with_day(source.scan("payments", truth=True))


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


def firm_visits(source: Source, table: str) -> pl.LazyFrame:
    """Return audits or complaints of the firms of operations."""
    return source.scan(table).join(firms(source).select("operation", "firm"), on="firm")


def people(source: Source) -> pl.LazyFrame:
    """Return people of operations, all of them adults."""
    return source.scan("people", truth=True)


def calls(source: Source) -> pl.LazyFrame:
    """Return helpline contacts about operations with their day."""
    return _with_day(source.scan("contacts", truth=True)).drop("narrative")


def of_adverts(source: Source, table: str) -> pl.LazyFrame:
    """Return flags or queued reviews of the adverts of operations."""
    posted = source.scan("adverts", truth=True).select("advert", "operation")
    return source.scan(table).join(posted, on="advert")


def _with_day(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.with_columns(day=(pl.col("minute") // MINUTES_A_DAY).cast(pl.Int32))


pass

Rows = Callable[[Source], list[pl.LazyFrame]]


def _movement(source: Source) -> list[pl.LazyFrame]:
    return [stops(source), trips(source)]


def _firms(source: Source) -> list[pl.LazyFrame]:
    visits = [firm_visits(source, table) for table in ("audits", "complaints")]
    return [_trade_with_people(supplies(source), source), *visits]


def _help(source: Source) -> list[pl.LazyFrame]:
    return [calls(source), of_adverts(source, "queue")]


VIEWS: dict[str, Rows] = {
    "adverts": lambda source: [adverts(source)],
    "conversations": lambda source: [messages(source)],
    "payments": lambda source: [payments(source)],
    "movement": _movement,
    "firms": _firms,
    "help": _help,
}
"""View -> its dated rows ``[operation, day, ...]``."""
CALLS = "calls"


def candidates(source: Source) -> pl.DataFrame:
    """Return every operation with the rows seen of it: its own columns, one per view, ``calls`` among those of help,
    and ``views``, how many count."""
    found = operations(source).collect()
    for view, rows in VIEWS.items():
        found = _count_within_life(found, view, rows(source))
    found = _count_within_life(found, CALLS, [calls(source)])
    return found.with_columns(views=pl.sum_horizontal([counts(view).cast(pl.Int32) for view in VIEWS]))


def counts(view: str) -> pl.Expr:
    """Return whether a view counts, of the rows of :func:`candidates`."""
    enough = pl.col(view) >= VIEW_ROWS
    return enough | (pl.col(CALLS) > 0) if view == "help" else enough


def _count_within_life(found: pl.DataFrame, name: str, rows: list[pl.LazyFrame]) -> pl.DataFrame:
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


def _trade_with_people(trade: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Return trade that goes on while the operation has people there, on the first day that it does."""
    begun = operations(source).select("operation", LIFE[0])
    since = pl.max_horizontal("day", pl.coalesce("from_day", LIFE[0]))
    lasting = pl.col("to_day").is_null() | (pl.col("day") <= pl.col("to_day"))
    return trade.join(begun, on="operation").filter(lasting).with_columns(day=since)


WORDS = ("form", "kind", "organisation", "language", "category", "posts")
NUMBERS = ("region", "views", *VIEWS)
SHOWN = ("operation", "region", "kind", "form", "category", "language", "begins", "ends", "views", *VIEWS)
"""Columns of what was found."""
RICHEST = "kind=trafficking"
"""What is told where nobody says which operation."""
ASKED = re.compile(r"([a-z_]+)(>=|<=|=|<|>)(.+)")
HOLDS = {
    "=": pl.Expr.eq,
    ">=": pl.Expr.ge,
    "<=": pl.Expr.le,
    "<": pl.Expr.lt,
    ">": pl.Expr.gt,
}


def find_operations_of(source: Source, asked: str) -> pl.DataFrame:
    """Return the operations for which all filters hold, those seen in most views and rows first.

    Raises UsageError for a filter or value that does not exist, naming the nearest, and where no operation is left.
    """
    filters = [_filter(word, source) for word in asked.split()]
    found = candidates(source)
    kept = found.filter(reduce(pl.Expr.and_, filters, pl.lit(True)))
    if kept.is_empty():
        raise UsageError(
            f"No operation of {source.name} meets {asked}: ask for less, or take a larger release."
        )
    return rank_operations(kept)


def rank_operations(found: pl.DataFrame) -> pl.DataFrame:
    """Return operations of :func:`tipbench.stories.sources.candidates`, those seen in most views and rows first."""
    return found.sort(
        pl.col("views"),
        pl.min_horizontal(*VIEWS),
        pl.sum_horizontal(pl.col(view).clip(upper_bound=MANY) for view in VIEWS),
        "operation",
        descending=[True, True, True, False],
    )  # fmt: skip


MANY = 50
"""Rows of a view beyond which more make no richer story."""


def _filter(word: str, source: Source) -> pl.Expr:
    """Return what one filter asks of an operation. Raises UsageError."""
    match = ASKED.fullmatch(word)
    if match is None:
        raise UsageError(
            f'"{word}" is no filter: write form=labour or views>=5, with spaces between filters only.'
        )
    name, sign, value = match.groups()
    if name not in (*WORDS, *NUMBERS):
        raise UsageError(f'Unknown filter "{name}". {suggestion(name, (*WORDS, *NUMBERS))}')
    if name in NUMBERS:
        if not value.isascii() or not value.isdigit() or len(value) > 9:
            raise UsageError(f"{word} compares with no whole number: write {name}{sign}3.")
        return HOLDS[sign](pl.col(name), int(value))
    if sign != "=":
        raise UsageError(f"{word} compares words: write {name}={value}.")
    valid = {_plain_value(one): one for one in _values(name, source)}
    if _plain_value(value) not in valid:
        raise UsageError(f'Unknown {name} "{value}". {suggestion(value, valid)}')
    return pl.col(name).cast(pl.String) == valid[_plain_value(value)]


def _values(name: str, source: Source) -> tuple[str, ...]:
    column = tables_of(source.version)["operations"][name]
    return column.possible(parameters(source.version)) or ("true", "false")


def _plain_value(value: str) -> str:
    return re.sub(r"[-_ ]+", "_", value.lower())
