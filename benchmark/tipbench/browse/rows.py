"""Rows of a table as a page shows them: all of a small table, of a large one as many as are asked for, drawn at random.

The same release gives the same rows, in the order of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup, escape
from tipdata.core.draw import Stream
from tipdata.core.tables import Column, Table

from tipbench.browse.columns import Held, is_id
from tipbench.pages.controls import Filter
from tipbench.pages.safe import visible

ROWS = 1000
"""Rows that a page shows at most, unless another number is asked for."""
FILTERS, OPTIONS = 4, 30
"""Columns that can be chosen by, and values of such a column."""
LONG, TALL = 40, 160
"""Letters from which on a text may break, and from which on it is in a box that scrolls."""
NOTHING = "-"
OF_THEIR_LANGUAGE = "adverts"
"""The table whose texts are in the language of their row. A helpline's notes are in another one than the caller's."""
RIGHT_TO_LEFT = frozenset({"ar"})
"""Languages that are written from right to left."""


@dataclass(frozen=True)
class Shown:
    """Rows of a page. ``body``: them as HTML; ``count`` of ``total`` rows are shown."""

    body: Markup
    count: int
    total: int
    filters: Sequence[Filter]


def sample(frame: pl.DataFrame, name: str, most: int) -> pl.DataFrame:
    """Return ``most`` rows of a frame, drawn by a key that is ``name``, in their order; all where there are fewer."""
    if frame.height <= most:
        return frame
    return frame[sorted(_order(frame, name)[:most])]


def shuffled(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return all rows in an order that is drawn by a key that is ``name``."""
    return frame[_order(frame, name)]


def _order(frame: pl.DataFrame, name: str) -> list[int]:
    places = pl.int_range(frame.height, eager=True).to_numpy()
    return Stream(0, f"browse/{name}").shuffled(places).tolist()


def shown(table: Table, columns: Sequence[Held], frame: pl.DataFrame, most: int) -> Shown:
    """Return rows of a table with the columns in the order given."""
    kept = sample(frame, table.name, most)
    languages = kept["language"].to_list() if table.name == OF_THEIR_LANGUAGE else [None] * kept.height
    cells = [_cells(held, kept[held.column.name], languages, at == 0) for at, held in enumerate(columns)]
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    return Shown(Markup(body), kept.height, frame.height, _filters(columns, kept))  # nosec B704 # escaped one by one


def _cells(held: Held, values: pl.Series, languages: Sequence[str | None], first: bool) -> list[str]:
    """Return the cells of a column, each escaped."""
    classes = [*(["n"] if held.is_number else []), *(["t"] if held.column.tier == "truth" else [])]
    named = f' class="{" ".join(classes)}"' if classes else ""
    if first:
        return [f'<th scope="row"{named}>{_safe(text)}</th>' for text in texts(values)]
    long = f' class="{" ".join([*classes, "long"])}"'
    return [
        f"<td{named}>{_safe(text)}</td>"
        if len(text) <= LONG
        else f"<td{long}{script(language)}>{_long(text)}</td>"
        for text, language in zip(texts(values), languages, strict=True)
    ]


def _long(text: str) -> str:
    """Return a text, in a box of its own where it would make its row too tall."""
    return _safe(text) if len(text) <= TALL else f'<div class="tall">{_safe(text)}</div>'


def script(language: str | None) -> Markup:
    """Return the attributes of an element with text of a language, from right to left where it is written so.

    None: of a language that is not known, whose first letter says which way it runs.
    """
    if language is None:
        return Markup(' dir="auto"')
    return Markup(' lang="{}" dir="{}"').format(language, "rtl" if language in RIGHT_TO_LEFT else "ltr")


def _safe(text: str) -> str:
    return str(escape(visible(text)))


def texts(values: pl.Series) -> list[str]:
    """Return values as they are shown: numbers as they are, yes and no, lists with commas."""
    if values.dtype == pl.Boolean:
        return [NOTHING if value is None else "yes" if value else "no" for value in values.to_list()]
    if isinstance(values.dtype, pl.List):
        return [NOTHING if not value else ", ".join(map(str, value)) for value in values.to_list()]
    return [NOTHING if value is None else str(value) for value in values.to_list()]


def _filters(columns: Sequence[Held], kept: pl.DataFrame) -> list[Filter]:
    """Return choices by the first columns of few values, observed ones and truth apart."""
    found: dict[bool, list[Filter]] = {False: [], True: []}
    for at, held in enumerate(columns):
        column, truth = held.column, held.column.tier == "truth"
        if at and len(found[truth]) < FILTERS and (options := _options(column, kept[column.name])):
            found[truth].append(Filter(column.name, at, options, covered=truth))
    return [*found[False], *found[True]]


def _options(column: Column, values: pl.Series) -> list[tuple[str, str]]:
    """Return the values that a column can be chosen by; none where it holds ids, measures or too many."""
    if is_id(column) or column.unit:
        return []
    if isinstance(column.dtype, pl.List):
        return []
    there = values.drop_nulls().unique().sort()
    if not 2 <= there.len() <= OPTIONS:
        return []
    return [(text, text) for text in texts(there)]
