"""Score against what it costs others: private data, intrusion on travellers, harm to the lawful, protection lost.

The *front* joins the methods that no other beats on both axes at once (Pareto).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tipbench.runs.figure import metric_title
from tipbench.runs.report import number

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.site.axes import Scale, scale
from tipboard.site.figures.marks import mark
from tipboard.site.svg import LETTER, Drawing, Point, fit

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 34, 58
SIZE, LETTERS, MOST_NAMES = 12, 26, 10
PLACES = (
    ("start", 5, -12),
    ("end", -5, -12),
    ("end", -10, 0),
    ("start", 10, 0),
    ("start", 5, 13),
    ("end", -5, 13),
)
"""Of a name beside a mark, the best first: where it is anchored, and how far from the mark."""
TIERS = ("public", "platform", "legal")
"""From the least private to the most."""


@dataclass(frozen=True)
class Spot:
    """A line at what it costs; the less the better. ``called``: what stands beside its mark."""

    line: BoardRow
    cost: float
    score: float
    called: str


@dataclass(frozen=True)
class Upright:
    """The axis of scores: what it is of, which end is better, and the oracle's score in words, if there is one."""

    title: str
    lower_is_better: bool = False
    oracle: str | None = None


def upright(standing: Standing) -> Upright:
    """The axis of a task's primary metric."""
    better = " (lower is better)" if standing.lower_is_better else ""
    oracle = None if standing.oracle is None else f"oracle {number(standing.oracle)}"
    return Upright(
        metric_title(standing.task.name, standing.metric) + better, standing.lower_is_better, oracle
    )


def tasks_against_tier(best: Sequence[tuple[Standing, BoardRow]]) -> Drawing | None:
    """Of each task the share of the oracle that its best method reaches, by how private its data was; None where all
    are of one tier or none has a share."""
    spots = [
        Spot(line, float(TIERS.index(line.access)), line.row.share_of_oracle, standing.task.name)
        for standing, line in best
        if line.access in TIERS and line.row.share_of_oracle is not None
    ]
    title = "Share of the oracle that each task's best method reaches, against access"
    return _against_tiers(spots, Upright("share of the oracle"), title)


def against_tier(standing: Standing) -> Drawing | None:
    """Score by how private the data was; None where all methods were shown data of one tier."""
    spots = [
        Spot(line, float(TIERS.index(line.access)), line.row.score, line.method)
        for line in _scored(standing)
        if line.access in TIERS and line.row.score is not None
    ]
    return _against_tiers(spots, upright(standing), f"{standing.task.name}: score against access")


def _against_tiers(spots: Sequence[Spot], up: Upright, title: str) -> Drawing | None:
    if len({spot.cost for spot in spots}) < 2:
        return None
    across = Scale(-0.5, len(TIERS) - 0.3, LEFT, WIDTH - RIGHT)
    places = [(float(at), tier) for at, tier in enumerate(TIERS)]
    return _draw(spots, up, across, places, "the most private data shown", title)


def against(standing: Standing, beside: str, title: str) -> Drawing | None:
    """Score by a metric of which less is better; None where fewer than two methods have it."""
    spots = []
    for line in _scored(standing):
        cost = line.mean(beside)
        if cost is not None and line.row.score is not None:
            spots.append(Spot(line, cost, line.row.score, line.method))
    if len(spots) < 2:
        return None
    across = scale([spot.cost for spot in spots], LEFT, WIDTH - RIGHT)
    about = f"{standing.task.name}: score against {title}"
    return _draw(spots, upright(standing), across, across.ticks(), f"{title} (less is better)", about)


def front(spots: Sequence[Spot], lower_is_better: bool) -> list[Spot]:
    """Those that no other beats in cost and score at once, by cost."""
    sign = 1 if lower_is_better else -1
    found: list[Spot] = []
    for spot in sorted(spots, key=lambda one: (one.cost, sign * one.score, one.called)):
        if not found or sign * spot.score < sign * found[-1].score:
            found.append(spot)
    return found


