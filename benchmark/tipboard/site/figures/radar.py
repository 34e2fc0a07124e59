"""What is left of a score where the world shifts: a small panel a method on axes that all share.

All others are drawn pale behind each, so that one colour is enough.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tipbench.runs.report import OPERATION, number

from tipboard.board.board_rows import Standing
from tipboard.site.svg import Drawing, Point, fit, width_of

FEWEST = 3
"""Axes below which there is no radar."""
PANEL_HEIGHT, RADIUS, IN_ROW, SIZE = 250, 82, 3, 11
RINGS = (0.25, 0.5, 0.75, 1.0)

Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class Panel:
    """A method's mean score by split."""

    name: str
    scores: Scores


def axes_of(standing: Standing) -> tuple[str, ...]:
    """The operation-disjoint split, which shifts nothing else, and then every shifted one that has results."""
    unshifted = [split for split in standing.splits if split == OPERATION]
    return (*unshifted, *standing.shifts)


def radar(standing: Standing, panels: Sequence[Panel], behind: Sequence[Panel]) -> Drawing | None:
    """A panel each that is known on three axes; None where there is none, or errors are the scores."""
    axes = axes_of(standing)
    panels = [panel for panel in panels if enough(standing, panel)]
    if standing.lower_is_better or not panels:
        return None
    reach = max((v for p in (*panels, *behind) for v in _known(p, axes)), default=0.0) or 1.0
    columns = min(IN_ROW, len(panels))
    lines = math.ceil(len(panels) / columns)
    wide = (
        max(2 * (1.14 * RADIUS + width_of(axes, SIZE)), width_of((fit(p.name, 32) for p in panels), 13)) + 12
    )
    picture = Drawing(
        wide * columns, PANEL_HEIGHT * lines, f"{standing.task.name}: scores where the world shifts",
        "; ".join(f"{p.name}: " + ", ".join(f"{a} {number(p.scores.get(a))}" for a in axes) for p in panels),
    )  # fmt: skip
    for at, panel in enumerate(panels):
        middle = (wide * (at % columns + 0.5), PANEL_HEIGHT * (at // columns) + PANEL_HEIGHT / 2 + 14)
        _frame(picture, middle, axes, reach)
        for other in (*behind, *panels):
            if other is not panel:
                _outline(picture, middle, other, axes, reach, "quiet", 0.35)
        _shape(picture, middle, panel, axes, reach)
        picture.text(
            (middle[0], middle[1] - PANEL_HEIGHT / 2 - 2), fit(panel.name, 32), "ink", 13, "middle", bold=True
        )
    return picture


def enough(standing: Standing, panel: Panel) -> bool:
    """Whether a method is known on as many axes as a shape needs."""
    return len(_known(panel, axes_of(standing))) >= FEWEST


def _known(panel: Panel, axes: Sequence[str]) -> list[float]:
    return [value for axis in axes if (value := panel.scores.get(axis)) is not None]


def _frame(picture: Drawing, middle: Point, axes: Sequence[str], reach: float) -> None:
    for ring in RINGS:
        picture.area([_at(middle, a, len(axes), ring) for a in range(len(axes))], "none", "pale", 1, 1)
    for at, axis in enumerate(axes):
        picture.line(middle, _at(middle, at, len(axes), 1), "pale")
        x, y = _at(middle, at, len(axes), 1.14)
        anchor = "middle" if abs(x - middle[0]) < 8 else "start" if x > middle[0] else "end"
        picture.text((x, y), axis, "quiet", SIZE, anchor)
    picture.text((middle[0] + 4, middle[1] - RADIUS + 7), f"{reach:.2f}", "quiet", 9.5)


def _outline(
    picture: Drawing, middle: Point, panel: Panel, axes: Sequence[str], reach: float, colour: str, opacity: float,
    dash: str = "",
) -> None:  # fmt: skip
    """The line of another, broken where a score is not known."""
    points = _points(middle, panel, axes, reach)
    for one, other in zip(points, [*points[1:], *points[:1]], strict=True):
        if one is not None and other is not None:
            picture.line(one, other, colour, 1.2, opacity=opacity)


def _shape(picture: Drawing, middle: Point, panel: Panel, axes: Sequence[str], reach: float) -> None:
    points = _points(middle, panel, axes, reach)
    known = [point for point in points if point is not None]
    if len(known) == len(axes):
        picture.area(known, "accent", "accent", 0.2, 2)
    else:
        _outline(picture, middle, panel, axes, reach, "accent", 1)
    for axis, point in zip(axes, points, strict=True):
        if point is not None:
            picture.circle(
                point, 2.6, "accent", "accent", f"{panel.name}, {axis}: {number(panel.scores.get(axis))}"
            )


def _points(middle: Point, panel: Panel, axes: Sequence[str], reach: float) -> list[Point | None]:
    scores = [panel.scores.get(axis) for axis in axes]
    return [
        None if score is None else _at(middle, at, len(axes), max(0.0, score) / reach)
        for at, score in enumerate(scores)
    ]


def _at(middle: Point, axis: int, axes: int, share: float) -> Point:
    angle = 2 * math.pi * axis / axes - math.pi / 2
    return middle[0] + RADIUS * share * math.cos(angle), middle[1] + RADIUS * share * math.sin(angle)
