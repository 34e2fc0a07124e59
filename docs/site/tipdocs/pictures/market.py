"""Draw what sites carry before and after one of them closes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, figure, rows

BEFORE, AFTER, WEEK = 120, 200, 7
ALT = (
    "Daily new adverts on a region's sites as lines, from 120 days before to 200 days after one site "
    "closes. The sum of all falls and comes back in part, one other site takes much of it, and a dashed "
    "line shows where the sum would be."
)
CAPTION = """New adverts per day at full volume, mean of a week, on the sites of one region; at day 0 one of
them closes (warm). The thick line is their sum; where it would be without the closure is known only to the
generator (dashed, its mean over the window that is asked about). Much of what is gone comes back elsewhere:
what is not advertised is not what does not happen, and whether anybody is safer cannot be seen here at all."""


def draw(release: Release) -> Any:
    """Return the figure."""
    effect = _clearest(release)
    days = pl.col("day").is_between(effect["day"] - BEFORE, effect["day"] + AFTER)
    market = rows(release, "market").filter(days, pl.col("platform").is_not_null(), region=effect["region"])
    made = figure(4.2)
    axes = made.add_subplot()
    ends: list[tuple[float, str]] = []
    for platform in market["platform"].unique().sort():
        own = market.filter(platform=platform).sort("day")
        closes = platform == effect["closed"]
        last = _series(axes, own, effect["day"], WARM if closes else ACCENT, 2 if closes else 1)
        if not closes:
            ends.append((last, platform))
    summed = market.group_by("day").agg(pl.col("adverts").sum()).sort("day")
    ends.append((_series(axes, summed, effect["day"], INK, 2), "all sites"))
    low, high = effect["first_day"] - effect["day"], effect["last_day"] - effect["day"] + 1
    level = effect["expected_without"] / 1000 / (high - low)
    said = "all sites, had it not closed (hidden truth)"
    axes.plot(
        [low, high], [level, level], color=INK, linewidth=1.4, linestyle=(0, (4, 2)), label=said, zorder=4
    )
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.12))
    axes.axvline(0, color=QUIET, linewidth=1, linestyle=":")
    axes.annotate(
        f"site {effect['closed']} closes",
        (0, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4),
        textcoords="offset points",
        va="top",
        color=INK,
        fontsize=8.5,
    )
    _names(axes, ends)
    axes.set(xlabel="days after the closure", ylabel="new adverts per day", xlim=(-BEFORE, AFTER + 34))
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.tick_params(length=0)
    return made


def _series(axes: Any, rows: pl.DataFrame, day: int, colour: str, width: float) -> float:
    """Draw the mean of a week up to each day; return the last value."""
    smooth = rows["adverts"].cast(pl.Float64).fill_null(0).rolling_mean(WEEK)
    axes.plot(rows["day"] - day, smooth, color=colour, linewidth=width, alpha=0.9)
    return float(smooth[-1])


def _names(axes: Any, ends: list[tuple[float, str]]) -> None:
    """Write each site's name at its line's end, none over another."""
    top = max(value for value, _ in ends)
    last = -np.inf
    for value, platform in sorted(ends):
        last = max(value, last + top * 0.045)
        axes.annotate(platform, (AFTER + 2, last), va="center", fontsize=8, color=QUIET)


def _clearest(release: Release) -> dict[str, Any]:
    """Return the effect on all adverts of the closure of most volume that has room before and after; its site."""
    closed = rows(release, "interventions").select("intervention", closed="platform")
    effects = (
        rows(release, "effects").filter(kind="closure", outcome="adverts").join(closed, on="intervention")
    )
    roomy = effects.filter(pl.col("day").is_between(BEFORE, 730 - AFTER))
    return roomy.sort("expected_without", "effect", descending=True).row(0, named=True)
