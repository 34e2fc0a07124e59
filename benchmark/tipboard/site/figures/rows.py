"""A row per number or method, dots on one axis: scores on each split, wrong accusations and recall by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of
from tipbench.runs.report import OPERATION, number
from tipbench.tasks import task_of

from tipboard.board.columns import axis_title, worst_text
from tipboard.board.standings import NO_SHIFT, Line, Lines
from tipboard.site.figures.marks import scale

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
    """Return a row per split that shifts the world, and the score without a shift as a line.

    None where the method is known on fewer than three splits. ``others`` are drawn pale.
    """
    splits = splits_of(line)
    known = {split: score for split in splits if (score := line["by_split"].get(split)) is not None}
    if len(known) < FEWEST:
        return None
    pale = {
        split: [score for one in others if (score := one["by_split"].get(split)) is not None]
        for split in known
    }
    title = f"{line['task']}: scores where the world shifts"
    axis = axis_title(task_of(line["task"]), line["primary"])
    return _rows(known, title, axis, known.get(OPERATION), pale)


def splits_of(line: Line) -> list[str]:
    """Return the operation-disjoint split, which shifts nothing else, and then every shifted one that has results."""
    unshifted = [split for split in line["splits"] if split == OPERATION]
    return [*unshifted, *(split for split in line["splits"] if split not in NO_SHIFT)]


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


BEST = 6
"""Methods in the figure."""
SHIFT_ROW, SHIFT_TOP, SHIFT_BOTTOM, SHIFT_SIZE, SHIFT_LETTERS = 38, 4, 44, 12, 24


def shifts(lines: Lines) -> Drawing | None:
    """Return the figure of the best methods that were run here and the reference.

    None where no method is known on three of the splits.
    """
    shown = lines_in_figure(lines)
    if not shown:
        return None
    bottom = SHIFT_TOP + SHIFT_ROW * len(shown)
    about = "; ".join(f"{line['name']}: {_scores_in_words(line)}" for line in shown)
    task = lines[0]["task"]
    picture = Drawing(PHONE, bottom + SHIFT_BOTTOM, f"{task}: scores where the world shifts", about)
    across = scale([score for line in shown for _, score in _known_scores(line)], 14, PHONE - 12)
    for value, text in across.ticks():
        picture.line((across(value), SHIFT_TOP), (across(value), bottom), "pale")
        picture.text((across(value), bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    for at, line in enumerate(shown):
        _row(picture, across, line, SHIFT_TOP + SHIFT_ROW * at)
    axis = axis_title(task_of(task), lines[0]["primary"])
    picture.text((PHONE / 2, bottom + 33), axis, "quiet", 11, "middle")
    return picture


def lines_in_figure(lines: Lines) -> Lines:
    """Return the lines that the figure has: the best, and the reference in the place of the last of them."""
    there = [line for line in lines if line["is_run_here"] and len(_known_scores(line)) >= FEWEST]
    reference = [line for line in there[BEST:] if line["is_reference"]]
    return [*there[: BEST - len(reference)], *reference]


def _known_scores(line: Line) -> Sequence[tuple[str, float]]:
    scores = line["by_split"]
    return [(split, scores[split]) for split in splits_of(line) if scores.get(split) is not None]


def _row(picture: Drawing, across: Scale, line: Line, top: float) -> None:
    height, known = top + 26, _known_scores(line)
    picture.name((0, top + 9), line["name"], SHIFT_LETTERS, size=SHIFT_SIZE, bold=line["is_reference"])
    picture.text((PHONE, top + 9), f"worst {worst_text(line)}", "quiet", 11, "end")
    scores = [score for _, score in known]
    picture.line((across(min(scores)), height), (across(max(scores)), height), "accent", 2, opacity=0.35)
    for split, score in known:
        shifted = split != OPERATION
        said = f"{line['name']}, {split}: {number(score)}"
        picture.circle(
            (across(score), height), 3 if shifted else 4.5, "paper" if shifted else "accent", "accent", said
        )


def _scores_in_words(line: Line) -> str:
    return ", ".join(f"{split} {number(score)}" for split, score in _known_scores(line))
