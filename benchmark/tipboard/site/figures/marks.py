"""Scales of the figures of scores, and how a line of a board is marked in each of them.

A mark's shape says what it is; it is filled where it is in a top group or differs clearly from the reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from tipbench.pages.svg import Drawing, Point, Scale
from tipbench.runs.report import interval, number

from tipboard.board.forest import colour_of, is_filled, limits
from tipboard.board.standings import Line


def scale(values: Iterable[float | None], start: float, end: float) -> Scale:
    """Return a scale of zero and all values, with some room."""
    return Scale(*limits(values), start, end)


def mark(drawing: Drawing, line: Line, at: Point, radius: float = 4.5) -> None:
    """A diamond for the reference, a dot for a line that was run here, a square for a submission."""
    colour, tip = colour_of(line), describe_line(line)
    if line["is_reference"]:
        drawing.diamond(at, radius + 1, colour, tip)
        return
    fill = colour if is_filled(line) else "paper"
    shape = drawing.circle if line["is_run_here"] else drawing.square
    shape(at, radius if line["is_run_here"] else radius - 0.5, fill, colour, tip)


def describe_line(line: Line) -> str:
    """Return what a mark means, in words."""
    low, high = line["low"], line["high"]
    bounds = "" if low is None or high is None else f" (95% interval {interval(low, high)})"
    return f"{line['name']}: {number(line['score'])}{bounds}, {line['status']}"
