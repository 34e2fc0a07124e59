"""The tables of a board, as pages show them, and as files: Markdown, LaTeX, CSV and parquet.

A :class:`BoardTable` is what a reader sees and, beside it, the unrounded records that a file holds; the site shows the
same tables. A new format is a new entry of :data:`FORMATS`.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tipbench.console import Column
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number

from tipboard.board.columns import (
    COLUMNS,
    OF_METRIC,
    OVERALL,
    PLACES,
    TableCell,
    cells_of,
    choose_columns,
    expected_columns,
    records,
    unit_of,
)  # fmt: skip
from tipboard.board.entries import RUN_HERE, SELF_REPORTED, Entry
from tipboard.board.files import Board
from tipboard.board.fresh import MARK, NOT_SUPPORTED, NOT_SUPPORTED_MEANS
from tipboard.board.standings import BoardRow, Standing

if TYPE_CHECKING:
    import polars as pl


ORACLE, REFERENCE, PLAIN = "oracle", "reference", ""
REPRODUCED, CLAIMED, UNSUPPORTED = "reproduced", "claimed", "unsupported"
FOOTNOTE = f"{MARK} {NOT_SUPPORTED.capitalize()}: {NOT_SUPPORTED_MEANS[0].lower()}{NOT_SUPPORTED_MEANS[1:]}"
WARNING = "Synthetic data: a score here does not estimate field performance."
UNRANKED = "Submissions have no rank and are listed after the ranked methods."


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    ``kind``: ``oracle``, ``reference``, ``reproduced``, ``claimed`` (self-reported), ``unsupported`` (by a fresh world)
    or ''. ``usual``: whether it is of a default split. ``best``: indices of cells with the best score of the ranked
    methods. ``marked``: indices of cells with a score that is not supported.
    """

    cells: Sequence[TableCell]
    kind: str = PLAIN
    entry: Entry | None = None
    usual: bool = True
    best: tuple[int, ...] = ()
    marked: tuple[int, ...] = ()


@dataclass(frozen=True)
class BoardTable:
    """A table. ``records``: what a file of it holds, unrounded, None where nothing is known."""

    caption: str
    headings: Sequence[Column]
    rows: Sequence[TableRow]
    records: Sequence[Mapping[str, Any]]

    @property
    def footnote(self) -> str:
        """What the mark of scores that are not supported means; empty where no score has it."""
        return FOOTNOTE if any(row.marked for row in self.rows) else ""


def of_task(board: Board, standing: Standing, names: Sequence[str] | None = None) -> BoardTable:
    """Return every method of a task on one split, with the columns of these keys or with all that say something there.

    Raises UsageError for a key that no column has.
    """
    columns = expected_columns(standing) if names is None else choose_columns(COLUMNS, names)
    return BoardTable(
        caption=_caption(board, standing, f"{standing.task.name}, split {standing.split}"),
        headings=[with_unit(column, standing) for column in columns],
        rows=[_row(line, columns, standing) for line in standing.lines],
        records=records([standing], drop_empty(COLUMNS, standing.lines) if names is None else columns),
    )


def matrix(board: Board, standing: Standing) -> BoardTable:
    """Return every method of a task on every split: the mean score over seeds."""
    about = "Primary metric on this split, mean over seeds."
    unit = unit_of(standing.task, standing.metric)
    splits = [Column(split, True, name=split, about=about, unit=unit) for split in standing.splits]
    best = {split: standing.best_on(split) for split in standing.splits}
    return BoardTable(
        caption=_caption(board, standing, f"{standing.task.name}, every split"),
        headings=[METHOD, *splits],
        rows=[_split_row(line, standing, best) for line in standing.lines],
        records=[
            {
                "task": standing.task.name,
                "metric": standing.metric,
                "team": line.entry.team,
                "method": line.entry.method,
                **line.by_split,
            }
            for line in standing.lines
        ],
    )


Line = tuple[Standing, BoardRow]
"""A line, and where it stands."""


