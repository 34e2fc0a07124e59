"""The tables of a board, as pages show them, and as files: Markdown, LaTeX, CSV and parquet.

A :class:`BoardTable` is columns over rows and, beside these, the unrounded records that a file holds; the site shows
the same tables. A new format is a new entry of :data:`FORMATS`.
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
from tipbench.runs.report import number
from tipbench.tasks import task_of

from tipboard.board.columns import (
    BY_NAME,
    COLUMNS,
    OF_METRIC,
    OVERALL,
    PLACES,
    choose_by_name,
    expected_columns,
    records,
    size_name,
    unit_of,
)
from tipboard.board.files import Board
from tipboard.board.season import SEASON_BY_NAME, BoardSeason, season_columns
from tipboard.board.standings import Line, Lines, best_score, reads_as_best
from tipboard.seasons.standings import SCHEMA

if TYPE_CHECKING:
    import polars as pl
    from tipbench.pages.templates import Filter


WARNING = "Synthetic data: a score here does not estimate field performance."
OPEN_PRACTICE = "Open practice: its truth is public, so scores here are not ranked; ranks come from seasons."


@dataclass(frozen=True)
class Download:
    """A link to a file of a table: what it is called, and its path from the site's root."""

    label: str
    path: str


@dataclass(frozen=True)
class BoardTable:
    """A table: columns over rows.

    ``records``: what a file of it holds, unrounded, None where nothing is known. A row that is a line of a board has
    its ``kind``, ``entry`` and ``usual``.

    On a page: ``id`` and ``title``; ``path``: of its files, from the site's root, without an ending; ``filters``;
    ``size``: of the release, where all rows are of one; ``shared``: files that hold what the tables of all methods
    show, which are written once (then it has none of its own); ``exact``: whether a number sorts by more digits than
    are read.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    records: Sequence[Mapping[str, Any]]
    id: str = ""
    title: str = ""
    path: str = ""
    filters: Sequence[Filter] = ()
    size: str | None = None
    shared: Sequence[Download] = ()
    exact: bool = True

    @property
    def wide(self) -> bool:
        """Whether paper has to be turned for it."""
        return len(self.columns) > 9

    @property
    def downloads(self) -> Sequence[Download]:
        """The files that hold what it shows."""
        return self.shared or downloads(self.path)


LABELS = {"csv": "CSV", "parquet": "Parquet", "markdown": "Markdown", "latex": "LaTeX"}


def downloads(path: str) -> list[Download]:
    """Return the files of a table, whose paths begin alike."""
    return [Download(LABELS[name], f"{path}.{kind.ending}") for name, kind in FORMATS.items()]


def of_task(board: Board, lines: Lines, names: Sequence[str] | None = None) -> BoardTable:
    """Return every method of a task on one split, with the columns of these names or with all that say something there.

    Raises UsageError for a name that no column has.
    """
    chosen = None if names is None else choose_by_name((*BY_NAME, *PLACES, *COLUMNS), lines, names)
    return BoardTable(
        caption=_caption(board, lines, f"{lines[0]['task']}, split {lines[0]['split']}"),
        columns=[with_unit(column, lines[0]) for column in chosen or expected_columns(lines)],
        rows=lines,
        records=records(lines, chosen),
    )


def of_season(
    season: BoardSeason, lines: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None
) -> BoardTable:
    """Return rows of a season's standings, with the columns of these names or with all that say something there.

    A file without names holds the standings as they are. Raises UsageError for a name that no column has.
    """
    chosen = None if names is None else choose_by_name(SEASON_BY_NAME, lines, names)
    columns, of = chosen or season_columns(lines), "Every task"
    if len({line["task"] for line in lines}) == 1:
        columns = [with_unit(column, lines[0]) for column in columns]
        of = f"{lines[0]['task']}: {metric_text(lines[0])}"
    return BoardTable(
        caption=f"{of}. {season.label}. {WARNING}",
        columns=columns,
        rows=lines,
        records=[{name: line[name] for name in SCHEMA} for line in lines]
        if chosen is None
        else records(lines, chosen),
    )


def matrix(board: Board, lines: Lines) -> BoardTable:
    """Return every method of a task on every split: the mean score over seeds."""
    splits = lines[0]["splits"]
    return BoardTable(
        caption=_caption(board, lines, f"{lines[0]['task']}, every split"),
        columns=matrix_columns(lines),
        rows=lines,
        records=[
            {
                "task": line["task"],
                "metric": line["primary"],
                "team": line["team"],
                "method": line["method"],
                **{split: line["by_split"].get(split) for split in splits},
            }
            for line in lines
        ],
    )


def matrix_columns(lines: Lines) -> list[Column]:
    """Return the columns of a task's scores on every split."""
    unit = unit_of(task_of(lines[0]["task"]), lines[0]["primary"])
    splits = lines[0]["splits"]
    return [METHOD, *(_split_column(split, unit, best_score(lines, split)) for split in splits)]


