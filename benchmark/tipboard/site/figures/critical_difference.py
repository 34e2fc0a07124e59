"""Mean ranks on one axis, and bars over those that Nemenyi's test does not tell apart (Demšar 2006)."""

from __future__ import annotations

from collections.abc import Sequence

from tipboard.site.axes import Scale
from tipboard.site.orders import MeanRanks
from tipboard.site.svg import Drawing, fit, width_of

WIDTH, ROW, SIZE, LETTERS = 760, 22, 13, 32
AXIS, BAR_STEP = 64, 9


def critical_difference(ranking: MeanRanks, title: str) -> Drawing:
    """The best at the left; names of the better half at the left, those of the others at the right."""
    names = [fit(name, LETTERS) for name in ranking.names]
    half = (len(names) + 1) // 2
    bars = _bars(ranking)
    first = AXIS + 22 + BAR_STEP * len(bars)
    side = width_of(names, SIZE) + 64
    picture = Drawing(
        WIDTH, first + ROW * half + 10, title,
        f"Mean ranks over {ranking.over}: "
        + ", ".join(f"{n} {r:.2f}" for n, r in zip(ranking.names, ranking.mean_ranks, strict=True)),
    )  # fmt: skip
    across = Scale(1, max(len(names), 2), side, WIDTH - side)
    _axis(picture, across, len(names), ranking)
    for at, (name, rank) in enumerate(zip(names, ranking.mean_ranks, strict=True)):
        left = at < half
        height = first + ROW * (at if left else len(names) - 1 - at) + 6
        end = side - 20 if left else WIDTH - side + 20
        picture.path([(across(rank), AXIS), (across(rank), height), (end, height)], "quiet", 1)
        picture.circle(
            (across(rank), AXIS), 3.2, "accent", "accent", f"{ranking.names[at]}: mean rank {rank:.2f}"
        )
        where = "end" if left else "start"
        picture.text((end + (-6 if left else 6), height), f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}",
                     "ink", SIZE, where)  # fmt: skip
    for at, (low, high) in enumerate(bars):
        height = AXIS + 14 + BAR_STEP * at
        picture.line((across(low) - 4, height), (across(high) + 4, height), "ink", 4)
    return picture


def _axis(picture: Drawing, across: Scale, count: int, ranking: MeanRanks) -> None:
    picture.line((across.start, AXIS), (across.end, AXIS), "quiet")
    step = max(1, count // 12)
    for rank in range(1, count + 1, step):
        picture.line((across(rank), AXIS - 5), (across(rank), AXIS), "quiet")
        picture.text((across(rank), AXIS - 14), str(rank), "quiet", 11, "middle")
    width = ranking.critical_difference
    if width is not None and 1 + width <= across.high:
        ends = across(1), across(1 + width)
        picture.line((ends[0], 26), (ends[1], 26), "oracle", 2)
        for end in ends:
            picture.line((end, 21), (end, 31), "oracle", 1.5)
        picture.text((sum(ends) / 2, 12), f"critical difference {width:.2f}", "quiet", 11, "middle")


def _bars(ranking: MeanRanks) -> Sequence[tuple[float, float]]:
    """From the best to the worst mean rank of each group of several."""
    rank = dict(zip(ranking.names, ranking.mean_ranks, strict=True))
    groups = [[rank[name] for name in group if name in rank] for group in ranking.groups]
    return [(min(group), max(group)) for group in groups if len(group) > 1]
