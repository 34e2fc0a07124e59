"""Methods by score with their intervals, and lines for scores to compare with."""

from __future__ import annotations

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of
from tipbench.style import INTERVAL_OPACITY, INTERVAL_WIDTH, ORACLE_DASH, ORACLE_WIDTH

from tipboard.board.forest import REFERENCES, Forest, colour_of, interval_of, score_in_words
from tipboard.board.standings import Line
from tipboard.site.figures.marks import mark

MOST = 30
"""Methods in the figure of a task."""
WIDTH, ROW, SIZE, SMALL, LETTERS = 760, 24, 13, 11, 34
PHONE_ROW, WORDS, PHONE_LETTERS = 38, 17, 27
"""Of a method on a phone: pixels, those of its name and score, below which is its mark, and letters of its name."""
VALUES = 150
"""Pixels at the right for values in words."""
LEVEL = 14
"""Pixels of a line of names above the figure."""


def forest(plot: Forest) -> Drawing | None:
    """Return the figure of a task; None where nothing has a score."""
    if not plot.rows:
        return None
    left = width_of((fit(row["name"], LETTERS) for row in plot.rows), SIZE) + 24
    across = Scale(*plot.limits, left, WIDTH - VALUES)
    names = _place_names(plot, across, WIDTH)
    picture, top, bottom = _begin(plot, across, names, WIDTH, ROW)
    for name, (at, middle, level) in names.items():
        _reference(picture, name, at, top - 8 - LEVEL * level, bottom)
        _write_name(picture, name, middle, top, level)
    for place, row in enumerate(plot.rows):
        height = top + ROW * (place + 0.5)
        _row(picture, across, row, height, 5)
        bold = row["is_reference"]
        picture.name((left - 14, height), row["name"], LETTERS, size=SIZE, anchor="end", bold=bold)
        picture.text((WIDTH - VALUES + 14, height), score_in_words(row), "quiet", 12)
    _say_axis(picture, plot, (left + WIDTH - VALUES) / 2, bottom)
    return picture


def phone_forest(plot: Forest) -> Drawing | None:
    """Return the same as narrow as a phone, with each name above its mark."""
    if not plot.rows:
        return None
    across = Scale(*plot.limits, 8, PHONE - 14)
    names = _place_names(plot, across, PHONE)
    picture, first, bottom = _begin(plot, across, names, PHONE, PHONE_ROW)
    for name, (_, middle, level) in names.items():
        _write_name(picture, name, middle, first, level)
    for place, row in enumerate(plot.rows):
        top = first + PHONE_ROW * place
        for name, (at, *_) in names.items():
            _reference(picture, name, at, top + WORDS + 3, top + PHONE_ROW - 2)
        _row(picture, across, row, top + WORDS + 10, 5)
        picture.name((0, top + 10), row["name"], PHONE_LETTERS, size=SIZE, bold=row["is_reference"])
        picture.text((PHONE, top + 10), score_in_words(row), "quiet", 12, "end")
    _say_axis(picture, plot, PHONE / 2, bottom)
    return picture


def _place_names(plot: Forest, across: Scale, width: float) -> dict[str, tuple[float, float, int]]:
    """Return where each reference is, the middle of its name, and on which line above the figure that has room."""
    ends: list[float] = []
    found = {}
    for name, value in sorted(plot.references.items(), key=lambda one: one[1]):
        half = width_of([name], SMALL) / 2
        middle = min(max(across(value), half), width - half)
        level = next((at for at, end in enumerate(ends) if end + 8 <= middle - half), len(ends))
        ends[level:] = [middle + half, *ends[level + 1 :]]
        found[name] = (across(value), middle, level)
    return found


def _begin(
    plot: Forest, across: Scale, names: dict[str, tuple[float, float, int]], width: float, row: float
) -> tuple[Drawing, float, float]:
    """Return a figure with nothing but its grid, and where its rows, so high each, begin and end."""
    top = 26 + LEVEL * max((level for *_, level in names.values()), default=0)
    bottom = top + row * len(plot.rows)
    picture = Drawing(width, bottom + (58 if plot.left_out else 42), plot.title, _about(plot))
    _grid(picture, across, top - 6, bottom)
    return picture, top, bottom


def _write_name(picture: Drawing, name: str, middle: float, top: float, level: int) -> None:
    ink = "oracle-text" if name == "oracle" else REFERENCES[name]
    picture.text((middle, top - 16 - LEVEL * level), name, ink, SMALL, "middle")


def _say_axis(picture: Drawing, plot: Forest, middle: float, bottom: float) -> None:
    """Write what the axis is of, and how many methods have no row."""
    picture.text((middle, bottom + 34), plot.axis, "quiet", SMALL, "middle")
    if plot.left_out:
        said = f"{plot.left_out:,} more methods are in the table"
        picture.text((middle, bottom + 50), said, "quiet", SMALL, "middle")


def _grid(picture: Drawing, across: Scale, top: float, bottom: float) -> None:
    for value, text in across.ticks():
        at = across(value)
        picture.line((at, top), (at, bottom), "pale")
        picture.text((at, bottom + 12), text, "quiet", SMALL, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)


def _reference(picture: Drawing, name: str, at: float, top: float, bottom: float) -> None:
    picture.line((at, top), (at, bottom), REFERENCES[name], ORACLE_WIDTH, "{} {}".format(*ORACLE_DASH))


def _row(picture: Drawing, across: Scale, row: Line, height: float, radius: float) -> None:
    """Draw the interval and on it the mark."""
    if (interval := interval_of(row)) is not None:
        low, high = interval
        ends = (across(low), height), (across(high), height)
        picture.line(*ends, colour_of(row), INTERVAL_WIDTH, opacity=INTERVAL_OPACITY)
    mark(picture, row, (across(row["score"]), height), radius)


def _about(plot: Forest) -> str:
    best = next((row for row in plot.rows if row["is_run_here"]), None)
    leads = best and f"the best that was run here is {best['name']} with {score_in_words(best)}"
    return f"{len(plot.rows)} methods; {leads or 'none was run here'}."
