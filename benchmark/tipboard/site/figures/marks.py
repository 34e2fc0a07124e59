"""How a line of a board is marked in every figure.

Its shape says what it is; it is filled where it differs clearly from the reference.
"""

from __future__ import annotations

from tipbench.pages.svg import Drawing, Point
from tipbench.runs.report import interval, number

from tipboard.board.board_rows import BoardRow
from tipboard.board.forest_rows import colour_of, told_apart


def mark(drawing: Drawing, line: BoardRow, at: Point, radius: float = 4.5) -> None:
    """A diamond for the reference, a dot for a line that is ranked, a square for a submission."""
    colour, tip = colour_of(line), said(line)
    if line.is_reference:
        drawing.diamond(at, radius + 1, colour, tip)
        return
    fill = colour if told_apart(line) else "paper"
    shape = drawing.circle if line.is_ranked else drawing.square
    shape(at, radius if line.is_ranked else radius - 0.5, fill, colour, tip)


def said(line: BoardRow) -> str:
    """Return what a mark means, in words."""
    row = line.row
    bounds = "" if row.low is None or row.high is None else f" (95% interval {interval(row.low, row.high)})"
    return f"{line.method}: {number(row.score)}{bounds}, {line.status}"
