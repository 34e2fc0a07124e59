"""Tables of a board as files: Markdown, LaTeX, CSV and parquet. A new format is a new entry of :data:`FORMATS`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tipboard.board.export import ORACLE, Table, TableRow
from tipboard.board.latex import latex_table
from tipboard.board.markdown import escaped, markdown_table

if TYPE_CHECKING:
    import polars as pl

FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes for the start of a formula."""


def frame(table: Table) -> pl.DataFrame:
    """Return the records as a frame; a column in which nothing is known is Float64."""
    import polars as pl

    found = pl.DataFrame(list(table.records), infer_schema_length=None)
    return found.with_columns(pl.col(pl.Null).cast(pl.Float64))


def to_csv(table: Table) -> bytes:
    """Return full precision; text that a spreadsheet would run as a formula begins with an apostrophe."""
    import polars as pl

    found = frame(table)
    texts = [pl.col(name) for name, kind in found.schema.items() if kind == pl.String]
    neutral = [
        pl.when(text.str.contains(FORMULA)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).name.keep()
        for text in texts
    ]
    return found.with_columns(neutral).write_csv().encode()


def zipped(name: str, content: bytes) -> bytes:
    """Return a ZIP with one file: the same bytes for the same content, whenever and wherever it is made."""
    buffer = io.BytesIO()
    about = zipfile.ZipInfo(name)
    about.create_system = 3
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(about, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def to_parquet(table: Table) -> bytes:
    """Return full precision, text as it is."""
    buffer = io.BytesIO()
    frame(table).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def to_markdown(table: Table) -> bytes:
    """Return what a reader sees, oracles in italics, best scores in bold, and the caption below."""
    rows = [
        [_emphasised(escaped(cell.text), row, at) for at, cell in enumerate(row.cells)] for row in table.rows
    ]
    headings = [escaped(heading.text) for heading in table.headings]
    told = markdown_table(headings, rows, [heading.number for heading in table.headings])
    return f"{told}\n\n{escaped(_caption(table))}\n".encode()


def _caption(table: Table) -> str:
    """Return the caption and what marks mean."""
    return f"{table.caption} {table.footnote}".rstrip()


def _emphasised(text: str, row: TableRow, at: int) -> str:
    if at in row.best:
        return f"**{text}**"
    return f"*{text}*" if at == row_name(row) else text


def row_name(row: TableRow) -> int:
    """Return where the name of an oracle stands in its row; -1 for others."""
    if row.kind != ORACLE or row.entry is None:
        return -1
    return next((at for at, cell in enumerate(row.cells) if cell.text == row.entry.name), -1)


def to_latex(table: Table) -> bytes:
    """Return a booktabs table whose caption says release, evaluator, split and metric; best scores are in bold."""
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    marks = [{row_name(row): "emph", **dict.fromkeys(row.best, "textbf")} for row in table.rows]
    headings = [heading.text for heading in table.headings]
    numbers = [heading.number for heading in table.headings]
    return latex_table(headings, rows, numbers, _caption(table), marks).encode()


@dataclass(frozen=True)
class Format:
    """A kind of file. ``binary``: not to be written to a terminal; ``read``: by people, so that it has at first no
    more columns than a printed page has room for."""

    ending: str
    write: Callable[[Table], bytes]
    binary: bool = False
    read: bool = False


FORMATS = {
    "csv": Format("csv", to_csv),
    "parquet": Format("parquet", to_parquet, binary=True),
    "markdown": Format("md", to_markdown, read=True),
    "latex": Format("tex", to_latex, read=True),
}
