"""Methods by score with their intervals, the oracle as a line."""

from __future__ import annotations

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of
from tipbench.style import INTERVAL_OPACITY, INTERVAL_WIDTH, ORACLE_DASH, ORACLE_WIDTH

from tipboard.board.forest import Forest, colour_of, forest_of, interval_of, score_in_words
from tipboard.board.standings import Line, Lines
from tipboard.site.figures.marks import mark

MOST, FEW = 30, 6
"""Methods in the figure of a task, and of a card."""
WIDTH, ROW, TOP, SIZE, LETTERS = 760, 24, 26, 13, 34
PHONE_ROW, WORDS, PHONE_LETTERS = 38, 17, 27
"""Of a method on a phone: pixels, those of its name and score, below which is its mark, and letters of its name."""
CARD_WIDTH, CARD_ROW, CARD_LETTERS, CARD_SIZE, CARD_BOTTOM = 300, 18, 24, 11.5, 40
VALUES = 150
"""Pixels at the right for values in words."""


def forest(lines: Lines) -> Drawing | None:
    """Return the figure of a task; None where nothing has a score."""
    plot = forest_of(lines, MOST)
    if not plot.rows:
        return None
    left = width_of((fit(row["name"], LETTERS) for row in plot.rows), SIZE) + 24
    bottom = TOP + ROW * len(plot.rows)
    picture = Drawing(WIDTH, bottom + _below(plot), _title(lines), _about(plot))
    across = Scale(*plot.limits, left, WIDTH - VALUES)
    _grid(picture, across, TOP - 6, bottom)
    if plot.oracle is not None:
        _oracle(picture, across(plot.oracle), TOP - 8, bottom)
        _name_oracle(picture, across(plot.oracle))
    for place, row in enumerate(plot.rows):
        height = TOP + ROW * (place + 0.5)
        _row(picture, across, row, height, 5)
        bold = row["is_reference"]
        picture.name((left - 14, height), row["name"], LETTERS, size=SIZE, anchor="end", bold=bold)
        picture.text((WIDTH - VALUES + 14, height), score_in_words(row), "quiet", 12)
    _say_axis(picture, plot, (left + WIDTH - VALUES) / 2, bottom)
    return picture


def phone_forest(lines: Lines) -> Drawing | None:
    """Return the same as narrow as a phone, with each name above its mark."""
    plot = forest_of(lines, MOST)
    if not plot.rows:
        return None
    bottom = TOP + PHONE_ROW * len(plot.rows)
    picture = Drawing(PHONE, bottom + _below(plot), _title(lines), _about(plot))
    across = Scale(*plot.limits, 8, PHONE - 14)
    _grid(picture, across, TOP - 6, bottom)
    if plot.oracle is not None:
        _name_oracle(picture, across(plot.oracle))
    for place, row in enumerate(plot.rows):
        top = TOP + PHONE_ROW * place
        if plot.oracle is not None:
            _oracle(picture, across(plot.oracle), top + WORDS + 3, top + PHONE_ROW - 2)
        _row(picture, across, row, top + WORDS + 10, 5)
        picture.name((0, top + 10), row["name"], PHONE_LETTERS, size=SIZE, bold=row["is_reference"])
        picture.text((PHONE, top + 10), score_in_words(row), "quiet", 12, "end")
    _say_axis(picture, plot, PHONE / 2, bottom)
    return picture


def card(lines: Lines) -> Drawing | None:
    """Return the same, small: the best few, without words at the right."""
    plot = forest_of(lines, FEW)
    if not plot.rows:
        return None
    left = width_of((fit(row["name"], CARD_LETTERS) for row in plot.rows), CARD_SIZE) + 12
    bottom = CARD_ROW * len(plot.rows)
    picture = Drawing(CARD_WIDTH, bottom + CARD_BOTTOM, f"{lines[0]['task']}: best methods", _about(plot))
    across = Scale(*plot.limits, left, CARD_WIDTH - 8)
    _grid(picture, across, 2, bottom, 4)
    if plot.oracle is not None:
        _oracle(picture, across(plot.oracle), 2, bottom)
    for place, row in enumerate(plot.rows):
        height = CARD_ROW * (place + 0.5) + 1
        _row(picture, across, row, height, 3.6)
        picture.name((left - 10, height), row["name"], CARD_LETTERS, size=CARD_SIZE, anchor="end")
    picture.text((CARD_WIDTH - 8, bottom + 28), plot.unit, "quiet", 11, "end")
    if plot.left_out:
        picture.text((0, bottom + 12), f"and {plot.left_out:,} more", "quiet", 11)
    return picture


def _title(lines: Lines) -> str:
    return f"{lines[0]['task']} on {lines[0]['split']}: scores"


def _below(plot: Forest) -> float:
    """Return the pixels below the rows."""
    return 58 if plot.left_out else 42


def _say_axis(picture: Drawing, plot: Forest, middle: float, bottom: float) -> None:
    """Write what the axis is of, and how many methods have no row."""
    picture.text((middle, bottom + 34), plot.axis, "quiet", 11, "middle")
    if plot.left_out:
        said = f"{plot.left_out:,} more methods are in the table"
        picture.text((middle, bottom + 50), said, "quiet", 11, "middle")


def _name_oracle(picture: Drawing, at: float) -> None:
    picture.text((at, TOP - 16), "oracle", "oracle-text", 11, "end" if at > picture.width - 30 else "middle")


def _grid(picture: Drawing, across: Scale, top: float, bottom: float, most: int = 6) -> None:
    for value, text in across.ticks(most):
        at = across(value)
        picture.line((at, top), (at, bottom), "pale")
        picture.text((at, bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)


def _oracle(picture: Drawing, at: float, top: float, bottom: float) -> None:
    picture.line((at, top), (at, bottom), "oracle", ORACLE_WIDTH, "{} {}".format(*ORACLE_DASH))


def _row(picture: Drawing, across: Scale, row: Line, height: float, radius: float) -> None:
    """Draw the interval and on it the mark."""
    if (interval := interval_of(row)) is not None:
        low, high = interval
        ends = (across(low), height), (across(high), height)
        picture.line(*ends, colour_of(row), INTERVAL_WIDTH, opacity=INTERVAL_OPACITY)
    mark(picture, row, (across(row["score"]), height), radius)


def _about(plot: Forest) -> str:
    best = next((row for row in plot.rows if row["is_run_here"]), None)
    leads = "" if best is None else f"{best['name']} with {score_in_words(best)}"
    return f"{len(plot.rows)} methods; {f'the best that was run here is {leads}' if leads else 'none was run here'}."
