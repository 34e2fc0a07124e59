"""A board's lines: a method of a task at the task's default split, with what the other splits say about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tipbench.board.comparisons import Compared
from tipbench.board.files import Board
from tipbench.metrics import LOWER_IS_BETTER
from tipbench.report import Row, mean, rows
from tipbench.results import Result
from tipbench.task import Task, task_of

PROTECTION_GAP, COVERAGE, INTRUSION = "protection_gap", "coverage", "intrusion_mrr"
BESIDE = (PROTECTION_GAP, COVERAGE, INTRUSION)
"""Metrics that a reader needs beside the primary one: whom a method fails, and how honest it is."""


@dataclass(frozen=True)
class Line:
    """A method. ``row``: its scores at the default split (:class:`tipbench.report.Row`).

    ``beside``: of each metric in :data:`BESIDE`, its mean over seeds. ``cpu_s``: CPU seconds a cell, mean over seeds.
    ``peak_mib``: the largest. Both are None where a cell's is unknown. ``against``: its test against the reference,
    None where there is none. ``by_split``: the mean score by split.
    """

    method: str
    row: Row
    beside: dict[str, float | None]
    cpu_s: float | None
    peak_mib: float | None
    access: str
    labels: str
    against: Compared | None
    is_reference: bool
    by_split: dict[str, float | None]


@dataclass(frozen=True)
class Standing:
    """A task's lines, best first and oracles last. ``oracle``: what the generator's own posterior scores, if known."""

    task: Task
    split: str
    splits: tuple[str, ...]
    metric: str
    lines: list[Line]
    oracle: float | None

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return self.metric in LOWER_IS_BETTER

    @property
    def reference(self) -> str | None:
        """The method that the others are tested against."""
        return next((line.method for line in self.lines if line.is_reference), None)


def standings(board: Board) -> list[Standing]:
    """What there is to show of every task, by name; nothing of a task without results on its default split."""
    found = (_standing(board, task_of(name)) for name in sorted({result.task for result in board.results}))
    return [standing for standing in found if standing.lines]


def _standing(board: Board, task: Task) -> Standing:
    results = [result for result in board.results if result.task == task.name]
    split = task.splits[0]
    metric = results[0].primary
    all_rows = rows(results)
    tested = {one.method: one for one in board.comparisons if (one.task, one.split) == (task.name, split)}
    references = {one.reference for one in tested.values()}
    lines = []
    for row in all_rows:
        if row.split == split:
            of_method = [result for result in results if result.method == row.method]
            by_split = {other.split: other.score for other in all_rows if other.method == row.method}
            lines.append(_line(row, [r for r in of_method if r.split == split], by_split, tested, references))
    there = {result.split for result in results}
    return Standing(
        task=task,
        split=split,
        splits=tuple(name for name in task.splits if name in there),
        metric=metric,
        lines=sorted(lines, key=lambda line: _place(line, metric in LOWER_IS_BETTER)),
        oracle=_oracle(lines, results, split),
    )


def _line(
    row: Row,
    results: list[Result],
    by_split: dict[str, float | None],
    tested: dict[str, Compared],
    references: set[str],
) -> Line:
    method = row.method.partition("/")[2] or row.method
    peaks = [result.cost.peak_mib for result in results if result.cost.peak_mib is not None]
    beside = {name: mean([r.scores[name].value for r in results if name in r.scores]) for name in BESIDE}
    return Line(
        method=method,
        row=row,
        beside=beside,
        cpu_s=mean([result.cost.cpu_s for result in results]),
        peak_mib=max(peaks) if len(peaks) == len(results) else None,
        access=results[0].access,
        labels=results[0].labels,
        against=tested.get(method),
        is_reference=method in references,
        by_split=by_split,
    )


def _place(line: Line, lower_is_better: bool) -> tuple[bool, float, str]:
    worse = math.inf if line.row.score is None else line.row.score * (1 if lower_is_better else -1)
    return line.row.oracle, worse, line.method


def _oracle(lines: list[Line], results: list[Result], split: str) -> float | None:
    """The oracle's score: of the method that is one, else what the evaluator says beside any score."""
    own = [line.row.score for line in lines if line.row.oracle]
    said = [result.oracle.get("oracle") for result in results if result.split == split]
    return next((value for value in (*own, *said) if value is not None), None)
