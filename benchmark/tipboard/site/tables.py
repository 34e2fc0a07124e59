"""Tables as pages show them: with links, filters and the files behind them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from markupsafe import Markup, escape
from tipbench.console import Column
from tipbench.pages.safe import visible
from tipbench.pages.templates import Filter, breakable
from tipbench.runs.report import NOTHING

from tipboard.board.columns import plain_text, value_of
from tipboard.board.tables import BoardTable

_PAGE = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*--[a-z0-9_]+(?:-[a-z0-9_]+)*")


def page_id(entry: str) -> str:
    """Return an entry's name in paths: its id where that is of slugs, else a digest of it."""
    if _PAGE.fullmatch(entry) and len(entry) <= 100:
        return entry
    return f"entry-{hashlib.sha256(entry.encode(errors='surrogatepass')).hexdigest()[:16]}"


USUAL = "*usual"
"""The choice of a filter on splits that keeps default splits."""
EVERYTHING = "data/overall"
"""Where the files of the table of everything are, without an ending."""
LONG = 40
"""Letters of a text beyond which it is broken into lines."""
PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def body(table: BoardTable, root: str) -> Markup:
    """Return the rows as HTML; a template would take four times as long. ``root``: the way to the site's root.

    Ends of cells and rows are left out, as HTML allows. A number without ``data-v`` sorts by its text.
    """
    tells_usual = any(one.chosen == USUAL for one in table.filters)
    at_size = next((column for column in table.columns if column.name == "size"), None)
    lines = []
    for row in table.rows:
        size = table.size if at_size is None else at_size.text(row)
        cells = []
        for column in table.columns:
            if column.name == "method":
                cells.append(_heading(column.text(row), root, size, row.get("entry")))
            elif column.name == "task" and size is not None:
                cells.append(_task(column.text(row), root, size))
            elif column.number:
                cells.append(_number(column, row, table.exact))
            else:
                cells.append(_words(column.text(row)))
        looks = " ".join(filter(None, (row.get("kind"), "starts" if row.get("starts") else "")))
        kind = f' class="{looks}"' if looks else ""
        usual = " data-usual" if tells_usual and row["usual"] else ""
        lines.append(f"<tr{kind}{usual}>{''.join(cells)}")
    return Markup("".join(lines))  # nosec B704 # every text was escaped, one by one


def _number(column: Column, row: Mapping[str, Any], exact: bool) -> str:
    """Return a cell of a column of numbers."""
    text, value, note = column.text(row), value_of(column, row), column.note(row)
    if value is None and text == NOTHING and not note:
        return f"<td>{NOTHING}"  # most cells of sparse tables
    if exact:
        sort = "" if value is None or isinstance(value, str) else f"{float(value):.7g}"
    else:
        plain = text.replace(",", "")
        sort = plain if PLAIN.fullmatch(plain) else ""
    shown = "" if sort == text or (not sort and text == NOTHING) else f' data-v="{sort}"'
    more = f' title="{to_html(note)}"' if note else ""
    return f"<td{shown}{more}>{to_html(text)}"


@cache
def to_html(text: str) -> str:
    """Return text as HTML; the same few texts stand in most cells."""
    return str(escape(visible(text)))


@cache
def _words(text: str) -> str:
    long = ' class="long"' if len(text) > LONG else ""
    return f"<td{long}>{to_html(text)}"


@cache
def _task(text: str, root: str, size: str) -> str:
    return f'<td><a href="{root}{to_html(size)}/tasks/{to_html(text)}.html">{breakable(text)}</a>'


def _heading(text: str, root: str, size: str | None, entry: str | None) -> str:
    said = f"<bdi>{breakable(text)}</bdi>"
    if entry is None or size is None:
        return f'<th scope="row">{said}'
    return f'<th scope="row"><a href="{root}{to_html(size)}/methods/{page_id(entry)}.html">{said}</a>'


def with_filters(table: BoardTable, keys: Sequence[str], usual: bool = False) -> BoardTable:
    """Return the table with filters, each a choice of one of the words in a column's cells.

    ``keys``: names of columns; those that the table has not, or that offer no choice, get no filter. ``usual``: whether
    default splits are chosen from the start.
    """
    found = []
    names = [column.name for column in table.columns]
    for at in (names.index(key) for key in keys if key in names):
        column, mine = table.columns[at], usual and names[at] == "split"
        words = dict.fromkeys(word for row in table.rows for word in column.text(row).split(", "))
        options = [(word, word) for word in words if word != NOTHING]
        options = [(USUAL, "default splits"), *options] if mine else options
        if len(options) > 1:
            found.append(Filter(column.title, at, options, USUAL if mine else "", of_column=True))
    return replace(table, filters=found)


def of_records(caption: str, columns: Sequence[Column], records: Sequence[Mapping[str, Any]]) -> BoardTable:
    """Return a table of records as they are, with numbers rounded for the reader."""

    def of_record(column: Column) -> Column:
        name = column.name
        return replace(column, text=lambda row: plain_text(row[name]), values=lambda row: {name: row[name]})

    return BoardTable(caption, [of_record(column) for column in columns], records, records)