def lines_of(standings: Sequence[Standing]) -> list[Line]:
    """Return every line of the standings."""
    return [(standing, line) for standing in standings for line in standing.lines]


def overall(
    boards: Sequence[tuple[Board, Sequence[Standing]]], names: Sequence[str] | None = None
) -> BoardTable:
    """Return every line of every task and split, of boards of one version, with the columns of these keys or with all.

    Raises UsageError for a key that no column has.
    """
    there = [one for _, standings in boards for one in lines_of(standings)]
    lines = [line for _, line in there]
    columns = drop_empty(OVERALL, lines) if names is None else choose_columns((*PLACES, *COLUMNS), names)
    kept = drop_empty(COLUMNS, lines) if names is None else columns
    said = f"{release(*(board for board, _ in boards))}; every task and split. {_warning(lines)}"
    found = [
        {"size": board.data.partition("/")[2], **record}
        for board, standings in boards
        for record in records(standings, kept)
    ]
    return BoardTable(said, columns, [_row(line, columns, standing) for standing, line in there], found)


def of_entry(board: Board, there: Sequence[Line], name: str) -> BoardTable:
    """Return every line of one entry."""
    lines = [line for _, line in there]
    columns = [column for column in drop_empty(OVERALL, lines) if column.name not in ("method", "size")]
    alone = [replace(standing, lines=[line]) for standing, line in there]
    caption = f"{name} on every task and split. {release(board)}. {_warning(lines)}"
    rows = [_row(line, columns, standing) for standing, line in there]
    return BoardTable(caption, columns, rows, records(alone, drop_empty(COLUMNS, lines)))


def drop_empty(columns: Sequence[Column], lines: Sequence[BoardRow]) -> list[Column]:
    """Return the columns without optional ones that say nothing of any line."""
    return [one for one in columns if not one.optional or any(one.text(line) != NOTHING for line in lines)]


def with_unit(column: Column, standing: Standing) -> Column:
    """Return a column of a standing's table, with the unit of its metric."""
    unit = unit_of(standing.task, standing.metric) if column.unit == OF_METRIC else column.unit
    return replace(column, unit=unit)


def release(*boards: Board) -> str:
    """Return ``Release x, evaluator y`` of boards; a board is of one evaluator (:func:`tipboard.board.files.read`)."""
    first = (next((result for entry in board.entries for result in entry.results), None) for board in boards)
    evaluators = sorted({result.versions.evaluator for result in first if result is not None})
    return (
        f"Release {', '.join(board.label for board in boards)}, evaluator {', '.join(map(str, evaluators))}"
    )


def metric_text(standing: Standing) -> str:
    """Return the metric and which way is better."""
    better = "lower" if standing.lower_is_better else "higher"
    return f"{metric_title(standing.task.name, standing.metric)}, {better} is better"


MARKED = ("score", "fresh")
"""Columns whose cells are marked where a score is not supported."""
METHOD = next(column for column in COLUMNS if column.name == "method")


def _caption(board: Board, standing: Standing, what: str) -> str:
    return f"{what}: {metric_text(standing)}. {release(board)}. {_warning(standing.lines)}"


def _warning(lines: Sequence[BoardRow]) -> str:
    """Return the warning about synthetic scores and, if there are submissions, that they have no rank."""
    return WARNING if all(line.status == RUN_HERE for line in lines) else f"{WARNING} {UNRANKED}"


def _row(line: BoardRow, columns: Sequence[Column], standing: Standing) -> TableRow:
    is_best, usual = _is_best(line, line.row.score, standing.best), standing.split == standing.task.splits[0]
    at = tuple(at for at, column in enumerate(columns) if column.name == "score" and is_best)
    marked = tuple(
        at for at, column in enumerate(columns) if column.name in MARKED and not line.is_supported()
    )
    return TableRow(_add_marks(cells_of(line, columns), marked), kind_of(line), line.entry, usual, at, marked)


def _add_marks(found: Sequence[TableCell], places: Sequence[int]) -> list[TableCell]:
    return [
        replace(cell, text=f"{cell.text} {MARK}") if at in places else cell for at, cell in enumerate(found)
    ]


