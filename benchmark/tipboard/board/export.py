"""The tables of a board, as pages show them and files hold them.

A :class:`Table` is what a reader sees and, beside it, the unrounded records that a file holds
(:mod:`tipboard.board.formats`); the site shows the same tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.columns import (
    COLUMNS,
    OF_METRIC,
    OVERALL,
    PLACES,
    BoardColumn,
    Cell,
    cells,
    chosen,
    expected,
    records,
)  # fmt: skip
from tipboard.board.entries import RUN_HERE, SELF_REPORTED, Entry
from tipboard.board.files import Board
from tipboard.board.fresh import MARK, NOT_SUPPORTED, NOT_SUPPORTED_MEANS
from tipboard.board.units import unit_of

ORACLE, REFERENCE, PLAIN = "oracle", "reference", ""
REPRODUCED, CLAIMED, UNSUPPORTED = "reproduced", "claimed", "unsupported"
FOOTNOTE = f"{MARK} {NOT_SUPPORTED.capitalize()}: {NOT_SUPPORTED_MEANS[0].lower()}{NOT_SUPPORTED_MEANS[1:]}"
WARNING = "Synthetic data: a score here does not estimate field performance."
UNRANKED = "Submissions have no rank and are listed after the ranked methods."


@dataclass(frozen=True)
class Heading:
    """Of a column: its name in files, what a reader sees, what it means, whether it stands at the right.

    ``unit``: in what it is counted. ``at_first``: whether a page shows it before a reader chooses columns.
    """

    key: str
    text: str
    about: str
    number: bool
    unit: str = ""
    at_first: bool = True


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    ``kind``: ``oracle``, ``reference``, ``reproduced``, ``claimed`` (self-reported), ``unsupported`` (by a fresh world)
    or ''. ``usual``: whether it is of a default split. ``best``: indices of cells with the best score of the ranked
    methods. ``marked``: indices of cells with a score that is not supported.
    """

    cells: Sequence[Cell]
    kind: str = PLAIN
    entry: Entry | None = None
    usual: bool = True
    best: tuple[int, ...] = ()
    marked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table. ``records``: what a file of it holds, unrounded, None where nothing is known."""

    caption: str
    headings: Sequence[Heading]
    rows: Sequence[TableRow]
    records: Sequence[Mapping[str, Any]]

    @property
    def footnote(self) -> str:
        """What the mark of scores that are not supported means; empty where no score has it."""
        return FOOTNOTE if any(row.marked for row in self.rows) else ""


def of_task(board: Board, standing: Standing, names: Sequence[str] | None = None) -> Table:
    """Return every method of a task on one split, with the columns of these keys or with all that say something there.

    Raises UsageError for a key that no column has.
    """
    columns = expected(standing) if names is None else chosen(COLUMNS, names)
    return Table(
        caption=_caption(board, standing, f"{standing.task.name}, split {standing.split}"),
        headings=[heading(column, standing) for column in columns],
        rows=[_row(line, columns, standing) for line in standing.lines],
        records=records([standing], present(COLUMNS, standing.lines) if names is None else columns),
    )


def matrix(board: Board, standing: Standing) -> Table:
    """Return every method of a task on every split: the mean score over seeds."""
    about = "Primary metric on this split, mean over seeds."
    unit = unit_of(standing.task, standing.metric)
    splits = [Heading(split, split, about, True, unit) for split in standing.splits]
    best = {split: standing.best_on(split) for split in standing.splits}
    return Table(
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


@dataclass(frozen=True)
class Placed:
    """A line, and where it stands."""

    size: str
    standing: Standing
    line: BoardRow


def placed(board: Board, standings: Sequence[Standing]) -> list[Placed]:
    """Return every line of the standings."""
    size = board.data.partition("/")[2]
    return [Placed(size, standing, line) for standing in standings for line in standing.lines]


def overall(boards: Sequence[tuple[Board, Sequence[Standing]]], names: Sequence[str] | None = None) -> Table:
    """Return every line of every task and split, of boards of one version, with the columns of these keys or with all.

    Raises UsageError for a key that no column has.
    """
    there = [one for board, standings in boards for one in placed(board, standings)]
    lines = [one.line for one in there]
    columns = present(OVERALL, lines) if names is None else chosen((*PLACES, *COLUMNS), names)
    kept = present(COLUMNS, lines) if names is None else columns
    said = f"{release(*(board for board, _ in boards))}; every task and split. {_warning(lines)}"
    found = [
        {"size": board.data.partition("/")[2], **record}
        for board, standings in boards
        for record in records(standings, kept)
    ]
    return Table(
        said, [heading(column) for column in columns], [_placed_row(one, columns) for one in there], found
    )


def of_entry(board: Board, there: Sequence[Placed], name: str) -> Table:
    """Return every line of one entry."""
    lines = [one.line for one in there]
    columns = [column for column in present(OVERALL, lines) if column.key not in ("method", "size")]
    alone = [replace(one.standing, lines=[one.line]) for one in there]
    caption = f"{name} on every task and split. {release(board)}. {_warning(lines)}"
    rows = [_placed_row(one, columns) for one in there]
    return Table(
        caption, [heading(column) for column in columns], rows, records(alone, present(COLUMNS, lines))
    )


def present(columns: Sequence[BoardColumn], lines: Sequence[BoardRow]) -> list[BoardColumn]:
    """Return the columns without optional ones that say nothing of any line."""
    return [one for one in columns if not one.optional or any(one.text(line) != NOTHING for line in lines)]


def heading(column: BoardColumn, standing: Standing | None = None) -> Heading:
    """Return a column's heading, in a table of one standing with the unit of its metric."""
    unit = column.unit
    if standing is not None and unit == OF_METRIC:
        unit = unit_of(standing.task, standing.metric)
    return Heading(column.key, column.heading, column.about, column.number, unit, column.at_first)


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
METHOD = next(heading(column) for column in COLUMNS if column.key == "method")


