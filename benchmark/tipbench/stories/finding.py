"""Find operations worth a story: parse what was asked for, and choose.

A filter is ``form=labour`` or ``views>=5``: a column of :data:`WORDS` with =, one of :data:`NUMBERS` with =, >=, <=, <
or >. Several are joined by spaces, and all must hold. A space within a value is written as ``-`` or ``_``.
"""

from __future__ import annotations

import re
from functools import reduce

import polars as pl
from tipcore.errors import UsageError
from tipdata.core.world import parameters
from tipdata.stages import tables_of

from tipbench.config.options import suggestion
from tipbench.stories.views import VIEWS, candidates
from tipbench.task import Source

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


def find(source: Source, asked: str) -> pl.DataFrame:
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
    return ranked(kept)


def ranked(found: pl.DataFrame) -> pl.DataFrame:
    """Return operations of :func:`tipbench.stories.views.candidates`, those seen in most views and rows first."""
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
    valid = {_plain(one): one for one in _values(name, source)}
    if _plain(value) not in valid:
        raise UsageError(f'Unknown {name} "{value}". {suggestion(value, valid)}')
    return pl.col(name).cast(pl.String) == valid[_plain(value)]


def _values(name: str, source: Source) -> tuple[str, ...]:
    column = tables_of(source.version)["operations"][name]
    return column.possible(parameters(source.version)) or ("true", "false")


def _plain(value: str) -> str:
    return re.sub(r"[-_ ]+", "_", value.lower())
