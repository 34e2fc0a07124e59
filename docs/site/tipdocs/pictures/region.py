"""Draw the map of one region: towns, borders of jurisdictions, travel, and one circuit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WARM, WASH, figure, rows

REGION = 0
MARGIN = 24
"""Kilometres around the outermost towns."""
SHADES = (PAPER, WASH, PALE)
ALT = (
    "Map of 24 towns in three jurisdictions, with faint lines for frequent journeys between towns and one "
    "thick line for a trafficking operation's circuit through several of them."
)
CAPTION = """One region of <code>tiny</code>: towns by population, jurisdictions by shade, border crossings and
ports. Lines are journeys booked between two towns, thicker where there are more; nearly all of them are lawful.
The arrows follow one trafficking operation's circuit, which is hidden truth. It does not mean that travel is a
sign of anything: lawful workers have circuits too, and theirs are the more predictable."""


def draw(release: Release) -> Any:
    """Return the figure."""
    made = figure(6.2)
    axes = made.add_subplot()
    towns = rows(release, "places").filter(region=REGION)
    base(axes, towns)
    travel(axes, towns, rows(release, "trips").filter(region=REGION))
    circuit(axes, towns, longest(release, "trafficking"), WARM, "circuit of one trafficking operation")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3)
    return made


def base(axes: Any, towns: pl.DataFrame, names: int = 24) -> None:
    """Draw jurisdictions as the land nearest to their towns, and towns, the greatest with their names."""
    x, y = towns["x_km"].to_numpy(), towns["y_km"].to_numpy()
    along, up = (np.linspace(v.min() - MARGIN, v.max() + MARGIN, 140) for v in (x, y))
    grid = (along[None, :, None] - x) ** 2 + (up[:, None, None] - y) ** 2
    owner = towns["jurisdiction"].to_numpy()[grid.argmin(axis=2)]
    kinds = int(owner.max()) + 1
    levels = np.arange(kinds + 1) - 0.5
    axes.contourf(along, up, owner, levels=levels, colors=SHADES[:kinds], zorder=0)
    for kind in range(kinds):
        axes.contour(
            along, up, owner == kind, levels=[0.5], colors=[QUIET], linewidths=0.7, linestyles=":", zorder=1
        )
    for (marker, label), some in _sorts(towns):
        sizes = 9 + np.sqrt(some["population"].to_numpy()) / 4
        axes.scatter(
            some["x_km"],
            some["y_km"],
            s=sizes,
            color=INK,
            marker=marker,
            edgecolor=PAPER,
            linewidth=0.5,
            label=label,
            zorder=5,
        )
    axes.set(aspect="equal", xlim=(along[0], along[-1]), ylim=(up[0], up[-1]))
    axes.axis("off")
    _name(axes, towns, names)


def _sorts(towns: pl.DataFrame) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    """Return marker and meaning of each sort of town, and the towns."""
    border, port = pl.col("border"), pl.col("port")
    return [
        (("o", "town"), towns.filter(~border & ~port)),
        (("^", "border crossing"), towns.filter(border)),
        (("s", "port"), towns.filter(port & ~border)),
    ]


def _name(axes: Any, towns: pl.DataFrame, most: int) -> None:
    """Write the names of the greatest towns, each where it covers no town and no other name."""
    from matplotlib.patheffects import withStroke

    taken = [(x - 4, x + 4, y - 4, y + 4) for x, y in towns.select("x_km", "y_km").iter_rows()]
    for name, x, y in (
        towns.sort("population", descending=True).head(most).select("name", "x_km", "y_km").iter_rows()
    ):
        wide = 5.2 * len(name)
        for left, low in (
            (x + 6, y - 4),
            (x - 6 - wide, y - 4),
            (x - wide / 2, y + 5),
            (x - wide / 2, y - 14),
        ):
            box = (left, left + wide, low, low + 8)
            if not any(box[0] < b and a < box[1] and box[2] < d and c < box[3] for a, b, c, d in taken):
                taken.append(box)
                axes.text(
                    left,
                    low + 4,
                    name,
                    fontsize=7,
                    va="center",
                    color=INK,
                    zorder=6,
                    path_effects=[withStroke(linewidth=2, foreground=PAPER)],
                )
                break


def travel(axes: Any, towns: pl.DataFrame, trips: pl.DataFrame) -> None:
    """Draw a line for each pair of towns with many journeys between them."""
    at = {town: (x, y) for town, x, y in towns.select("town", "x_km", "y_km").iter_rows()}
    pairs = (
        trips.select(low=pl.min_horizontal("origin", "town"), high=pl.max_horizontal("origin", "town"))
        .filter(pl.col("low") != pl.col("high"))
        .group_by("low", "high")
        .len()
        .sort("len", "low", "high", descending=[True, False, False])
        .head(60)
    )
    most = pairs["len"].max()
    for place, (low, high, count) in enumerate(pairs.iter_rows()):
        (x1, y1), (x2, y2) = at[low], at[high]
        axes.plot(
            [x1, x2],
            [y1, y2],
            color=ACCENT,
            alpha=0.35,
            linewidth=0.4 + 3 * count / most,
            zorder=2,
            solid_capstyle="round",
            label=None if place else "journeys booked",
        )


def longest(release: Release, kind: str) -> pl.DataFrame:
    """Return the stops of the circuit in the region that has most towns, of operations of a kind."""
    circuits = rows(release, "circuits").filter(region=REGION, kind=kind).select("circuit")
    stops = rows(release, "stops").join(circuits, on="circuit").sort("circuit", "sequence")
    sizes = stops.group_by("circuit").agg(towns=pl.col("town").n_unique(), length=pl.len())
    chosen = sizes.sort("towns", "length", "circuit", descending=[True, True, False])["circuit"][0]
    return stops.filter(circuit=chosen)


def circuit(
    axes: Any, towns: pl.DataFrame, stops: pl.DataFrame, colour: str, label: str, most: int = 14
) -> None:
    """Draw arrows from stop to stop, the first ones of a circuit."""
    at = {town: (x, y) for town, x, y in towns.select("town", "x_km", "y_km").iter_rows()}
    visited = [at[town] for town in stops["town"].head(most)]
    for start, end in pairwise(visited):
        if start != end:
            axes.annotate(
                "",
                end,
                start,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": colour,
                    "linewidth": 1.6,
                    "shrinkA": 3,
                    "shrinkB": 3,
                    "connectionstyle": "arc3,rad=0.12",
                },
                zorder=5,
            )
    axes.plot([], [], color=colour, linewidth=1.6, label=label)
