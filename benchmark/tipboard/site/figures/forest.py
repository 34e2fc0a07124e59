"""Methods by score with their intervals, best first, the oracle as a line."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.runs.figure import metric_title
from tipbench.runs.report import number

from tipboard.board.lines import Line, Standing
from tipboard.site.axes import Scale, scale
from tipboard.site.figures.marks import colour_of, mark
from tipboard.site.svg import Drawing, fit, width_of

MOST, FEW = 30, 6
"""Methods in the figure of a task, and of a card."""
WIDTH, ROW, TOP, BOTTOM, SIZE, LETTERS = 760, 24, 22, 46, 13, 34
CARD_WIDTH, CARD_ROW, CARD_LETTERS, CARD_SIZE = 300, 18, 24, 11.5
VALUES = 150
"""Pixels at the right for values in words."""


def drawn(standing: Standing, most: int = MOST) -> tuple[list[Line], int]:
    """The best lines that have a score, and the reference; and how many are left out. Oracles are not among them."""
    there = [line for line in standing.lines if line.row.score is not None and not line.row.oracle]
    kept = there[:most] + [line for line in there[most:] if line.is_reference]
    return kept, len(there) - len(kept)


def forest(standing: Standing) -> Drawing | None:
    """The figure of a task; None where nothing has a score."""
    lines, left_out = drawn(standing)
    if not lines:
        return None
    left = width_of((fit(line.method, LETTERS) for line in lines), SIZE) + 24
    bottom = TOP + ROW * len(lines)
    picture = Drawing(
        WIDTH, bottom + BOTTOM, f"{standing.task.name} on {standing.split}: scores", _about(lines)
    )
    across = scale(_values(lines, standing.oracle), left, WIDTH - VALUES)
    _grid(picture, across, TOP - 6, bottom)
    if standing.oracle is not None:
        _oracle(picture, across(standing.oracle), bottom)
    for place, line in enumerate(lines):
        height = TOP + ROW * (place + 0.5)
        _interval(picture, across, line, height, 2.2)
        mark(picture, line, (across(_score(line)), height), 5)
        picture.name(
            (left - 14, height), line.method, LETTERS, size=SIZE, anchor="end", bold=line.is_reference
        )
        picture.text((WIDTH - VALUES + 14, height), _words(line), "quiet", 12)
    title = metric_title(standing.task.name, standing.metric)
    title += " (lower is better)" if standing.lower_is_better else ""
    title += f"; {left_out:,} more methods are in the table" if left_out else ""
    picture.text(((left + WIDTH - VALUES) / 2, bottom + 36), title, "quiet", 12, "middle")
    return picture


def card(standing: Standing) -> Drawing | None:
    """The same, small: the best few, without words at the right."""
    lines, _ = drawn(standing, FEW)
    if not lines:
        return None
    left = width_of((fit(line.method, CARD_LETTERS) for line in lines), CARD_SIZE) + 12
    bottom = CARD_ROW * len(lines)
    picture = Drawing(
        CARD_WIDTH, CARD_ROW * (FEW + 1) + 22, f"{standing.task.name}: best methods", _about(lines)
    )
    across = scale(_values(lines, standing.oracle), left, CARD_WIDTH - 8)
    _grid(picture, across, 2, bottom, 4)
    if standing.oracle is not None:
        at = across(standing.oracle)
        picture.line((at, 2), (at, bottom), "oracle", 1.5, "4 3")
    for place, line in enumerate(lines):
        height = CARD_ROW * (place + 0.5) + 1
        _interval(picture, across, line, height, 1.8)
        mark(picture, line, (across(_score(line)), height), 3.6)
        picture.name((left - 10, height), line.method, CARD_LETTERS, size=CARD_SIZE, anchor="end")
    return picture


def _grid(picture: Drawing, across: Scale, top: float, bottom: float, most: int = 6) -> None:
    for value, text in across.ticks(most):
        at = across(value)
        picture.line((at, top), (at, bottom), "pale")
        picture.text((at, bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)


def _oracle(picture: Drawing, at: float, bottom: float) -> None:
    picture.line((at, TOP - 8), (at, bottom), "oracle", 1.6, "5 4")
    picture.text((at, TOP - 14), "oracle", "oracle-text", 11, "middle")


def _interval(picture: Drawing, across: Scale, line: Line, height: float, width: float) -> None:
    low, high = line.row.low, line.row.high
    if low is not None and high is not None:
        picture.line((across(low), height), (across(high), height), colour_of(line), width, opacity=0.5)


def _values(lines: Sequence[Line], oracle: float | None) -> list[float | None]:
    return [oracle, *(value for line in lines for value in (line.row.score, line.row.low, line.row.high))]


def _score(line: Line) -> float:
    return 0.0 if line.row.score is None else line.row.score


def _words(line: Line) -> str:
    row = line.row
    bounds = "" if row.low is None or row.high is None else f"  [{row.low:.2f}, {row.high:.2f}]"
    return f"{number(row.score)}{bounds}"


def _about(lines: Sequence[Line]) -> str:
    best = lines[0]
    return f"{len(lines)} methods, best first; the best is {best.method} with {_words(best)}."
