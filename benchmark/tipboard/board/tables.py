"""The tables of a board, as pages show them, and as files: Markdown, LaTeX, CSV and parquet.

A :class:`BoardTable` is columns over rows and, beside these, the unrounded records that a file holds; the site shows
the same tables. A new format is a new entry of :data:`FORMATS`.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import polars as pl
from tipbench.console import Column
from tipbench.pages.templates import Filter
from tipbench.runs.figure import metric_title
from tipbench.runs.report import number

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

WARNING = "Synthetic data: a score here does not estimate field performance."
OPEN_PRACTICE = "Open practice: its truth is public, so scores here are not ranked; ranks come from seasons."


class Download(NamedTuple):
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


def downloads(path: str) -> list[Download]:
    """Return the files of a table, whose paths begin alike."""
    return [Download(kind.label, f"{path}.{kind.ending}") for kind in FORMATS.values()]


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


def of_season(season: BoardSeason, lines: Lines, names: Sequence[str] | None = None) -> BoardTable:
    """Return rows of a season's standings, with the columns of these names or with all that say something there.

    A file without names holds the standings as they are. Raises UsageError for a name that no column has.
    """
    if names is None:
        columns, kept = season_columns(lines), [{name: line[name] for name in SCHEMA} for line in lines]
    else:
        columns = choose_by_name(SEASON_BY_NAME, lines, names)
        kept = records(lines, columns)
    of = "Every task"
    if len({line["task"] for line in lines}) == 1:
        columns = [with_unit(column, lines[0]) for column in columns]
        of = f"{lines[0]['task']}: {metric_text(lines[0])}"
    return BoardTable(f"{of}. {season.label}. {WARNING}", columns, lines, kept)


def matrix(board: Board, lines: Lines) -> BoardTable:
    """Return every method of a task on every split: the mean score over seeds."""
    places = {"task": "task", "metric": "primary", "team": "team", "method": "method"}
    return BoardTable(
        caption=_caption(board, lines, f"{lines[0]['task']}, every split"),
        columns=matrix_columns(lines),
        rows=lines,
        records=[
            {name: line[key] for name, key in places.items()}
            | {split: line["by_split"].get(split) for split in line["splits"]}
            for line in lines
        ],
    )


def matrix_columns(lines: Lines) -> list[Column]:
    """Return the columns of a task's scores on every split."""

    def of_split(split: str) -> Column:
        best = best_score(lines, split)
        return Column(
            split, True, name=split, about="Primary metric on this split, mean over seeds.", unit=unit_of(lines[0]),
            values=lambda line: {split: line["by_split"].get(split)},
            text=lambda line: number(line["by_split"].get(split)),
            bold=lambda line: reads_as_best(line, line["by_split"].get(split), best),
        )  # fmt: skip

    return [METHOD, *map(of_split, lines[0]["splits"])]


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
    return replace(column, unit=unit_of(line)) if column.unit == OF_METRIC else column


def release(*boards: Board) -> str:
    """Return ``Release x, evaluator y`` of boards; a board is of one evaluator (:func:`tipboard.board.files.read`)."""
    evaluators = sorted({one.versions.evaluator for board in boards for one in board.results[:1]})
    labels = ", ".join(board.label for board in boards)
    return f"Release {labels}, evaluator {', '.join(map(str, evaluators))}"


def metric_text(line: Line) -> str:
    """Return the metric of a line's task and which way is better."""
    better = "lower" if line["lower_is_better"] else "higher"
    return f"{metric_title(line['task'], line['primary'])}, {better} is better"


METHOD = next(column for column in COLUMNS if column.name == "method")


def _caption(board: Board, lines: Lines, what: str) -> str:
    return f"{what}: {metric_text(lines[0])}. {release(board)}. {WARNING} {OPEN_PRACTICE}"


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

