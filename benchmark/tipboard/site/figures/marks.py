"""Scales of the figures of scores, and how a line of a board is marked in each of them.

A mark's shape says what it is; it is filled where it is in a top group or differs clearly from the reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from tipbench.pages.svg import Drawing, Point, Scale
from tipbench.runs.report import interval, number

from tipboard.board.forest import colour_of, interval_of, is_filled, limits
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
    shape, size = (drawing.circle, radius) if line["is_run_here"] else (drawing.square, radius - 0.5)
    shape(at, size, colour if is_filled(line) else "paper", colour, tip)


def describe_line(line: Line) -> str:
    """Return what a mark means, in words."""
    ends = interval_of(line)
    bounds = "" if ends is None else f" (95% interval {interval(*ends)})"
    return f"{line['name']}: {number(line['score'])}{bounds}, {line['status']}"


def draw_axis(drawing: Drawing, across: Scale, top: float, bottom: float) -> None:
    """An axis at ``bottom``, its ticks below it and its grid up to ``top``."""
    for value, text in across.ticks():
        at = across(value)
        drawing.line((at, top), (at, bottom), "pale")
        drawing.text((at, bottom + 12), text, "quiet", 11, "middle")
    drawing.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
