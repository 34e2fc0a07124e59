"""Score against what it costs others: private data, intrusion on travellers, harm to the lawful, protection lost.

The *front* joins the methods that were run here and that no other of them beats on both axes at once (Pareto). No
mark's name is left out: it stands beside its mark, or a number does and the name below.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from tipbench.pages.svg import LETTER, Drawing, Point, Scale, fit, width_of
from tipbench.runs.report import number

from tipboard.board.columns import axis_title, metric_value
from tipboard.board.forest import best_of
from tipboard.board.standings import Line, Lines
from tipboard.site.figures.marks import mark, scale

LETTERS = 26
NEAR = (
    ("start", 7, -11),
    ("end", -7, -11),
    ("end", -10, 0),
    ("start", 10, 0),
    ("start", 7, 12),
    ("end", -7, 12),
)
"""Places beside a mark, the best first: where a name is anchored, and how far from the mark."""
FAR = (24, 38, 54)
"""Pixels to places farther off, which a line joins to the mark."""
DIRECTIONS = 12
HALF = 8
"""Of the height of a name."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """The name of a mark. ``at``: where it is written, from ``anchor``; ``number``: what stands there in its place."""

    name: str
    mark: Point
    bold: bool = False
    at: Point = (0.0, 0.0)
    anchor: str = "start"
    number: int | None = None

    @property
    def text(self) -> str:
        """What is written beside the mark."""
        return fit(self.name, LETTERS) if self.number is None else str(self.number)

    def box(self, size: float) -> Box:
        """Return what it covers."""
        wide = len(self.text) * LETTER * size
        left = {"start": self.at[0], "end": self.at[0] - wide, "middle": self.at[0] - wide / 2}[self.anchor]
        return left, self.at[1] - HALF, left + wide, self.at[1] + HALF


def place_labels(
    labels: Sequence[Label], line: Sequence[Point], room: Box, size: float
) -> tuple[list[Label], list[Label]]:
    """Return the labels with their places: those by name, and those for which there is room for a number only.

    ``labels``: the most important first; ``line``: corners of a line of upright and level parts that no name should lie
    on; ``room``: what they must not leave; ``size``: of the letters, in pixels.
    """
    boxes = [(x - 6, y - 6, x + 6, y + 6) for x, y in (label.mark for label in labels)]
    parts = [(min(x, x2), min(y, y2), max(x, x2), max(y, y2)) for (x, y), (x2, y2) in pairwise(line)]
    named: list[Label] = []
    numbered: list[Label] = []
    for at, label in enumerate(labels):
        others = [box for one, box in enumerate(boxes) if one != at]
        if found := _free(label, [*others, *parts], room, size):
            named.append(found)
        else:
            short = replace(label, number=len(numbered) + 1)
            found = _free(short, others, room, size) or next(_places(short))
            numbered.append(found)
        boxes.append(found.box(size))
    return named, numbered


def _free(label: Label, taken: Sequence[Box], room: Box, size: float) -> Label | None:
    """Return the label in the first place where it meets nothing."""
    for placed in _places(label):
        left, top, right, bottom = placed.box(size)
        inside = left >= room[0] - 4 and top >= room[1] and right <= room[2] and bottom <= room[3]
        meets = (left < x2 and x1 < right and top < y2 and y1 < bottom for x1, y1, x2, y2 in taken)
        if inside and not any(meets):
            return placed
    return None


def _places(label: Label) -> Iterator[Label]:
    x, y = label.mark
    for anchor, dx, dy in NEAR:
        yield replace(label, at=(x + dx, y + dy), anchor=anchor)
    for far in FAR:
        for turn in range(DIRECTIONS):
            angle = 2 * math.pi * turn / DIRECTIONS
            dx, dy = far * math.cos(angle), far * math.sin(angle)
            anchor = "start" if dx > 1 else "end" if dx < -1 else "middle"
            yield replace(label, at=(x + dx, y + dy), anchor=anchor)


WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 40, 58
SIZE, KEY_ROW = 12, 17
MOST = 30
"""Methods in a figure, the best by score; the reference is always among them."""
TIERS = ("public", "platform", "legal")
"""From the least private to the most."""


class Spot(NamedTuple):
    """A line at what it costs; the less the better."""

    line: Line
    cost: float
    score: float


def against_tier(lines: Lines, width: float = WIDTH) -> Drawing | None:
    """Return score by how private the data was; None where all methods were shown data of one tier."""
    tiers = {tier: float(at) for at, tier in enumerate(TIERS)}
    there = (line for line in _best(lines) if line["access"] in tiers)
    spots = [Spot(line, tiers[line["access"]], line["score"]) for line in there]
    if len({spot.cost for spot in spots}) < 2:
        return None
    across = Scale(-0.5, len(TIERS) - 0.3, LEFT, width - RIGHT)
    ticks = [(at, tier) for tier, at in tiers.items()]
    return _draw(lines, spots, across, ticks, "the most private data shown (access tier)", "access")


def against(lines: Lines, beside: str, width: float = WIDTH) -> Drawing | None:
    """Return score by a metric whose low values are better; None where fewer than two methods have it."""
    costs = ((line, metric_value(line, beside)) for line in _best(lines))
    spots = [Spot(line, cost, line["score"]) for line, cost in costs if cost is not None]
    if len(spots) < 2:
        return None
    across = scale([spot.cost for spot in spots], LEFT, width - RIGHT)
    axis, cost = axis_title(lines[0], beside), beside.replace("_", " ")
    return _draw(lines, spots, across, across.ticks(4), axis, cost)


def _best(lines: Lines) -> Lines:
    return best_of([line for line in lines if line["is_contender"]], MOST)


def front(spots: Sequence[Spot], lower_is_better: bool) -> list[Spot]:
    """Return those that no other beats in cost and score at once, by cost."""
    sign = 1 if lower_is_better else -1
    found: list[Spot] = []
    for spot in sorted(spots, key=lambda one: (one.cost, sign * one.score, one.line["name"])):
        if not found or sign * spot.score < sign * found[-1].score:
            found.append(spot)
    return found


Ticks = Sequence[tuple[float, str]]


def _draw(lines: Lines, spots: Sequence[Spot], across: Scale, ticks: Ticks, axis: str, cost: str) -> Drawing:
    """Return the figure of score by a cost, which ``cost`` names.

    ``across``: the scale of costs, with its ``ticks`` and the title of its ``axis``.
    """
    best = front([spot for spot in spots if spot.line["is_run_here"]], lines[0]["lower_is_better"])
    first = set(map(id, best))
    width, bottom = across.end + RIGHT, HEIGHT - BOTTOM
    up = scale([spot.score for spot in spots], bottom, TOP)

    def at(spot: Spot) -> Point:
        return across(spot.cost), up(spot.score)

    order = sorted(spots, key=lambda spot: id(spot) not in first)
    labels = [Label(spot.line["name"], at(spot), id(spot) in first) for spot in order]
    steps = _steps(list(map(at, best)), across.end)
    named, numbered = place_labels(labels, steps, (LEFT, TOP - 10, width, bottom), SIZE)
    names = ", ".join(spot.line["name"] for spot in best)
    title = f"{lines[0]['task']}: score against {cost}"
    about = f"{len(spots)} marks; on the front, by cost: {names}."
    picture = Drawing(width, HEIGHT + KEY_ROW * (len(numbered) + 1) * bool(numbered), title, about)
    _frame(picture, lines[0], across, ticks, axis, up)
    picture.path(steps, "accent", 1.5, opacity=0.45)
    for label in (*named, *numbered):
        if math.dist(label.mark, label.at) > FAR[0] - 1:
            picture.line(label.mark, label.at, "quiet", 0.8, opacity=0.7)
    for spot in reversed(spots):
        mark(picture, spot.line, at(spot))
    for label in (*named, *numbered):
        tip = label.name if label.text != label.name else None
        picture.text(label.at, label.text, size=SIZE, anchor=label.anchor, bold=label.bold, tip=tip)
    for row, label in enumerate(numbered, 1):
        said = f"{label.number}  {label.name}"
        picture.name((LEFT, HEIGHT + KEY_ROW * row), said, LETTERS + 4, size=SIZE, bold=label.bold)
    return picture


def _frame(picture: Drawing, first: Line, across: Scale, ticks: Ticks, axis: str, up: Scale) -> None:
    bottom = up.start
    for value, text in up.ticks():
        picture.line((across.start, up(value)), (across.end, up(value)), "pale")
        picture.text((across.start - 8, up(value)), text, "quiet", 11, "end")
    for value, text in ticks:
        picture.line((across(value), bottom), (across(value), bottom + 4), "quiet", 0.8)
        picture.text((across(value), bottom + 14), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    picture.text((0, 8), axis_title(first), "quiet", 11)
    if first["oracle_score"] is not None:
        picture.text((picture.width, 22), f"oracle {number(first['oracle_score'])}", "oracle-text", 11, "end")
    name, bracket, unit = axis.partition(" (")
    fits = width_of([axis], 11) <= across.end - across.start  # else the unit has a line of its own
    for row, text in enumerate([axis] if fits else [name, bracket.strip() + unit]):
        picture.text((across.end, bottom + 34 + 14 * row), text, "quiet", 11, "end")


def _steps(points: Sequence[Point], right: float) -> list[Point]:
    """Return the edge of what is beaten by the points, up to the right end."""
    ends = [*(x for x, _ in points[1:]), right]
    return [corner for (x, y), end in zip(points, ends, strict=False) for corner in ((x, y), (end, y))]
