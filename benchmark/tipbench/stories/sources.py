"""Rows of operations in all tables, counts of them by view, and the search for operations worth a story."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce

import polars as pl
from tipcore.errors import UsageError
from tipcore.spelling import suggestion
from tipdata.core.coverage import VIEW_ROWS
from tipdata.core.world import MINUTES_A_DAY, parameters
from tipdata.stages import tables_of

from tipbench.data.harm_groups import owned_firms
from tipbench.task import Source

LIFE = ("begins", "ends")
"""First and last day of an operation's life."""


def scan_with_day(source: Source, table: str, truth: bool = True) -> pl.LazyFrame:
    """Return the rows of a table with their day, without long texts. Raises UsageError for a source without truth."""
    rows = source.scan(table, truth=truth).drop("title", "body", "narrative", strict=False)
    return rows.with_columns(day=(pl.col("minute") // MINUTES_A_DAY).cast(pl.Int32))


def messages(source: Source) -> pl.LazyFrame:
    """Return messages of operations: ``[operation, conversation, day]``."""
    owned = source.scan("conversations", truth=True).select("conversation", "operation")
    sent = scan_with_day(source, "messages", truth=False).join(owned, on="conversation")
    return sent.select("operation", "conversation", "day")


def stops(source: Source) -> pl.LazyFrame:
    """Return stops of operations' circuits: ``[operation, circuit, day, town]``."""
    owned = source.scan("circuits", truth=True).select("circuit", "operation")
    return source.scan("stops").join(owned, on="circuit").select("operation", "circuit", "day", "town")


def firms(source: Source) -> pl.LazyFrame:
    """Return the firms that operations place people with, and since when they exploit them."""
    shown = ("operation", "firm", "sector", "town", "exploits", "from_day", "to_day")
    return owned_firms(source).filter(pl.col("operation").is_not_null()).select(shown)


def firm_visits(source: Source, table: str) -> pl.LazyFrame:
    """Return audits or complaints of the firms of operations."""
    return source.scan(table).join(firms(source).select("operation", "firm"), on="firm")


def of_adverts(source: Source, table: str) -> pl.LazyFrame:
    """Return flags or queued reviews of the adverts of operations."""
    posted = source.scan("adverts", truth=True).select("advert", "operation")
    return source.scan(table).join(posted, on="advert")


def trade(source: Source) -> pl.LazyFrame:
    """Return what firms sell and buy while an operation has people there: ``[operation, firm, day]``, its first day."""
    supplies = source.scan("supplies").select("supplier", "buyer", day="since_day")
    ends = pl.concat([supplies.select("day", firm=end) for end in ("supplier", "buyer")])
    begun = source.scan("operations", truth=True).select("operation", LIFE[0])
    since = pl.max_horizontal("day", pl.coalesce("from_day", LIFE[0]))
    lasting = pl.col("to_day").is_null() | (pl.col("day") <= pl.col("to_day"))
    joined = firms(source).join(ends, on="firm").join(begun, on="operation")
    return joined.filter(lasting).with_columns(day=since)


VIEWS: dict[str, Callable[[Source], list[pl.LazyFrame]]] = {
    "adverts": lambda source: [scan_with_day(source, "adverts")],
    "conversations": lambda source: [messages(source)],
    "payments": lambda source: [scan_with_day(source, "payments")],
    "movement": lambda source: [stops(source), source.scan("trips", truth=True)],
    "firms": lambda source: [trade(source), *(firm_visits(source, one) for one in ("audits", "complaints"))],
    "help": lambda source: [scan_with_day(source, "contacts"), of_adverts(source, "queue")],
}
"""View -> its dated rows ``[operation, day, ...]``."""
CALLS = "calls"


def candidates(source: Source) -> pl.DataFrame:
    """Return every operation with the rows seen of it: its own columns, one per view, ``calls`` among those of help,
    and ``views``, how many count."""
    found = source.scan("operations", truth=True).collect()
    for view, rows in VIEWS.items():
        found = _count_within_life(found, view, rows(source))
    found = _count_within_life(found, CALLS, [scan_with_day(source, "contacts")])
    return found.with_columns(views=pl.sum_horizontal([counts(view).cast(pl.Int32) for view in VIEWS]))


def counts(view: str) -> pl.Expr:
    """Return whether a view counts, of the rows of :func:`candidates`."""
    enough = pl.col(view) >= VIEW_ROWS
    return enough | (pl.col(CALLS) > 0) if view == "help" else enough


def _count_within_life(found: pl.DataFrame, name: str, rows: list[pl.LazyFrame]) -> pl.DataFrame:
    """Return operations with the number of these rows within their life."""
    every = pl.concat([one.select("operation", "day") for one in rows])
    lives = found.lazy().select("operation", *LIFE)
    inside = every.join(lives, on="operation").filter(pl.col("day").is_between(*LIFE))
    counts = inside.group_by("operation").agg(pl.len().cast(pl.Int64).alias(name)).collect()
    joined = found.join(counts, on="operation", how="left", maintain_order="left")
    return joined.with_columns(pl.col(name).fill_null(0))


WORDS = ("form", "kind", "organisation", "language", "category", "posts")
NUMBERS = ("region", "views", *VIEWS)
SHOWN = ("operation", "region", "kind", "form", "category", "language", "begins", "ends", "views", *VIEWS)
"""Columns of what was found."""
MANY = 50
"""Rows of a view beyond which more make no richer story."""
RICHEST = "kind=trafficking"
"""Filter that chooses the operation of a story if none is given."""
ASKED = re.compile(r"([a-z_]+)(>=|<=|=|<|>)(.+)")
HOLDS = {"=": pl.Expr.eq, ">=": pl.Expr.ge, "<=": pl.Expr.le, "<": pl.Expr.lt, ">": pl.Expr.gt}


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
    rows = pl.sum_horizontal(pl.col(view).clip(upper_bound=MANY) for view in VIEWS)
    order = ("views", pl.min_horizontal(*VIEWS), rows, "operation")
    return found.sort(*order, descending=[True, True, True, False])


def _filter(word: str, source: Source) -> pl.Expr:
    """Return one filter as a condition on operations. Raises UsageError."""
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
    column = tables_of(source.version)["operations"][name]
    possible = column.possible(parameters(source.version)) or ("true", "false")
    valid = {_plain_value(one): one for one in possible}
    if _plain_value(value) not in valid:
        raise UsageError(f'Unknown {name} "{value}". {suggestion(value, valid)}')
    return pl.col(name).cast(pl.String) == valid[_plain_value(value)]


def _plain_value(value: str) -> str:
    return re.sub(r"[-_ ]+", "_", value.lower())