def _split_column(split: str, unit: str, best: float | None) -> Column:
    return Column(
        split, True, name=split, about="Primary metric on this split, mean over seeds.", unit=unit,
        values=lambda line: {split: line["by_split"].get(split)},
        text=lambda line: number(line["by_split"].get(split)),
        bold=lambda line: reads_as_best(line, line["by_split"].get(split), best),
    )  # fmt: skip


def overall(
    boards: Sequence[tuple[Board, Sequence[Lines]]], names: Sequence[str] | None = None
) -> BoardTable:
    """Return every line of every task and split, of boards of one version, with the columns of these keys or with all.

    Raises UsageError for a key that no column has.
    """
    lines = [line for _, standings in boards for there in standings for line in there]
    chosen = None if names is None else choose_by_name((*BY_NAME, *PLACES, *COLUMNS), lines, names)
    said = f"{release(*(board for board, _ in boards))}; every task and split. {WARNING} {OPEN_PRACTICE}"
    found = records(lines, chosen)
    if chosen is None:
        found = [{"size": size_name(line), **record} for line, record in zip(lines, found, strict=True)]
    return BoardTable(said, chosen or OVERALL, lines, found)


def of_entry(board: Board, lines: Lines, name: str) -> BoardTable:
    """Return every line of one entry."""
    columns = [column for column in OVERALL if column.name not in ("method", "size")]
    caption = f"{name} on every task and split. {release(board)}. {WARNING} {OPEN_PRACTICE}"
    return BoardTable(caption, columns, lines, records(lines))


def with_unit(column: Column, line: Line) -> Column:
    """Return a column of a task's table, with the unit of its metric."""
    unit = unit_of(task_of(line["task"]), line["primary"]) if column.unit == OF_METRIC else column.unit
    return replace(column, unit=unit)


def release(*boards: Board) -> str:
    """Return ``Release x, evaluator y`` of boards; a board is of one evaluator (:func:`tipboard.board.files.read`)."""
    first = (next((result for entry in board.entries for result in entry.results), None) for board in boards)
    evaluators = sorted({result.versions.evaluator for result in first if result is not None})
    return (
        f"Release {', '.join(board.label for board in boards)}, evaluator {', '.join(map(str, evaluators))}"
    )


def metric_text(line: Line) -> str:
    """Return the metric of a line's task and which way is better."""
    better = "lower" if line["lower_is_better"] else "higher"
    return f"{metric_title(line['task'], line['primary'])}, {better} is better"


METHOD = next(column for column in COLUMNS if column.name == "method")


def _caption(board: Board, lines: Lines, what: str) -> str:
    return f"{what}: {metric_text(lines[0])}. {release(board)}. {WARNING} {OPEN_PRACTICE}"


HEAD = r"% Needs \usepackage[T1]{fontenc} and \usepackage{booktabs}."

_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "–": "--", "—": "---", "−": r"$-$", "±": r"$\pm$", "×": r"$\times$", "…": r"\ldots{}", "≥": r"$\geq$",
    "≤": r"$\leq$", "→": r"$\to$", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "τ": r"$\tau$", "π": r"$\pi$",
    "α": r"$\alpha$", "β": r"$\beta$", "Δ": r"$\Delta$", "³": r"$^3$", "²": r"$^2$", "°": r"$^\circ$",
    "·": r"$\cdot$",
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
        [_emphasise(escape_markdown(column.text(row)), column, row) for column in table.columns]
        for row in table.rows
    ]
    headings = [escape_markdown(column.title) for column in table.columns]
    body = markdown_table(headings, rows, [column.number for column in table.columns])
    return f"{body}\n\n{escape_markdown(table.caption)}\n".encode()


def _emphasise(text: str, column: Column, row: Mapping[str, Any]) -> str:
    if column.bold(row):
        return f"**{text}**"
    return f"*{text}*" if _names_oracle(column, row) else text


def _names_oracle(column: Column, row: Mapping[str, Any]) -> bool:
    return column.name == METHOD.name and row.get("kind") == "oracle"


def to_latex(table: BoardTable) -> bytes:
    """Return a booktabs table whose caption says release, evaluator, split and metric; best scores are in bold."""
    rows = [[column.text(row) for column in table.columns] for row in table.rows]
    marks = [
        {
            at: "textbf" if column.bold(row) else "emph"
            for at, column in enumerate(table.columns)
            if column.bold(row) or _names_oracle(column, row)
        }
        for row in table.rows
    ]
    headings = [column.title for column in table.columns]
    numbers = [column.number for column in table.columns]
    return latex_table(headings, rows, numbers, table.caption, marks).encode()


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
