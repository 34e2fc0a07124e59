"""Tables as pages show them: with links, filters and the files behind them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup, escape
from tipbench.console import Column
from tipbench.pages.safe import visible
from tipbench.pages.templates import Filter, breakable
from tipbench.runs.report import NOTHING, number

from tipboard.board.columns import TableCell
from tipboard.board.entries import Entry
from tipboard.board.tables import FORMATS, BoardTable, TableRow

_PAGE = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*--[a-z0-9_]+(?:-[a-z0-9_]+)*")


def page_id(entry: Entry) -> str:
    """Return an entry's name in paths: its id where that is of slugs, else a digest of it."""
    if _PAGE.fullmatch(entry.id) and len(entry.id) <= 100:
        return entry.id
    return f"entry-{hashlib.sha256(entry.id.encode(errors='surrogatepass')).hexdigest()[:16]}"


USUAL = "*usual"
"""The choice of a filter on splits that keeps default splits."""
EVERYTHING = "data/overall"
"""Where the files of the table of everything are, without an ending."""
LONG = 40
"""Letters of a text beyond which it is broken into lines."""
PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
LABELS = {"csv": "CSV", "parquet": "Parquet", "markdown": "Markdown", "latex": "LaTeX"}


@dataclass(frozen=True)
class Download:
    """A link to a file of a table: what it is called, and its path from the site's root."""

    label: str
    path: str


@dataclass(frozen=True)
class TableView:
    """A table on a page. ``path``: of its files, from the site's root, without an ending.

    ``shared``: files that hold what the tables of all methods show, which are written once; then it has none of its
    own. ``exact``: whether a number sorts by more digits than are read.
    """

    id: str
    title: str
    table: BoardTable
    path: str = ""
    filters: Sequence[Filter] = ()
    size: str | None = None
    shared: Sequence[Download] = ()
    exact: bool = True

    @property
    def wide(self) -> bool:
        """Whether paper has to be turned for it."""
        return len(self.table.headings) > 9

    def body(self, root: str) -> Markup:
        """Return the rows as HTML; a template would take four times as long. ``root``: the way to the site's root.

        Ends of cells and rows are left out, as HTML allows. A number without ``data-v`` sorts by its text.
        """
        keys = [heading.name for heading in self.table.headings]
        numbers = [heading.number for heading in self.table.headings]
        name, task, at_size = (keys.index(key) if key in keys else -1 for key in ("method", "task", "size"))
        footnote = to_html(self.table.footnote)
        tells_usual = any(one.chosen == USUAL for one in self.filters)
        lines = []
        for row in self.table.rows:
            size = row.cells[at_size].text if at_size >= 0 else self.size
            cells = [
                self._number(cell, footnote if at in row.marked else None) if number else _words(cell.text)
                for at, (cell, number) in enumerate(zip(row.cells, numbers, strict=True))
            ]
            if name >= 0:
                cells[name] = _heading(row.cells[name].text, root, method_page(size, row))
            if task >= 0 and size is not None:
                cells[task] = _task(row.cells[task].text, root, size)
            kind = f' class="{row.kind}"' if row.kind else ""
            usual = " data-usual" if row.usual and tells_usual else ""
            lines.append(f"<tr{kind}{usual}>{''.join(cells)}")
        return Markup("".join(lines))  # nosec B704 # every text was escaped, one by one

    def _number(self, cell: TableCell, footnote: str | None) -> str:
        """Return a cell of a column of numbers; ``footnote``: what its mark means, None where it has none."""
        if cell.value is None and cell.text == NOTHING and not cell.note and footnote is None:
            return f"<td>{NOTHING}"  # most cells of sparse tables
        sort = _sort(cell) if self.exact else _read(cell.text)
        value = "" if sort == cell.text or (not sort and cell.text == NOTHING) else f' data-v="{sort}"'
        more = "" if footnote is None else f' class="marked" title="{footnote}"'
        if cell.note and footnote is None:
            more = f' title="{to_html(cell.note)}"'
        return f"<td{value}{more}>{to_html(cell.text)}"

    @property
    def downloads(self) -> Sequence[Download]:
        """The files that hold what it shows."""
        return self.shared or downloads(self.path)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files that are its own."""
        for kind in FORMATS.values() if not self.shared else ():
            yield f"{self.path}.{kind.ending}", kind.write(self.table)


def downloads(path: str) -> list[Download]:
    """Return the files of a table, whose paths begin alike."""
    return [Download(LABELS[name], f"{path}.{kind.ending}") for name, kind in FORMATS.items()]


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


def _heading(text: str, root: str, href: str | None) -> str:
    said = f"<bdi>{breakable(text)}</bdi>"
    link = said if href is None else f'<a href="{root}{to_html(href)}">{said}</a>'
    return f'<th scope="row">{link}'


def _read(text: str) -> str:
    """Return what a cell sorts by whose number is read as it is; empty where no number is read."""
    plain = text.replace(",", "")
    return plain if PLAIN.fullmatch(plain) else ""


def method_page(size: str | None, row: TableRow) -> str | None:
    """Return where the page of a row's method is."""
    return None if row.entry is None or size is None else f"{size}/methods/{page_id(row.entry)}.html"


def _sort(cell: TableCell) -> str:
    value = cell.value
    return "" if value is None or isinstance(value, str) else f"{float(value):.7g}"


def filters(table: BoardTable, keys: Sequence[str], usual: bool = False) -> list[Filter]:
    """Return a choice for each of some columns, in the order that the words come; ``usual``: default splits from the
    start."""
    found = []
    at = {heading.name: column for column, heading in enumerate(table.headings)}
    for key in keys:
        if key not in at:
            continue
        words = dict.fromkeys(
            word for row in table.rows for word in row.cells[at[key]].text.split(", ") if word != NOTHING
        )
        options = [(word, word) for word in words]
        mine = usual and key == "split"
        found.append(
            Filter(
                table.headings[at[key]].title,
                at[key],
                [(USUAL, "default splits"), *options] if mine else options,
                USUAL if mine else "",
                of_column=True,
            )
        )
    return found


def of_records(
    caption: str, headings: Sequence[Column], found: Sequence[Mapping[str, Any]],
    text: Callable[[Any], str] | None = None, silent: Sequence[Mapping[str, str]] | None = None,
) -> BoardTable:  # fmt: skip
    """Return a table of records as they are, with numbers rounded for the reader; ``silent``: of each, by heading, what
    is read in the place of a number."""
    write = text or _text
    reasons = silent or [{}] * len(found)
    keys = [heading.name for heading in headings]
    nothing = TableCell(write(None), None)

    def cell(value: Any, said: str | None) -> TableCell:
        return nothing if value is None and not said else TableCell(said or write(value), value)

    rows = [
        TableRow([cell(record.get(key), said.get(key)) for key in keys])
        for record, said in zip(found, reasons, strict=True)
    ]
    return BoardTable(caption, headings, rows, found)


def _text(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)
