"""Draw what sites carry before and after a closure, and true effects of closures and campaigns."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, note, panel, rows

BEFORE, AFTER, WEEK = 120, 200, 7


def market(release: Release) -> Any:
    """Draw what sites carry before and after one of them closes."""
    effect = _clearest_closure(release)
    begin, closed = effect["day"], effect["closed"]
    days = pl.col("day").is_between(begin - BEFORE, begin + AFTER)
    market = rows(release, "market").filter(days, pl.col("platform").is_not_null(), region=effect["region"])
    made, axes = panel(4.2)
    ends: list[tuple[float, str]] = []

    def draw(of: pl.DataFrame, colour: str, width: float, name: str) -> None:
        smooth = of["adverts"].cast(pl.Float64).fill_null(0).rolling_mean(WEEK)
        axes.plot(of["day"] - begin, smooth, color=colour, linewidth=width, alpha=0.9)
        ends.append((float(smooth[-1]), name))

    for platform in market["platform"].unique().sort():
        own = market.filter(platform=platform).sort("day")
        draw(own, *((WARM, 2) if platform == closed else (ACCENT, 1)), platform)
    draw(market.group_by("day").agg(pl.col("adverts").sum()).sort("day"), INK, 2, "all sites")
    ends = [(value, name) for value, name in ends if name != closed]
    low, high = effect["first_day"] - begin, effect["last_day"] - begin + 1
    level = effect["expected_without"] / 1000 / (high - low)
    look = {"color": INK, "linewidth": 1.4, "linestyle": (0, (4, 2)), "zorder": 4}
    axes.plot([low, high], [level, level], label="all sites, had it not closed (hidden truth)", **look)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.12))
    axes.axvline(0, color=QUIET, linewidth=1, linestyle=":")
    look = {"xycoords": ("data", "axes fraction"), "va": "top", "fontsize": 8.5}
    note(axes, f"site {closed} closes", (0, 1), shift=(4, -4), **look)
    top, last = max(value for value, _ in ends), -np.inf
    for value, platform in sorted(ends):
        last = max(value, last + top * 0.045)  # no name over another
        note(axes, platform, (AFTER + 2, last), fontsize=8, color=QUIET)
    axes.set(xlabel="days after the closure", ylabel="new adverts per day", xlim=(-BEFORE, AFTER + 34))
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.tick_params(length=0)
    return made


def _clearest_closure(release: Release) -> dict[str, Any]:
    """Return the effect on all adverts of the closure of most volume that has room before and after; its site."""
    closed = rows(release, "interventions").select("intervention", closed="platform")
    effects = rows(release, "effects").filter(kind="closure", outcome="adverts")
    roomy = effects.join(closed, on="intervention").filter(pl.col("day").is_between(BEFORE, 730 - AFTER))
    return roomy.sort("expected_without", "effect", descending=True).row(0, named=True)


KINDS = (
    ("campaign", "contacts", "a campaign, on contacts with helplines", ACCENT, "o"),
    ("closure", "adverts", "a closure, on adverts of all sites", WARM, "D"),
)


def intervention_effect(release: Release) -> Any:
    """Draw the true effects of closures and campaigns, as ratios."""
    effects = rows(release, "effects").sort("effect")
    made, axes = panel(2.0)
    for place, (kind, outcome, label, colour, marker) in enumerate(KINDS):
        own = effects.filter(kind=kind, outcome=outcome, scale="log")
        ratios = np.exp(own["truth"].to_numpy() / 1000)
        spread = 0.13 * ((np.arange(len(ratios)) % 3) - 1)
        axes.scatter(ratios, place + spread, s=26, color=colour, marker=marker, linewidth=0)
        note(axes, f"{label} ({len(ratios)})", (0.105, place + 0.42))
    axes.axvline(1, color=QUIET, linewidth=1, linestyle=":")
    label = "with the intervention, divided by without it"
    axes.set(xscale="log", xlim=(0.1, 3), ylim=(-0.4, 1.7), xlabel=label)
    axes.set_xticks([0.1, 0.25, 0.5, 1, 2], ["0.1", "0.25", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.spines["left"].set_visible(False)
    return made
