"""A number per row as dots on one axis: whom a method accuses wrongly, whom it misses, what it scores on each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tipbench.pages.axes import Scale
from tipbench.pages.svg import PHONE, Drawing, fit, width_of
from tipbench.runs.report import OPERATION, number

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.units import axis_title
from tipboard.site.axes import scale

ROW, TOP, BOTTOM, SIZE, LETTERS, VALUES = 21, 10, 44, 11.5, 24, 52
ALL = "lawful"
"""The group of all others together, which is drawn as a line."""
FEWEST = 3
"""Splits below which a method's scores are not drawn by split."""


def by_group(rates: Mapping[str, float], title: str, axis: str) -> Drawing | None:
    """Return a row per group, and all lawful together as a line; None for fewer than two groups."""
    groups = {name.replace("=", ": "): rate for name, rate in rates.items() if name != ALL}
    if len(groups) < 2:
        return None
    note = f"{axis}; dotted: all lawful" if ALL in rates else axis
    return _rows(groups, title, note, rates.get(ALL), {})


def by_split(standing: Standing, line: BoardRow, others: Sequence[BoardRow]) -> Drawing | None:
    """Return a row per split that shifts the world, and the score without a shift as a line.

    None where the method is known on fewer than three splits. ``others`` are drawn pale.
    """
    splits = splits_of(standing)
    known = {split: score for split in splits if (score := line.by_split.get(split)) is not None}
    if len(known) < FEWEST:
        return None
    pale = {
        split: [score for one in others if (score := one.by_split.get(split)) is not None] for split in known
    }
    title = f"{standing.task.name}: scores where the world shifts"
    return _rows(known, title, axis_title(standing.task, standing.metric), known.get(OPERATION), pale)


def splits_of(standing: Standing) -> tuple[str, ...]:
    """Return the operation-disjoint split, which shifts nothing else, and then every shifted one that has results."""
    unshifted = [split for split in standing.splits if split == OPERATION]
    return (*unshifted, *standing.shifts)


def _rows(
    values: Mapping[str, float],
    title: str,
    axis: str,
    line: float | None,
    others: Mapping[str, Sequence[float]],
) -> Drawing:
    left = width_of((fit(name, LETTERS) for name in values), SIZE) + 16
    bottom = TOP + ROW * len(values)
    about = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
    picture = Drawing(PHONE, bottom + BOTTOM, title, about)
    everything = [*values.values(), line, *(one for each in others.values() for one in each)]
    across = scale(everything, left, PHONE - VALUES)
    _frame(picture, across, bottom, line)
    _dots(picture, across, [others.get(name, ()) for name in values])
    heights = {name: TOP + ROW * (at + 0.5) for at, name in enumerate(values)}
    # One kind of mark after the other, so that a page holds their look once.
    for name, value in values.items():
        ends = (across(0), heights[name]), (across(value), heights[name])
        picture.line(*ends, "accent", 2, opacity=0.35)
    for name, value in values.items():
        tip = None if _words(value) == f"{value:.4f}" and len(name) <= LETTERS else f"{name}: {value:.4f}"
        picture.circle((across(value), heights[name]), 4, "accent", "accent", tip)
    for name in values:
        picture.name((left - 10, heights[name]), name, LETTERS, size=SIZE, anchor="end")
    for name, value in values.items():
        picture.text((PHONE, heights[name]), _words(value), "quiet", 11, "end")
    picture.text((PHONE, bottom + 33), axis, "quiet", 11, "end")
    return picture


def _words(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 0.1 else number(value)


def _dots(picture: Drawing, across: Scale, rows: Sequence[Sequence[float]]) -> None:
    """Draw the values of others, row by row."""
    for at, values in enumerate(rows):
        for value in values:
            picture.circle((across(value), TOP + ROW * (at + 0.5)), 2.5, "pale", "quiet")


def _frame(picture: Drawing, across: Scale, bottom: float, line: float | None) -> None:
    ticks = across.ticks(4)
    for value, _ in ticks:
        picture.line((across(value), TOP - 4), (across(value), bottom), "pale")
    for value, text in ticks:
        picture.text((across(value), bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    if line is not None:
        picture.line((across(line), TOP - 4), (across(line), bottom), "ink", 1.2, "2 3")
