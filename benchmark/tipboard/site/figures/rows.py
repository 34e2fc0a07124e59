"""A row per number or method, dots on one axis: scores on each split, wrong accusations and recall by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of
from tipbench.runs.report import OPERATION, number

from tipboard.board.columns import axis_title, worst_text
from tipboard.board.standings import NO_SHIFT, Line, Lines
from tipboard.site.figures.marks import draw_axis, scale

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


def by_split(line: Line, others: Lines) -> Drawing | None:
    """Return a drawing with a row per split, and the score without a shift as a line.

    None if the method has scores on fewer than three splits. ``others``: methods to draw behind it, in pale colours.
    """
    known = dict(_known_scores(line))
    if len(known) < FEWEST:
        return None
    behind = [one["by_split"] for one in others]
    pale = {split: [one[split] for one in behind if one.get(split) is not None] for split in known}
    title = f"{line['task']}: scores where the world shifts"
    return _rows(known, title, axis_title(line), known.get(OPERATION), pale)


def _known_scores(line: Line) -> list[tuple[str, float]]:
    """Return the scores on the operation-disjoint split, which shifts nothing else, and then on every shifted one."""
    splits = [split for split in line["splits"] if split == OPERATION]
    splits += [split for split in line["splits"] if split not in NO_SHIFT]
    return [(split, score) for split in splits if (score := line["by_split"].get(split)) is not None]


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
    heights = {name: TOP + ROW * (at + 0.5) for at, name in enumerate(values)}
    # One kind of mark after the other, so that a page holds their look once.
    for name in values:
        for value in others.get(name, ()):
            picture.circle((across(value), heights[name]), 2.5, "pale", "quiet")
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


def _frame(picture: Drawing, across: Scale, bottom: float, line: float | None) -> None:
    ticks = across.ticks(4)
    for value, _ in ticks:
        picture.line((across(value), TOP - 4), (across(value), bottom), "pale")
    for value, text in ticks:
        picture.text((across(value), bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    if line is not None:
        picture.line((across(line), TOP - 4), (across(line), bottom), "ink", 1.2, "2 3")


BEST = 6
"""Methods in the figure."""
SHIFT_ROW, SHIFT_TOP, SHIFT_BOTTOM, SHIFT_SIZE, SHIFT_LETTERS = 38, 4, 44, 12, 24


def shifts(lines: Lines) -> Drawing | None:
    """Return the figure of the best methods that were run here and the reference, which has the last place if it is not
    among the best.

    None where no method is known on three of the splits.
    """
    there = [line for line in lines if line["is_run_here"] and len(_known_scores(line)) >= FEWEST]
    if not there:
        return None
    reference = [line for line in there[BEST:] if line["is_reference"]]
    known = [(line, _known_scores(line)) for line in (*there[: BEST - len(reference)], *reference)]
    about = "; ".join(f"{line['name']}: {_scores_in_words(scores)}" for line, scores in known)
    bottom = SHIFT_TOP + SHIFT_ROW * len(known)
    title = f"{lines[0]['task']}: scores where the world shifts"
    picture = Drawing(PHONE, bottom + SHIFT_BOTTOM, title, about)
    across = scale([score for _, scores in known for _, score in scores], 14, PHONE - 12)
    draw_axis(picture, across, SHIFT_TOP, bottom)
    for at, (line, scores) in enumerate(known):
        _row(picture, across, line, scores, SHIFT_TOP + SHIFT_ROW * at)
    picture.text((PHONE / 2, bottom + 33), axis_title(lines[0]), "quiet", 11, "middle")
    return picture


def _scores_in_words(known: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{split} {number(score)}" for split, score in known)


def _row(picture: Drawing, across: Scale, line: Line, known: Sequence[tuple[str, float]], top: float) -> None:
    height = top + 26
    picture.name((0, top + 9), line["name"], SHIFT_LETTERS, size=SHIFT_SIZE, bold=line["is_reference"])
    picture.text((PHONE, top + 9), f"worst {worst_text(line)}", "quiet", 11, "end")
    low, *_, high = sorted(score for _, score in known)
    picture.line((across(low), height), (across(high), height), "accent", 2, opacity=0.35)
    for split, score in known:
        radius, fill = (4.5, "accent") if split == OPERATION else (3, "paper")
        said = f"{line['name']}, {split}: {number(score)}"
        picture.circle((across(score), height), radius, fill, "accent", said)
