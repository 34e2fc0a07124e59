"""Tables as pages show them: with links, filters and the files behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tipbench.pages.controls import Filter
from tipbench.runs.report import NOTHING, number

from tipboard.board.columns import Cell
from tipboard.board.export import Heading, Table, TableRow
from tipboard.board.formats import FORMATS
from tipboard.site.names import page_id

USUAL = "*usual"
"""The choice of a filter on splits that keeps default splits."""
LABELS = {"csv": "CSV", "parquet": "Parquet", "markdown": "Markdown", "latex": "LaTeX"}


@dataclass(frozen=True)
class TableCell:
    """A cell on a page. ``sort``: what a number is sorted by, None of text. ``href``: from the site's root; ``heads``:
    whether the cell names its row; ``note``: why there is nothing."""

    text: str
    sort: str | None
    href: str | None = None
    heads: bool = False
    note: str = ""


@dataclass(frozen=True)
class View:
    """A table on a page. ``path``: of its files, from the site's root, without an ending."""

    id: str
    title: str
    table: Table
    path: str
    filters: Sequence[Filter] = ()
    size: str | None = None

    @property
    def wide(self) -> bool:
        """Whether paper has to be turned for it."""
        return len(self.table.headings) > 9

    @property
    def rows(self) -> Iterator[tuple[TableRow, list[TableCell]]]:
        """Rows and what of them is shown."""
        keys = [heading.key for heading in self.table.headings]
        numbers = [heading.number for heading in self.table.headings]
        name, task, at_size = (keys.index(key) if key in keys else -1 for key in ("method", "task", "size"))
        for row in self.table.rows:
            size = row.cells[at_size].text if at_size >= 0 else self.size
            there = zip(row.cells, numbers, strict=True)
            cells = [
                TableCell(cell.text, _sort(cell) if number else None, note=cell.note)
                for cell, number in there
            ]
            if name >= 0:
                cells[name] = replace(cells[name], href=method_page(size, row), heads=True)
            if task >= 0 and size is not None:
                cells[task] = replace(cells[task], href=f"{size}/tasks/{cells[task].text}.html")
            yield row, cells

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """What each file is called and where it is."""
        return [(LABELS[name], f"{self.path}.{kind.ending}") for name, kind in FORMATS.items()]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files behind it."""
        for kind in FORMATS.values():
            yield f"{self.path}.{kind.ending}", kind.write(self.table)


def method_page(size: str | None, row: TableRow) -> str | None:
    """Return where the page of a row's method is."""
    return None if row.entry is None or size is None else f"{size}/methods/{page_id(row.entry)}.html"


def _sort(cell: Cell) -> str:
    value = cell.value
    return "" if value is None or isinstance(value, str) else f"{float(value):.7g}"


def filters(table: Table, keys: Sequence[str], usual: bool = False) -> list[Filter]:
    """Return a choice for each of some columns, in the order that the words come; ``usual``: default splits from the
    start."""
    found = []
    at = {heading.key: column for column, heading in enumerate(table.headings)}
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
                table.headings[at[key]].text,
                at[key],
                [(USUAL, "default splits"), *options] if mine else options,
                USUAL if mine else "",
            )
        )
    return found


def of_records(
    caption: str, headings: Sequence[Heading], found: Sequence[Mapping[str, Any]],
    text: Callable[[Any], str] | None = None, silent: Sequence[Mapping[str, str]] | None = None,
) -> Table:  # fmt: skip
    """Return a table of records as they are, with numbers rounded for the reader; ``silent``: of each, by heading, what
    is read in the place of a number."""
    write = text or _text
    told = silent or [{}] * len(found)
    rows = [
        TableRow(
            [
                Cell(said.get(heading.key) or write(record.get(heading.key)), record.get(heading.key))
                for heading in headings
            ]
        )
        for record, said in zip(found, told, strict=True)
    ]
    return Table(caption, headings, rows, found)


def _text(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)
