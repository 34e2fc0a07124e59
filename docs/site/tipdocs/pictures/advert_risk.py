"""Draw how much one advert's own facts can say, for each group that posts."""

from __future__ import annotations

from typing import Any

import numpy as np
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, rows

GROUPS = (("trafficking", WARM), ("independent", ACCENT), ("business", ACCENT), ("spam", QUIET))
LOW, HIGH, STEPS = -12.0, 4.0, 64
ALT = (
    "Four hills, one above the other, of how far the facts said in an advert point to trafficking: "
    "trafficking, independent workers, businesses, spam. They overlap almost everywhere."
)
CAPTION = """How far the facts said in one advert point to trafficking, as the generator itself reckons (log
odds, hidden truth), by who posted it; a tick marks the median. The hills overlap: even who knows the world's
own law cannot tell most adverts apart by what one of them says, and most adverts of trafficking lie where
lawful ones do."""


def draw(release: Release) -> Any:
    """Return the figure."""
    adverts = rows(release, "adverts").select("operation", "log_odds")
    adverts = adverts.join(rows(release, "operations").select("operation", "kind"), on="operation")
    made = figure(3.6)
    axes = made.add_subplot()
    edges = np.linspace(LOW, HIGH, STEPS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    for place, (group, colour) in enumerate(reversed(GROUPS)):
        odds = adverts.filter(kind=group)["log_odds"].to_numpy() / 1000
        counts = np.histogram(np.clip(odds, LOW, HIGH), edges)[0]
        tall = 0.85 * counts / counts.max()
        axes.fill_between(middles, place, place + tall, color=colour, alpha=0.35, linewidth=0, step="mid")
        axes.step(middles, place + tall, color=colour, linewidth=1.2, where="mid")
        median = float(np.median(odds))
        axes.plot([median, median], [place, place + 0.3], color=INK, linewidth=1.6)
        axes.annotate(
            f"{group}\n{len(odds):,} adverts",
            (LOW - 0.15, place + 0.3),
            ha="right",
            va="center",
            color=INK,
            fontsize=8.5,
            annotation_clip=False,
        )
        above = int((odds > 0).sum())
        axes.annotate(
            f"{above:,} above 0", (HIGH, place + 0.3), ha="right", va="center", color=QUIET, fontsize=8.5
        )
        axes.axhline(place, color=PALE, linewidth=0.8)
    axes.axvline(0, color=QUIET, linewidth=0.8, linestyle=":")
    bare(axes)
    axes.set(
        xlim=(LOW, HIGH),
        xlabel="log odds of trafficking, from the advert's own facts (height: share of the group)",
    )
    return made
