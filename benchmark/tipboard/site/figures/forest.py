"""Methods by score with their intervals, and lines for scores to compare with."""

from __future__ import annotations

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of
from tipbench.style import INTERVAL_OPACITY, INTERVAL_WIDTH, ORACLE_DASH, ORACLE_WIDTH
from tipcore.spelling import count_of

from tipboard.board.forest import REFERENCES, Forest, colour_of, interval_of, score_in_words
from tipboard.board.standings import Line
from tipboard.site.figures.marks import draw_axis, mark

MOST = 30
"""Methods in the figure of a task."""
WIDTH, ROW, SIZE, SMALL, LETTERS = 760, 24, 13, 11, 34
PHONE_ROW, WORDS, PHONE_LETTERS = 38, 17, 27
"""Of a method on a phone: pixels, those of its name and score, below which is its mark, and letters of its name."""
VALUES = 150
"""Pixels at the right for values in words."""
LEVEL = 14
"""Pixels of a line of names above the figure."""

Names = dict[str, tuple[float, float, int]]
"""By reference: its place across, the middle of its name, and how many lines higher than the lowest the name stands."""


def forest(plot: Forest, phone: bool = False) -> Drawing | None:
    """Return the figure of a task, or the same as narrow as a phone, with each name above its mark; None where nothing
    has a score."""
    if not plot.rows:
        return None
    width, tall, left, right = PHONE, PHONE_ROW, 8.0, PHONE - 14
    if not phone:
        width, tall, right = WIDTH, ROW, WIDTH - VALUES
        left = width_of((fit(row["name"], LETTERS) for row in plot.rows), SIZE) + 24
    across = Scale(*plot.limits, left, right)
    names = _place_names(plot, across, width)
    top = 26 + LEVEL * max((level for *_, level in names.values()), default=0)
    bottom = top + tall * len(plot.rows)
    best = next((row for row in plot.rows if row["is_run_here"]), None)
    leads = best and f"the best that was run here is {best['name']} with {score_in_words(best)}"
    about = f"{count_of(len(plot.rows), 'method')}; {leads or 'none was run here'}."
    picture = Drawing(width, bottom + (58 if plot.left_out else 42), plot.title, about)
    draw_axis(picture, across, top - 6, bottom)
    for name, (at, middle, level) in names.items():
        if not phone:
            _reference(picture, name, at, top - 8 - LEVEL * level, bottom)
        ink = "oracle-text" if name == "oracle" else REFERENCES[name]
        picture.text((middle, top - 16 - LEVEL * level), name, ink, SMALL, "middle")
    draw_row = _phone_row if phone else _row
    for place, row in enumerate(plot.rows):
        draw_row(picture, across, names, row, top + tall * place)
    middle = PHONE / 2 if phone else (left + right) / 2
    picture.text((middle, bottom + 34), plot.axis, "quiet", SMALL, "middle")
    if plot.left_out:
        said = f"the table has {count_of(plot.left_out, 'more method')}"
        picture.text((middle, bottom + 50), said, "quiet", SMALL, "middle")
    return picture


def _place_names(plot: Forest, across: Scale, width: float) -> Names:
    """Return the places of references and their names, each on the first line above the figure that has room."""
    ends: list[float] = []
    found = {}
    for name, value in sorted(plot.references.items(), key=lambda one: one[1]):
        half = width_of([name], SMALL) / 2
        middle = min(max(across(value), half), width - half)
        level = next((at for at, end in enumerate(ends) if end + 8 <= middle - half), len(ends))
        ends[level:] = [middle + half, *ends[level + 1 :]]
        found[name] = (across(value), middle, level)
    return found


def _reference(picture: Drawing, name: str, at: float, top: float, bottom: float) -> None:
    picture.line((at, top), (at, bottom), REFERENCES[name], ORACLE_WIDTH, "{} {}".format(*ORACLE_DASH))


def _row(picture: Drawing, across: Scale, names: Names, row: Line, top: float) -> None:
    height = top + ROW / 2
    _score(picture, across, row, height)
    bold = row["is_reference"]
    picture.name((across.start - 14, height), row["name"], LETTERS, size=SIZE, anchor="end", bold=bold)
    picture.text((across.end + 14, height), score_in_words(row), "quiet", 12)


def _phone_row(picture: Drawing, across: Scale, names: Names, row: Line, top: float) -> None:
    for name, (at, *_) in names.items():
        _reference(picture, name, at, top + WORDS + 3, top + PHONE_ROW - 2)
    _score(picture, across, row, top + WORDS + 10)
    picture.name((0, top + 10), row["name"], PHONE_LETTERS, size=SIZE, bold=row["is_reference"])
    picture.text((PHONE, top + 10), score_in_words(row), "quiet", 12, "end")


def _score(picture: Drawing, across: Scale, row: Line, height: float) -> None:
    """Draw the interval and on it the mark."""
    if (interval := interval_of(row)) is not None:
        start, end = ((across(value), height) for value in interval)
        picture.line(start, end, colour_of(row), INTERVAL_WIDTH, opacity=INTERVAL_OPACITY)
    mark(picture, row, (across(row["score"]), height), 5)
