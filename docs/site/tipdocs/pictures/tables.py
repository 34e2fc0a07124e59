"""Draw tables and how they refer to each other, one case in all of them, and what a release costs."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import polars as pl
from tipbench.stories.figure import draw_story
from tipbench.stories.story import story_of
from tipdata.documents.palette import TIERS
from tipdata.documents.schema import references
from tipdata.release import Release
from tipdata.stages import all_tables

from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WARM, WASH, figure, note, panel, rows
from tipdocs.mirror import ROOT

HUBS = {"operations": "◆", "places": "■", "platforms": "●"}
"""Tables that many refer to -> the mark that stands for a line to them."""
STEP, TALL, BOX = 2.6, 0.66, 1.95
COLUMNS = 4


def schema(release: Release) -> Any:
    """Draw which table refers to which: one box per table, one line per reference."""
    places = _box_places()
    made, axes = panel(7.2)
    axes.axis("off")
    for name, targets in _lines().items():
        for target, hidden in targets.items():
            _draw_line(axes, places[name], places[target], hidden)
    for name, (x, y) in places.items():
        _draw_box(axes, name, x, y)
    tall = max(y for _, y in places.values())
    axes.set(xlim=(-0.05, (COLUMNS - 1) * STEP + BOX + 0.05), ylim=(tall + 0.5, -0.5))
    return made


def _draw_box(axes: Any, name: str, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    face = PALE if all_tables()[name].hidden_only else WASH
    look = {"facecolor": face, "edgecolor": QUIET, "linewidth": 0.8, "zorder": 3}
    axes.add_patch(FancyBboxPatch((x, y - TALL / 2), BOX, TALL, "round,pad=0,rounding_size=0.08", **look))
    axes.text(x + 0.1, y, name, va="center", color=INK, fontweight="bold", fontsize=8, zorder=4)
    to = references()[name].values()
    marks = HUBS.get(name) or "".join(mark for hub, mark in HUBS.items() if hub in to)
    shade = INK if name in HUBS else QUIET
    axes.text(x + BOX - 0.08, y, marks, va="center", ha="right", color=shade, fontsize=8, zorder=4)


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


def _box_places() -> dict[str, tuple[float, float]]:
    """Return left edge and middle of each box: hubs first, then each chain of references, last what stands alone."""
    found: dict[str, tuple[float, float]] = {name: (place * STEP, 0.0) for place, name in enumerate(HUBS)}
    names = [name for name in all_tables() if name not in HUBS]
    children: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        if targets := _lines().get(name):
            children[max(targets, key=_depth)].append(name)

    def place_tree(name: str, depth: int, row: float) -> float:
        """Place a table beside the middle of those that refer to it; return the next free row."""
        below = row
        for child in children[name]:
            below = place_tree(child, depth + 1, below)
        found[name] = (depth * STEP, (row + below - 1) / 2 if children[name] else row)
        return max(below, row + 1)

    roots = [name for name in names if name not in _lines()]
    row = 1.3
    for root in (name for name in roots if children[name]):
        row = place_tree(root, 0, row)
    for place, name in enumerate(name for name in roots if not children[name]):
        found[name] = (place % COLUMNS * STEP, row + 0.3 + place // COLUMNS)
    return found


@cache
def _depth(name: str) -> int:
    return max((_depth(target) + 1 for target in _lines().get(name, {})), default=0)


def _draw_line(axes: Any, start: tuple[float, float], end: tuple[float, float], hidden: bool) -> None:
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


CASE_TABLES = ("adverts", "accounts", "wallets", "circuits", "firms")


def case_linkage(release: Release) -> Any:
    """Draw how few rows of each table belong to one case: the one with most rows in the table that has least of it."""
    counted = rows(release, "operations").filter(kind="trafficking").select("operation", "region")
    for table in CASE_TABLES:
        sizes = rows(release, table).group_by("operation").agg(pl.len().alias(table))
        counted = counted.join(sizes, on="operation", how="left")
    least = counted.with_columns(least=pl.min_horizontal(pl.col(CASE_TABLES).fill_null(0)))
    order = least.sort("least", "adverts", "operation", descending=[True, True, False], nulls_last=True)
    chosen, region = order.row(0)[:2]
    made, axes = panel(2.7)
    for place, table in enumerate(reversed(CASE_TABLES)):
        everything = rows(release, table).filter(region=region)
        own, total = everything.filter(operation=chosen).height, everything.height
        axes.barh(place, total, color=PALE, height=0.62)
        axes.barh(place, own, color=WARM, height=0.62)
        note(axes, f"{own:,} of {total:,}", (total, place), shift=(5, 0))
        note(axes, table, (0.9, place), "right")
    axes.set(xscale="log", xlim=(0.95, 20_000), xlabel="rows (logarithmic)")
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    return made


def story(release: Release) -> Any:
    """Draw the story of the trafficking operation of ``tiny`` that is seen best."""
    return draw_story(story_of(release, None))


NUMBERS = ROOT / "research" / "cost" / "measured.json"
SIZES = {8: "tiny", 64: "small", 640: "full"}
PANELS = (("cpu_s", "CPU seconds"), ("mb", "MB on disk"), ("peak_mib", "peak of the worker, MiB"))


def cost(release: Release) -> Any:
    """Draw what a release costs by its size, of measured numbers: no release is needed for it."""
    from matplotlib.ticker import LogLocator

    numbers = json.loads(NUMBERS.read_text(encoding="utf-8"))
    regions = [one["regions"] for one in numbers["sizes"]]
    # Between named sizes there is no room for words.
    labels = [f"{n}\n{SIZES[n]}" if n in SIZES else str(n) if n == regions[-1] else "" for n in regions]
    made = figure(2.9)
    for place, (key, name) in enumerate(PANELS):
        axes = made.add_subplot(1, len(PANELS), place + 1)
        values = [one[key] for one in numbers["sizes"]]
        if slope := numbers["lines"].get(key):
            ends = [min(regions) / 1.5, max(regions) * 1.5]
            look = {"color": INK, "linewidth": 1.2, "linestyle": (0, (4, 2)), "zorder": 2}
            axes.plot(ends, [slope * one for one in ends], **look)
            look = {"xycoords": "axes fraction", "va": "baseline", "color": QUIET, "fontsize": 8.5}
            note(axes, f"{slope:.2g} a region", (0.06, 0.9), **look)
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        else:
            axes.set_ylim(0, 1.6 * max(values))
        axes.set_xscale("log", base=2)
        axes.plot(regions, values, linestyle="", marker="o", markersize=5, color=ACCENT, zorder=3)
        axes.set(title=name, xlabel="regions", xlim=(min(regions) / 1.6, max(regions) * 1.6))
        axes.set_xticks(regions, labels)
        axes.minorticks_off()
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        axes.tick_params(length=0)
    return made