def _scored(standing: Standing) -> list[BoardRow]:
    return [line for line in standing.lines if line.row.score is not None and not line.row.oracle]


def _draw(
    spots: Sequence[Spot],
    axis: Upright,
    across: Scale,
    places: Sequence[tuple[float, str]],
    x_title: str,
    title: str,
) -> Drawing:
    best = front(spots, axis.lower_is_better)
    names = ", ".join(spot.called for spot in best)
    picture = Drawing(WIDTH, HEIGHT, title, f"{len(spots)} marks; on the front, by cost: {names}.")
    bottom = HEIGHT - BOTTOM
    up = scale([spot.score for spot in spots], bottom, TOP)
    for value, text in up.ticks():
        picture.line((LEFT, up(value)), (WIDTH - RIGHT, up(value)), "pale")
        picture.text((LEFT - 8, up(value)), text, "quiet", 11, "end")
    for value, text in places:
        picture.line((across(value), bottom), (across(value), bottom + 4), "quiet", 0.8)
        picture.text((across(value), bottom + 14), text, "quiet", 11, "middle")
    picture.line((LEFT, bottom), (WIDTH - RIGHT, bottom), "quiet", 0.8)
    if axis.oracle is not None:
        picture.text((WIDTH - RIGHT, 10), axis.oracle, "oracle-text", SIZE, "end")
    picture.path(
        _steps([(across(s.cost), up(s.score)) for s in best], WIDTH - RIGHT), "accent", 1.5, opacity=0.45
    )
    for spot in reversed(spots):
        mark(picture, spot.line, (across(spot.cost), up(spot.score)))
    _names(picture, spots, best, across, up)
    picture.text((LEFT, 10), axis.title, "quiet", SIZE)
    picture.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18), x_title, "quiet", SIZE, "middle")
    return picture


def _steps(points: Sequence[Point], right: float) -> list[Point]:
    """The edge of what is beaten by the points, up to the right end."""
    found: list[Point] = []
    for at, (x, y) in enumerate(points):
        if at:
            found.append((x, points[at - 1][1]))
        found.append((x, y))
    return [*found, (right, points[-1][1])] if points else []


def _names(picture: Drawing, spots: Sequence[Spot], best: Sequence[Spot], across: Scale, up: Scale) -> None:
    """Names beside marks, those of the front first; one that has no room is left to the table."""
    first = {id(spot) for spot in best}
    order = sorted(spots, key=lambda spot: (id(spot) not in first, not spot.line.is_reference))
    marks = {id(spot): (across(spot.cost), up(spot.score)) for spot in spots}
    taken = {key: (x - 6, y - 6, x + 6, y + 6) for key, (x, y) in marks.items()}
    named = 0
    for spot in order:
        own = marks[id(spot)]
        others = [box for key, box in taken.items() if key != id(spot)]
        place = _place(own, fit(spot.called, LETTERS), others)
        if place is None or named == MOST_NAMES:
            continue
        at, anchor, box = place
        picture.name(at, spot.called, LETTERS, size=SIZE, anchor=anchor, bold=id(spot) in first)
        taken[-named - 1] = box
        named += 1


Box = tuple[float, float, float, float]


def _place(mark: Point, text: str, taken: Sequence[Box]) -> tuple[Point, str, Box] | None:
    """Where a name beside a mark meets nothing: its start or end, which of both, and the box it fills."""
    wide = len(text) * LETTER * SIZE
    for anchor, dx, dy in PLACES:
        x, y = mark[0] + dx, mark[1] + dy
        left = x if anchor == "start" else x - wide
        box = (left, y - 7, left + wide, y + 7)
        inside = box[0] > LEFT - 4 and box[2] < WIDTH and box[3] < HEIGHT - BOTTOM
        if inside and not any(_meet(box, other) for other in taken):
            return (x, y), anchor, box
    return None


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