def _placed_row(one: Placed, columns: Sequence[BoardColumn]) -> TableRow:
    usual = one.standing.split == one.standing.task.splits[0]
    return _row(one.line, columns, one.standing, usual)


def _caption(board: Board, standing: Standing, what: str) -> str:
    return f"{what}: {metric_text(standing)}. {release(board)}. {_warning(standing.lines)}"


def _warning(lines: Sequence[BoardRow]) -> str:
    """Return the warning about synthetic scores and, if there are submissions, that they have no rank."""
    return WARNING if all(line.status == RUN_HERE for line in lines) else f"{WARNING} {UNRANKED}"


def _row(line: BoardRow, columns: Sequence[BoardColumn], standing: Standing, usual: bool = True) -> TableRow:
    is_best = _is_best(line, line.row.score, standing.best)
    at = tuple(at for at, column in enumerate(columns) if column.key == "score" and is_best)
    marked = tuple(
        at for at, column in enumerate(columns) if column.key in MARKED and not line.is_supported()
    )
    return TableRow(_marked(cells(line, columns), marked), kind_of(line), line.entry, usual, at, marked)


def _marked(found: Sequence[Cell], places: Sequence[int]) -> list[Cell]:
    return [
        replace(cell, text=f"{cell.text} {MARK}") if at in places else cell for at, cell in enumerate(found)
    ]


def _split_row(line: BoardRow, standing: Standing, best: Mapping[str, float | None]) -> TableRow:
    """Return the scores of one method on every split, and where they are the best."""
    scores = [Cell(number(line.by_split[split]), line.by_split[split]) for split in standing.splits]
    at = tuple(
        place
        for place, split in enumerate(standing.splits, start=1)
        if _is_best(line, line.by_split[split], best[split])
    )
    marked = tuple(at for at, split in enumerate(standing.splits, start=1) if not line.is_supported(split))
    shown_cells = _marked([Cell(line.method, line.method), *scores], marked)
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
