"""Methods by score with their intervals, best first, the oracle as a line."""

from __future__ import annotations

from tipbench.style import INTERVAL_OPACITY, INTERVAL_WIDTH, ORACLE_DASH, ORACLE_WIDTH

from tipboard.board.board_rows import Standing
from tipboard.board.forest_rows import Forest, ForestRow, colour_of, forest_of
from tipboard.site.axes import Scale
from tipboard.site.figures.marks import mark
from tipboard.site.svg import Drawing, fit, width_of

MOST, FEW = 30, 6
"""Methods in the figure of a task, and of a card."""
WIDTH, ROW, TOP, BOTTOM, SIZE, LETTERS = 760, 24, 22, 46, 13, 34
CARD_WIDTH, CARD_ROW, CARD_LETTERS, CARD_SIZE = 300, 18, 24, 11.5
VALUES = 150
"""Pixels at the right for values in words."""


def forest(standing: Standing) -> Drawing | None:
    """Return the figure of a task; None where nothing has a score."""
    plot = forest_of(standing, MOST)
    if not plot.rows:
        return None
    left = width_of((fit(row.name, LETTERS) for row in plot.rows), SIZE) + 24
    bottom = TOP + ROW * len(plot.rows)
    title = f"{standing.task.name} on {standing.split}: scores"
    picture = Drawing(WIDTH, bottom + BOTTOM, title, _about(plot))
    across = Scale(*plot.limits, left, WIDTH - VALUES)
    _grid(picture, across, TOP - 6, bottom)
    if plot.oracle is not None:
        at = across(plot.oracle)
        _oracle(picture, at, TOP - 8, bottom)
        picture.text((at, TOP - 14), "oracle", "oracle-text", 11, "middle")
    for place, row in enumerate(plot.rows):
        height = TOP + ROW * (place + 0.5)
        _row(picture, across, row, height, 5)
        bold = row.line.is_reference
        picture.name((left - 14, height), row.name, LETTERS, size=SIZE, anchor="end", bold=bold)
        picture.text((WIDTH - VALUES + 14, height), row.words, "quiet", 12)
    axis = plot.axis + (f"; {plot.left_out:,} more methods are in the table" if plot.left_out else "")
    picture.text(((left + WIDTH - VALUES) / 2, bottom + 36), axis, "quiet", 12, "middle")
    return picture


def card(standing: Standing) -> Drawing | None:
    """Return the same, small: the best few, without words at the right."""
    plot = forest_of(standing, FEW)
    if not plot.rows:
        return None
    left = width_of((fit(row.name, CARD_LETTERS) for row in plot.rows), CARD_SIZE) + 12
    bottom = CARD_ROW * len(plot.rows)
    title = f"{standing.task.name}: best methods"
    picture = Drawing(CARD_WIDTH, CARD_ROW * (FEW + 1) + 22, title, _about(plot))
    across = Scale(*plot.limits, left, CARD_WIDTH - 8)
    _grid(picture, across, 2, bottom, 4)
    if plot.oracle is not None:
        _oracle(picture, across(plot.oracle), 2, bottom)
    for place, row in enumerate(plot.rows):
        height = CARD_ROW * (place + 0.5) + 1
        _row(picture, across, row, height, 3.6)
        picture.name((left - 10, height), row.name, CARD_LETTERS, size=CARD_SIZE, anchor="end")
    return picture


def _grid(picture: Drawing, across: Scale, top: float, bottom: float, most: int = 6) -> None:
    for value, text in across.ticks(most):
        at = across(value)
        picture.line((at, top), (at, bottom), "pale")
        picture.text((at, bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)


def _oracle(picture: Drawing, at: float, top: float, bottom: float) -> None:
    picture.line((at, top), (at, bottom), "oracle", ORACLE_WIDTH, "{} {}".format(*ORACLE_DASH))


def _row(picture: Drawing, across: Scale, row: ForestRow, height: float, radius: float) -> None:
    """Draw the interval and on it the mark."""
    if row.interval is not None:
        low, high = row.interval
        ends = (across(low), height), (across(high), height)
        picture.line(*ends, colour_of(row.line), INTERVAL_WIDTH, opacity=INTERVAL_OPACITY)
    mark(picture, row.line, (across(row.score), height), radius)


def _about(plot: Forest) -> str:
    best = plot.rows[0]
    return f"{len(plot.rows)} methods, best first; the best is {best.name} with {best.words}."