def _split_row(line: BoardRow, standing: Standing, best: Mapping[str, float | None]) -> TableRow:
    """Return the scores of one method on every split, and where they are the best."""
    scores = [TableCell(number(line.by_split[split]), line.by_split[split]) for split in standing.splits]
    at = tuple(
        place
        for place, split in enumerate(standing.splits, start=1)
        if _is_best(line, line.by_split[split], best[split])
    )
    marked = tuple(at for at, split in enumerate(standing.splits, start=1) if not line.is_supported(split))
    shown_cells = _add_marks([TableCell(line.method, line.method), *scores], marked)
    return TableRow(shown_cells, kind_of(line), line.entry, best=at, marked=marked)


def _is_best(line: BoardRow, score: float | None, best: float | None) -> bool:
    """Return whether a ranked method's score reads as the best one does; scores that round alike share it."""
    return line.rank is not None and best is not None and number(score) == number(best)


def kind_of(line: BoardRow) -> str:
    """Return the kind of a line's row, as :class:`TableRow` says."""
    if line.row.oracle:
        return ORACLE
    if line.is_reference:
        return REFERENCE
    if line.status == SELF_REPORTED:
        return CLAIMED
    if not line.is_supported():
        return UNSUPPORTED
    return PLAIN if line.status == RUN_HERE else REPRODUCED


HEAD = r"% Needs \usepackage[T1]{fontenc} and \usepackage{booktabs}."

_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "–": "--", "—": "---", "−": r"$-$", "±": r"$\pm$", "×": r"$\times$", "…": r"\ldots{}", "≥": r"$\geq$",
    "≤": r"$\leq$", "→": r"$\to$", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "τ": r"$\tau$", "π": r"$\pi$",
    "α": r"$\alpha$", "β": r"$\beta$", "Δ": r"$\Delta$", "³": r"$^3$", "²": r"$^2$", "°": r"$^\circ$",
    "·": r"$\cdot$", "†": r"\dag{}",
    "“": "``", "”": "''", "‘": "`", "’": "'", "\u00a0": "~", "\t": " ", "\n": " ", "\r": " ",
    "-": "{-}",
}  # fmt: skip
"""A hyphen stands in braces, so that two of them are not a dash."""

