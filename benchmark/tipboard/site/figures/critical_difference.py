"""Mean ranks on one axis, and bars beside those that Nemenyi's test does not tell apart (Demšar 2006).

The classical diagram turned by a right angle: a row per method, so that it fits a phone and no name is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.pages.svg import PHONE, Drawing, Scale, fit, width_of

from tipboard.board.ranks import MeanRanks

ROW, SIZE, LETTERS = 24, 12, 24
BAR_STEP = 10
MOST_TICKS = 6


def critical_difference(ranking: MeanRanks, title: str) -> Drawing:
    """Return the figure: the best at the top, bars at the right."""
    names = [fit(name, LETTERS) for name in ranking.methods]
    bars = _bars(ranking)
    top = 14 if ranking.critical_difference is None else 40
    bottom = top + ROW * len(names)
    left = width_of(names, SIZE) + 16
    picture = Drawing(
        PHONE, bottom + 42, title,
        f"Mean ranks over {ranking.over}: "
        + ", ".join(f"{n} {r:.2f}" for n, r in zip(ranking.methods, ranking.mean_ranks, strict=True)),
    )  # fmt: skip
    across = Scale(1, max(len(names), 2), left, PHONE - 44 - BAR_STEP * len(bars))
    _axis(picture, across, len(names), (top, bottom))
    _difference(picture, across, ranking.critical_difference)
    for at, rank in enumerate(ranking.mean_ranks):
        height = top + ROW * (at + 0.5)
        picture.name((left - 12, height), ranking.methods[at], LETTERS, size=SIZE, anchor="end")
        picture.circle(
            (across(rank), height), 4, "accent", "accent", f"{ranking.methods[at]}: mean rank {rank:.2f}"
        )
        picture.text((across.end + 36, height), f"{rank:.2f}", "quiet", 11, "end")
    for at, (first, last) in enumerate(bars):
        x = across.end + 44 + BAR_STEP * at
        picture.line((x, top + ROW * first + 4), (x, top + ROW * (last + 1) - 4), "ink", 4)
    return picture


def _axis(picture: Drawing, across: Scale, count: int, ends: tuple[float, float]) -> None:
    top, bottom = ends
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    for rank in range(1, count + 1, max(1, -(-count // MOST_TICKS))):
        picture.line((across(rank), top), (across(rank), bottom), "pale")
        picture.text((across(rank), bottom + 12), str(rank), "quiet", 11, "middle")
    picture.text(
        ((across.start + across.end) / 2, bottom + 32), "mean rank (1 is the best)", "quiet", 11, "middle"
    )


def _difference(picture: Drawing, across: Scale, width: float | None) -> None:
    """Draw how far apart two mean ranks must be, as long as it is; where the axis is shorter, in words alone."""
    if width is None:
        return
    if 1 + width <= across.high:
        picture.line((across(1), 26), (across(1 + width), 26), "oracle", 2)
        for end in (across(1), across(1 + width)):
            picture.line((end, 21), (end, 31), "oracle", 1.5)
    picture.text((across.end, 10), f"critical difference {width:.2f} ranks", "quiet", 11, "end")


def _bars(ranking: MeanRanks) -> Sequence[tuple[int, int]]:
    """From the first to the last row of each group of several."""
    row = {name: at for at, name in enumerate(ranking.methods)}
    groups = [[row[name] for name in group if name in row] for group in ranking.groups]
    return [(min(group), max(group)) for group in groups if len(group) > 1]
