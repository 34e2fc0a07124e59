"""What is left of scores where the world shifts: a row per method, a dot per split."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.pages.axes import Scale
from tipbench.pages.svg import PHONE, Drawing
from tipbench.runs.report import OPERATION, number

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.column_values import worst_text
from tipboard.board.units import axis_title
from tipboard.site.axes import scale
from tipboard.site.figures.rows import FEWEST, splits_of

BEST = 6
"""Methods in the figure."""
ROW, TOP, BOTTOM, SIZE, LETTERS = 38, 4, 44, 12, 24


def shifts(standing: Standing) -> Drawing | None:
    """Return the figure of the best ranked methods and the reference.

    None where no method is known on three of the splits.
    """
    lines = shown_in(standing)
    if not lines:
        return None
    bottom = TOP + ROW * len(lines)
    about = "; ".join(f"{line.method}: {_words(standing, line)}" for line in lines)
    picture = Drawing(PHONE, bottom + BOTTOM, f"{standing.task.name}: scores where the world shifts", about)
    across = scale([score for line in lines for _, score in _known(standing, line)], 14, PHONE - 12)
    for value, text in across.ticks():
        picture.line((across(value), TOP), (across(value), bottom), "pale")
        picture.text((across(value), bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    for at, line in enumerate(lines):
        _row(picture, across, standing, line, TOP + ROW * at)
    picture.text((PHONE / 2, bottom + 33), axis_title(standing.task, standing.metric), "quiet", 11, "middle")
    return picture


def shown_in(standing: Standing) -> list[BoardRow]:
    """Return the lines that the figure has: the best, and the reference in the place of the last of them."""
    there = [line for line in standing.lines if line.is_ranked and len(_known(standing, line)) >= FEWEST]
    kept = there[:BEST]
    reference = [line for line in there[BEST:] if line.is_reference]
    return [*there[: BEST - len(reference)], *reference] if reference else kept


def _known(standing: Standing, line: BoardRow) -> Sequence[tuple[str, float]]:
    scores = ((split, line.by_split.get(split)) for split in splits_of(standing) if line.is_supported(split))
    return [(split, score) for split, score in scores if score is not None]


def _row(picture: Drawing, across: Scale, standing: Standing, line: BoardRow, top: float) -> None:
    height, known = top + 26, _known(standing, line)
    picture.name((0, top + 9), line.method, LETTERS, size=SIZE, bold=line.is_reference)
    picture.text((PHONE, top + 9), f"worst {worst_text(line)}", "quiet", 11, "end")
    scores = [score for _, score in known]
    picture.line((across(min(scores)), height), (across(max(scores)), height), "accent", 2, opacity=0.35)
    for split, score in known:
        shifted = split != OPERATION
        said = f"{line.method}, {split}: {number(score)}"
        picture.circle(
            (across(score), height), 3 if shifted else 4.5, "paper" if shifted else "accent", "accent", said
        )


def _words(standing: Standing, line: BoardRow) -> str:
    return ", ".join(f"{split} {number(score)}" for split, score in _known(standing, line))
