"""Say what a forest plot shows, whoever draws it: rows best first, their marks and words, and the ends of its axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tipbench.runs.report import number

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.units import axis_title, unit_words

ROOM = 0.05
"""Of the span of an axis, left free at both ends."""

MEANING = {
    "reference": "the task's reference method",
    "apart": "clearly different from it",
    "hollow": "not clearly different, or not tested",
    "unranked": "submitted, not ranked; if not supported, drawn at its score on a fresh world",
    "oracle": "oracle, shown hidden truth",
}
"""What each mark of a figure means. Clear: p < 5% in a paired cluster bootstrap, after Holm's correction."""


@dataclass(frozen=True)
class ForestRow:
    """A method in a forest plot. ``score``: the one that says where it stands (:attr:`BoardRow.placed_by`)."""

    line: BoardRow
    score: float

    @property
    def name(self) -> str:
        """Return the method as a table names it."""
        return self.line.method

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the ends of the 95% interval."""
        low, high = self.line.placed_by.low, self.line.placed_by.high
        return None if low is None or high is None else (low, high)

    @property
    def words(self) -> str:
        """Return score and interval as text."""
        bounds = "" if self.interval is None else "  [{:.2f}, {:.2f}]".format(*self.interval)
        return f"{number(self.score)}{bounds}"


@dataclass(frozen=True)
class Forest:
    """A forest plot. ``rows``: in the order of the table, without oracles; ``left_out``: methods in the table alone.

    ``axis``: what the axis says; ``unit``: the same without the metric's name.
    """

    rows: Sequence[ForestRow]
    left_out: int
    oracle: float | None
    axis: str
    unit: str

    @property
    def limits(self) -> tuple[float, float]:
        """Return the ends of the axis."""
        ends = (end for row in self.rows for end in (row.score, *(row.interval or ())))
        return limits([self.oracle, *ends])


def forest_of(standing: Standing, most: int | None = None) -> Forest:
    """Return the plot of a task's best methods that have a score, and of its reference method.

    Args:
        standing: a task on a split.
        most: methods; all where it is None.
    """
    there = [
        ForestRow(line, score)
        for line in standing.lines
        if line.is_contender and (score := line.placed_by.score) is not None
    ]
    kept = there[:most] + [row for row in there[len(there[:most]) :] if row.line.is_reference]
    about = standing.task, standing.metric
    return Forest(kept, len(there) - len(kept), standing.oracle, axis_title(*about), unit_words(*about))


def limits(values: Iterable[float | None]) -> tuple[float, float]:
    """Return the ends of an axis that holds zero and all values, with some room where values end."""
    known = [0.0, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    span = high - low or 0.1
    return low - ROOM * span * (low < 0), low + span + ROOM * span


def told_apart(line: BoardRow) -> bool:
    """Return whether its difference to the reference is significant."""
    return line.against is not None and line.against.significant


def colour_of(line: BoardRow) -> str:
    """Return the role of a line's colour."""
    if line.is_reference:
        return "ink"
    return "accent" if line.is_ranked else "quiet"