_MINUS = re.compile(r"(?<![\w.-])-(?=[\d.])")


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is; of a character that pdflatex has no glyph for, its code point."""
    return "".join(map(_latex_character, text))


@cache
def _latex_character(character: str) -> str:
    """Return letters of Latin alphabets as they are, which pdflatex reads as UTF-8."""
    if character in _COMMANDS:
        return _COMMANDS[character]
    is_latin = ord(character) < 0x180 and unicodedata.category(character)[0] == "L"
    is_plain = character.isascii() and character.isprintable()
    return character if is_latin or is_plain else rf"\texttt{{U+{ord(character):04X}}}"


_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`[]<>|#!"})


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is: no link, image, code, tag or column comes of it."""
    return text.translate(_SPECIAL)


def markdown_table(columns: Sequence[Column], rows: Lines, bold: bool = True) -> str:
    """Return a table whose columns are as wide as they have to be, numbers at the right, oracles in italics.

    ``bold``: whether the best scores are in bold.
    """

    def cell(column: Column, row: Line) -> str:
        text = escape_markdown(column.text(row))
        if bold and column.bold(row):
            return f"**{text}**"
        return f"*{text}*" if _names_oracle(column, row) else text

    cells = [[escape_markdown(column.title) for column in columns]]
    cells += [[cell(column, row) for column in columns] for row in rows]
    widths = [max(3, *map(len, texts)) for texts in zip(*cells, strict=True)]
    parts = list(zip(columns, widths, strict=True))
    rule = ["-" * (width - 1) + ":" if column.number else "-" * width for column, width in parts]
    aligned = [
        [
            text.rjust(width) if column.number else text.ljust(width)
            for text, (column, width) in zip(line, parts, strict=True)
        ]
        for line in cells
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (aligned[0], rule, *aligned[1:]))


def _names_oracle(column: Column, row: Line) -> bool:
    return column.name == METHOD.name and row.get("kind") == "oracle"


def to_markdown(table: BoardTable) -> bytes:
    """Return what a reader sees, oracles in italics, best scores in bold, and the caption below."""
    return f"{markdown_table(table.columns, table.rows)}\n\n{escape_markdown(table.caption)}\n".encode()


def to_latex(table: BoardTable) -> bytes:
    """Return a booktabs table with its caption above; oracles are in italics, best scores in bold."""
    columns = "".join("r" if column.number else "l" for column in table.columns)
    lines = [
        r"% Needs \usepackage[T1]{fontenc} and \usepackage{booktabs}.",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(table.caption)}}}",
        r"\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _latex_line(escape_latex(column.title) for column in table.columns),
        r"\midrule",
        *(_latex_line(_latex_cell(column, row) for column in table.columns) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join([*lines, ""]).encode()


def _latex_cell(column: Column, row: Line) -> str:
    text = column.text(row)
    cell = escape_latex(_MINUS.sub("−", text) if column.number else text)
    if column.bold(row):
        return rf"\textbf{{{cell}}}"
    return rf"\emph{{{cell}}}" if _names_oracle(column, row) else cell


def _latex_line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes for the start of a formula."""


def frame(table: BoardTable) -> pl.DataFrame:
    """Return the records as a frame; a column in which nothing is known is Float64."""
    found = pl.DataFrame(list(table.records), infer_schema_length=None)
    return found.with_columns(pl.col(pl.Null).cast(pl.Float64))


def to_csv(table: BoardTable) -> bytes:
    """Return full precision; text that a spreadsheet would run as a formula begins with an apostrophe."""
    neutral = pl.col(pl.String).str.replace(FORMULA, "'${0}")
    return frame(table).with_columns(neutral).write_csv().encode()


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


@dataclass(frozen=True)
class Format:
    """A kind of file. ``binary``: not to be written to a terminal; ``read``: by people, so that it has at first no
    more columns than a printed page has room for."""

    label: str
    ending: str
    write: Callable[[BoardTable], bytes]
    binary: bool = False
    read: bool = False


FORMATS = {
    "csv": Format("CSV", "csv", to_csv),
    "parquet": Format("Parquet", "parquet", to_parquet, binary=True),
    "markdown": Format("Markdown", "md", to_markdown, read=True),
    "latex": Format("LaTeX", "tex", to_latex, read=True),
}
