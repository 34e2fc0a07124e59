"""Names of marks in a figure, none of them left out: beside its mark, or by a number whose name stands below."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tipbench.pages.svg import LETTER, Drawing, Point, fit

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

    def draw_leader(self, picture: Drawing) -> None:
        """Draw a line to a mark that is farther off."""
        if math.dist(self.mark, self.at) > FAR[0] - 1:
            picture.line(self.mark, self.at, "quiet", 0.8, opacity=0.7)

    def draw(self, picture: Drawing, size: float) -> None:
        """Write it."""
        tip = self.name if self.text != self.name else None
        picture.text(self.at, self.text, size=size, anchor=self.anchor, bold=self.bold, tip=tip)

    def draw_key(self, picture: Drawing, at: Point, size: float) -> None:
        """Write what its number means."""
        picture.name(at, f"{self.number}  {self.name}", LETTERS + 4, size=size, bold=self.bold)


def place_labels(
    labels: Sequence[Label], line: Sequence[Point], room: Box, size: float
) -> tuple[list[Label], list[Label]]:
    """Return the labels with their places: those by name, and those for which there is room for a number only.

    Args:
        labels: the most important first.
        line: corners of a line of upright and level parts that no name should lie on.
        room: what they must not leave.
        size: of the letters, in pixels.
    """
    boxes = [(x - 6, y - 6, x + 6, y + 6) for x, y in (label.mark for label in labels)]
    parts: list[Box] = [
        (min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)) for (x, y), (to_x, to_y) in pairwise(line)
    ]
    named: list[Label] = []
    numbered: list[Label] = []
    for at, label in enumerate(labels):
        others = [box for one, box in enumerate(boxes) if one != at]
        found = _free(label, [*others, *parts], room, size)
        if found is None:
            short = replace(label, number=len(numbered) + 1)
            found = _free(short, others, room, size) or replace(
                short, at=(label.mark[0] + 7, label.mark[1] - 11)
            )
            numbered.append(found)
        else:
            named.append(found)
        boxes.append(found.box(size))
    return named, numbered


def _free(label: Label, taken: Sequence[Box], room: Box, size: float) -> Label | None:
    """Return the label in the first place where it meets nothing."""
    for placed in _places(label):
        box = placed.box(size)
        inside = box[0] >= room[0] - 4 and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]
        if inside and not any(_meet(box, other) for other in taken):
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


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
