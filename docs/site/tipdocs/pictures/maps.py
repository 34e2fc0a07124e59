"""Draw maps of one region: towns, borders of jurisdictions, travel, and circuits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WARM, WASH, figure, panel, rows

REGION = 0
MARGIN = 24
"""Kilometres around the outermost towns."""
SHADES = (PAPER, WASH, PALE)
STOPS, PAIRS = 14, 60
"""Of a circuit, the first ones; and pairs of towns with most journeys."""


def region(release: Release) -> Any:
    """Draw the map of one region: towns, borders of jurisdictions, travel, and one circuit."""
    made, axes = panel(6.2)
    towns = rows(release, "places").filter(region=REGION)
    _towns(axes, towns)
    _journeys(axes, towns, rows(release, "trips").filter(region=REGION))
    _circuit(
        axes, towns, _longest_circuit(release, "trafficking"), WARM, "circuit of one trafficking operation"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3)
    return made


def route_forecast(release: Release) -> Any:
    """Draw a circuit of trafficking and a lawful one on the map of a region."""
    towns = rows(release, "places").filter(region=REGION)
    made = figure(3.6)
    sorts = ("trafficking", WARM, "a trafficking operation"), ("independent", ACCENT, "lawful work")
    for place, (kind, colour, title) in enumerate(sorts, 1):
        axes = made.add_subplot(1, 2, place)
        _towns(axes, towns, names=9)
        _circuit(axes, towns, _longest_circuit(release, kind), colour, title)
        axes.set_title(title)
    return made


def _towns(axes: Any, towns: pl.DataFrame, names: int = 24) -> None:
    """Draw jurisdictions as the land nearest to their towns, and towns, the greatest with their names."""
    x, y = towns["x_km"].to_numpy(), towns["y_km"].to_numpy()
    along, up = (np.linspace(v.min() - MARGIN, v.max() + MARGIN, 140) for v in (x, y))
    grid = (along[None, :, None] - x) ** 2 + (up[:, None, None] - y) ** 2
    owner = towns["jurisdiction"].to_numpy()[grid.argmin(axis=2)]
    kinds = int(owner.max()) + 1
    axes.contourf(along, up, owner, levels=np.arange(kinds + 1) - 0.5, colors=SHADES[:kinds], zorder=0)
    dotted = {"colors": [QUIET], "linewidths": 0.7, "linestyles": ":"}
    for kind in range(kinds):
        axes.contour(along, up, owner == kind, levels=[0.5], **dotted, zorder=1)
    border, port = pl.col("border"), pl.col("port")
    sorts = (
        ("o", "town", ~border & ~port),
        ("^", "border crossing", border),
        ("s", "port", port & ~border),
    )
    for marker, label, condition in sorts:
        some = towns.filter(condition)
        look = {"color": INK, "marker": marker, "edgecolor": PAPER, "linewidth": 0.5, "zorder": 5}
        sizes = 9 + np.sqrt(some["population"].to_numpy()) / 4
        axes.scatter(some["x_km"], some["y_km"], s=sizes, label=label, **look)
    axes.set(aspect="equal", xlim=(along[0], along[-1]), ylim=(up[0], up[-1]))
    axes.axis("off")
    _write_names(axes, towns, names)


def _write_names(axes: Any, towns: pl.DataFrame, most: int) -> None:
    """Write the names of the greatest towns, each where it covers no town and no other name."""
    from matplotlib.patheffects import withStroke

    taken = [(x - 4, x + 4, y - 4, y + 4) for x, y in towns.select("x_km", "y_km").iter_rows()]
    greatest = towns.sort("population", descending=True).head(most)
    for name, x, y in greatest.select("name", "x_km", "y_km").iter_rows():
        wide = 5.2 * len(name)
        corners = (x + 6, y - 4), (x - 6 - wide, y - 4), (x - wide / 2, y + 5), (x - wide / 2, y - 14)
        for left, low in corners:
            box = (left, left + wide, low, low + 8)
            if not any(box[0] < b and a < box[1] and box[2] < d and c < box[3] for a, b, c, d in taken):
                taken.append(box)
                around = [withStroke(linewidth=2, foreground=PAPER)]
                look = {"fontsize": 7, "va": "center", "color": INK, "zorder": 6, "path_effects": around}
                axes.text(left, low + 4, name, **look)
                break


def _journeys(axes: Any, towns: pl.DataFrame, trips: pl.DataFrame) -> None:
    at = {town: (x, y) for town, x, y in towns.select("town", "x_km", "y_km").iter_rows()}
    ends = trips.select(low=pl.min_horizontal("origin", "town"), high=pl.max_horizontal("origin", "town"))
    counted = ends.filter(pl.col("low") != pl.col("high")).group_by("low", "high").len()
    pairs = counted.sort("len", "low", "high", descending=[True, False, False]).head(PAIRS)
    most = pairs["len"].max()
    for place, (low, high, count) in enumerate(pairs.iter_rows()):
        x, y = zip(at[low], at[high], strict=True)
        look = {"color": ACCENT, "alpha": 0.35, "zorder": 2, "solid_capstyle": "round"}
        axes.plot(x, y, linewidth=0.4 + 3 * count / most, label=None if place else "journeys booked", **look)


def _longest_circuit(release: Release, kind: str) -> pl.DataFrame:
    """Return the stops of the circuit in the region that has most towns, of operations of a kind."""
    circuits = rows(release, "circuits").filter(region=REGION, kind=kind).select("circuit")
    stops = rows(release, "stops").join(circuits, on="circuit").sort("circuit", "sequence")
    sizes = stops.group_by("circuit").agg(towns=pl.col("town").n_unique(), length=pl.len())
    chosen = sizes.sort("towns", "length", "circuit", descending=[True, True, False])["circuit"][0]
    return stops.filter(circuit=chosen)


def _circuit(axes: Any, towns: pl.DataFrame, stops: pl.DataFrame, colour: str, label: str) -> None:
    at = {town: (x, y) for town, x, y in towns.select("town", "x_km", "y_km").iter_rows()}
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 3, "shrinkB": 3}
    for start, end in pairwise(at[town] for town in stops["town"].head(STOPS)):
        if start != end:
            axes.annotate("", end, start, arrowprops={**arrow, "connectionstyle": "arc3,rad=0.12"}, zorder=5)
    axes.plot([], [], color=colour, linewidth=1.6, label=label)
