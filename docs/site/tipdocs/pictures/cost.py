"""Draw what a release costs by its size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, figure

NUMBERS = Path(__file__).parents[4] / "research" / "cost" / "measured.json"
NAMES = {8: "tiny", 64: "small", 640: "full"}
PANELS = (("cpu_s", "CPU seconds"), ("mb", "MB on disk"), ("peak_mib", "peak of the worker, MiB"))
ALT = (
    "Three panels against the number of regions, from tiny on. CPU seconds and megabytes on disk lie on straight "
    "lines through the origin; the peak of a worker's memory stays level."
)
CAPTION = """Cost of making a release with one worker, by its number of regions; all axes are logarithmic but that of
memory. The lines are proportional to regions: what lies on them costs the same a region at every size. Memory of a
worker is that of one region, however many there are."""


def draw(release: Release) -> Any:
    """Return the figure, of measured numbers; no release is needed for it."""
    from matplotlib.ticker import LogLocator

    numbers = json.loads(NUMBERS.read_text(encoding="utf-8"))
    costs = numbers["sizes"]
    regions = [one["regions"] for one in costs]
    made = figure(2.9)
    for place, (key, name) in enumerate(PANELS):
        axes = made.add_subplot(1, len(PANELS), place + 1)
        values = [one[key] for one in costs]
        if key in numbers["lines"]:
            _line(axes, regions, numbers["lines"][key])
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        else:
            axes.set_ylim(0, 1.6 * max(values))
        axes.set_xscale("log", base=2)
        axes.plot(regions, values, linestyle="", marker="o", markersize=5, color=ACCENT, zorder=3)
        axes.set(title=name, xlabel="regions", xlim=(min(regions) / 1.6, max(regions) * 1.6))
        axes.set_xticks(regions, [_named(one, regions[-1]) for one in regions])
        axes.minorticks_off()
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        axes.tick_params(length=0)
    return made


def _named(regions: int, largest: int) -> str:
    """Return the words below a size; of those between named ones there is no room for any."""
    if regions in NAMES:
        return f"{regions}\n{NAMES[regions]}"
    return str(regions) if regions == largest else ""


def _line(axes: Any, regions: Sequence[int], a_region: float) -> None:
    """Draw the line through the origin that values follow, and say what a region costs."""
    ends = [min(regions) / 1.5, max(regions) * 1.5]
    axes.plot(
        ends, [a_region * one for one in ends], color=INK, linewidth=1.2, linestyle=(0, (4, 2)), zorder=2
    )
    axes.annotate(
        f"{a_region:.2g} a region", (0.06, 0.9), xycoords="axes fraction", color=QUIET, fontsize=8.5
    )
