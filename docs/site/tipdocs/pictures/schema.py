"""Draw which table refers to which: one box per table, one line per reference."""

from __future__ import annotations

from functools import cache
from typing import Any

from tipdata.documents.palette import TIERS
from tipdata.documents.schema import references
from tipdata.release import Release
from tipdata.stages import all_tables

from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WASH, figure

HUBS = {"operations": "◆", "places": "■", "platforms": "●"}
"""Tables that many refer to -> the mark that stands for a line to them."""
STEP, TALL, BOX = 2.6, 0.66, 1.95
COLUMNS = 4
ALT = (
    "Boxes, one per table, in four columns. Lines lead from accounts to adverts, conversations and ties and "
    "from these on to flags, reviews, messages and people; from agencies to firms; from circuits and "
    "wallets to stops, trips and payments. Signs stand for operations, towns and sites, to which many "
    "tables refer."
)
CAPTION = """Which table holds the key of which: the line's dot is at the table that is referred to. Dashed
lines are hidden truth, and so are grey boxes. Signs stand for the three tables in the first row: ◆ the hidden
operation behind a row, ■ a town, ● a site. One operation leaves rows in many tables, which is why they can be
joined here; no holder of such data sees all of them."""


def draw(release: Release) -> Any:
    """Return the figure."""
    places = _places()
    made = figure(7.2)
    axes = made.add_subplot()
    axes.axis("off")
    for name, targets in _lines().items():
        for target, hidden in targets.items():
            _line(axes, places[name], places[target], hidden)
    for name, (x, y) in places.items():
        _box(axes, name, x, y)
    tall = max(y for _, y in places.values())
    axes.set(xlim=(-0.05, (COLUMNS - 1) * STEP + BOX + 0.05), ylim=(tall + 0.5, -0.5))
    return made


def _box(axes: Any, name: str, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    face = PALE if all_tables()[name].hidden_only else WASH
    axes.add_patch(
        FancyBboxPatch(
            (x, y - TALL / 2),
            BOX,
            TALL,
            "round,pad=0,rounding_size=0.08",
            facecolor=face,
            edgecolor=QUIET,
            linewidth=0.8,
            zorder=3,
        )
    )
    axes.text(x + 0.1, y, name, va="center", color=INK, fontweight="bold", fontsize=8, zorder=4)
    marks = HUBS.get(name) or "".join(
        mark for hub, mark in HUBS.items() if hub in references()[name].values()
    )
    axes.text(
        x + BOX - 0.08,
        y,
        marks,
        va="center",
        ha="right",
        color=INK if name in HUBS else QUIET,
        fontsize=8,
        zorder=4,
    )


@cache
def _lines() -> dict[str, dict[str, bool]]:
    """Return by table the tables it refers to, but for hubs and itself, and whether only hidden columns do."""
    found: dict[str, dict[str, bool]] = {}
    for name, columns in references().items():
        for column, target in columns.items():
            if target not in (name, *HUBS):
                hidden = all_tables()[name][column].tier == "truth"
                found.setdefault(name, {})[target] = found.get(name, {}).get(target, True) and hidden
    return found


def _places() -> dict[str, tuple[float, float]]:
    """Return left edge and middle of each box: hubs first, then each chain of references, last what stands alone."""
    found: dict[str, tuple[float, float]] = {name: (place * STEP, 0.0) for place, name in enumerate(HUBS)}
    names = [name for name in all_tables() if name not in HUBS]
    children: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        if targets := _lines().get(name):
            children[max(targets, key=_depth)].append(name)
    roots = [name for name in names if name not in _lines()]
    row = 1.3
    for root in (name for name in roots if children[name]):
        row = _tree(root, 0, row, children, found)
    alone = [name for name in roots if not children[name]]
    return found | {
        name: (place % COLUMNS * STEP, row + 0.3 + place // COLUMNS) for place, name in enumerate(alone)
    }


def _tree(
    name: str, depth: int, row: float, children: dict[str, list[str]], found: dict[str, tuple[float, float]]
) -> float:
    """Place a table beside the middle of those that refer to it; return the next free row."""
    below = row
    for child in children[name]:
        below = _tree(child, depth + 1, below, children, found)
    middle = (row + below - 1) / 2 if children[name] else row
    found[name] = (depth * STEP, middle)
    return max(below, row + 1)


@cache
def _depth(name: str) -> int:
    return max((_depth(target) + 1 for target in _lines().get(name, {})), default=0)


def _line(axes: Any, start: tuple[float, float], end: tuple[float, float], hidden: bool) -> None:
    """Draw a line from the left of a box to the right of the one it refers to, or to its left in the same column."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x1, y1), (x2, y2) = start, (end[0] + BOX, end[1])
    bend = (x1 + x2) / 2
    if x1 <= end[0]:
        x2, bend = end[0], x1 - 0.35
    path = Path([(x1, y1), (bend, y1), (bend, y2), (x2, y2)], [Path.MOVETO, *[Path.CURVE4] * 3])
    colour, dash = (TIERS["truth"], (0, (3, 2))) if hidden else (ACCENT, "-")
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=colour, linewidth=1, linestyle=dash, zorder=1))
    axes.plot([x2], [y2], marker="o", markersize=4, color=colour, markeredgecolor=PAPER, zorder=4)