_TABLE = str.maketrans(_COMMANDS)
_MINUS = re.compile(r"(?<![\w.-])-(?=[\d.])")


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is; of a character that pdflatex has no glyph for, its code point."""
    if text.isascii() and text.isprintable():
        return text.translate(_TABLE)
    return "".join(_COMMANDS.get(character) or _latex_character(character) for character in text)


def _latex_character(character: str) -> str:
    """Return letters of Latin alphabets as they are, which pdflatex reads as UTF-8."""
    if character.isascii() and character.isprintable():
        return character
    if ord(character) < 0x180 and unicodedata.category(character)[0] == "L":
        return character
    return rf"\texttt{{U+{ord(character):04X}}}"


def latex_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    number: Sequence[bool],
    caption: str,
    marks: Sequence[Mapping[int, str]] = (),
) -> str:
    """Return a ``table`` with a caption above it.

    Args:
        headings: one a column, plain text.
        rows: cells, plain text.
        number: whether a column stands at the right.
        caption: plain text.
        marks: of each row, by the place of a cell the command around it, such as ``emph`` or ``textbf``.
    """
    columns = "".join("r" if right else "l" for right in number)
    return "\n".join(
        [
            HEAD,
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escape_latex(caption)}}}",
            r"\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _latex_line([escape_latex(heading) for heading in headings]),
            r"\midrule",
            *(_latex_row(row, number, at) for row, at in zip(rows, marks or [{}] * len(rows), strict=True)),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _latex_row(row: Sequence[str], number: Sequence[bool], marks: Mapping[int, str]) -> str:
    cells = [escape_latex(_MINUS.sub("−", c) if right else c) for c, right in zip(row, number, strict=True)]
    return _latex_line([rf"\{marks[at]}{{{cell}}}" if at in marks else cell for at, cell in enumerate(cells)])


def _latex_line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`[]<>|#!"})


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is: no link, image, code, tag or column comes of it."""
    return text.translate(_SPECIAL)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]], number: Sequence[bool]) -> str:
    """Return a table whose columns are as wide as they have to be, numbers at the right.

    Args:
        headings: one a column.
        rows: cells, Markdown already (see :func:`escape_markdown`).
        number: whether a column stands at the right.
    """
    widths = [max(3, *(len(row[at]) for row in (headings, *rows))) for at in range(len(headings))]
    rule = [
        "-" * (width - 1) + ":" if right else "-" * width for width, right in zip(widths, number, strict=True)
    ]
    lines = [
        [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, number, strict=True)
        ]
        for row in (headings, *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes for the start of a formula."""


def frame(table: BoardTable) -> pl.DataFrame:
    """Return the records as a frame; a column in which nothing is known is Float64."""
    import polars as pl

    found = pl.DataFrame(list(table.records), infer_schema_length=None)
    return found.with_columns(pl.col(pl.Null).cast(pl.Float64))


def to_csv(table: BoardTable) -> bytes:
    """Return full precision; text that a spreadsheet would run as a formula begins with an apostrophe."""
    import polars as pl

    found = frame(table)
    texts = [pl.col(name) for name, kind in found.schema.items() if kind == pl.String]
    neutral = [
        pl.when(text.str.contains(FORMULA)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).name.keep()
        for text in texts
    ]
    return found.with_columns(neutral).write_csv().encode()


def zip_file(name: str, content: bytes) -> bytes:
    """Return a ZIP with one file: the same bytes for the same content, whenever and wherever it is made."""
    buffer = io.BytesIO()
    about = zipfile.ZipInfo(name)
    about.create_system = 3
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(about, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def to_parquet(table: BoardTable) -> bytes:
    """Return full precision, text as it is."""
    buffer = io.BytesIO()
    frame(table).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def to_markdown(table: BoardTable) -> bytes:
    """Return what a reader sees, oracles in italics, best scores in bold, and the caption below."""
    rows = [
        [_emphasise(escape_markdown(cell.text), row, at) for at, cell in enumerate(row.cells)]
        for row in table.rows
    ]
    headings = [escape_markdown(heading.title) for heading in table.headings]
    body = markdown_table(headings, rows, [heading.number for heading in table.headings])
    return f"{body}\n\n{escape_markdown(_caption_with_marks(table))}\n".encode()


def _caption_with_marks(table: BoardTable) -> str:
    """Return the caption and what marks mean."""
    return f"{table.caption} {table.footnote}".rstrip()


def _emphasise(text: str, row: TableRow, at: int) -> str:
    if at in row.best:
        return f"**{text}**"
    return f"*{text}*" if at == row_name(row) else text


def row_name(row: TableRow) -> int:
    """Return where the name of an oracle stands in its row; -1 for others."""
    if row.kind != ORACLE or row.entry is None:
        return -1
    return next((at for at, cell in enumerate(row.cells) if cell.text == row.entry.name), -1)


def to_latex(table: BoardTable) -> bytes:
    """Return a booktabs table whose caption says release, evaluator, split and metric; best scores are in bold."""
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    marks = [{row_name(row): "emph", **dict.fromkeys(row.best, "textbf")} for row in table.rows]
    headings = [heading.title for heading in table.headings]
    numbers = [heading.number for heading in table.headings]
    return latex_table(headings, rows, numbers, _caption_with_marks(table), marks).encode()


@dataclass(frozen=True)
class Format:
    """A kind of file. ``binary``: not to be written to a terminal; ``read``: by people, so that it has at first no
    more columns than a printed page has room for."""

    ending: str
    write: Callable[[BoardTable], bytes]
    binary: bool = False
    read: bool = False


FORMATS = {
    "csv": Format("csv", to_csv),
    "parquet": Format("parquet", to_parquet, binary=True),
    "markdown": Format("md", to_markdown, read=True),
    "latex": Format("tex", to_latex, read=True),
}
