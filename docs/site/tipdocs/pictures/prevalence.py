"""Draw what six lists hold of the hidden people of one region, and how many there are."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release
from tipdata.stages.captures import LISTS

from tipdocs.ink import ACCENT, INK, PALE, WARM, figure, rows

MOST = 18
REGION = 0
ALT = (
    "Bars for the most frequent patterns of six lists, with a grid of dots below that says which lists they "
    "are, and beside them one tall bar for the people on no list."
)
CAPTION = """Adults of one region by the lists that they are on (dots): all that an estimate is made from. The
tall bar is those on no list, which only the generator knows. Few people are on two lists, so estimates rest on
few; and lists are not drawn by lot: who is on one is likelier, or less likely, to be on another. The number is
of this world, and of no country."""


def draw(release: Release) -> Any:
    """Return the figure."""
    whole = pl.col("form") == "any", pl.col("sex") == "any"
    lists = rows(release, "case_lists").filter(*whole, region=REGION)
    totals = rows(release, "populations").filter(region=REGION).row(0, named=True)
    shown = lists.sort("count", *LISTS, descending=[True, *[False] * len(LISTS)]).head(MOST)
    made = figure(4.0)
    above, below = made.subplots(2, sharex=True, height_ratios=[2, 1.1])
    above.bar(range(shown.height), shown["count"], color=ACCENT, width=0.66)
    unseen = totals["hidden"] - totals["observed"]
    above.bar(shown.height + 0.6, unseen, color=WARM, width=0.9)
    for x, count in [*enumerate(shown["count"]), (shown.height + 0.6, unseen)]:
        above.annotate(
            f"{count:,}",
            (x, count),
            ha="center",
            va="bottom",
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    above.annotate(
        "on no list\n(hidden truth)",
        (shown.height - 0.1, unseen),
        ha="right",
        va="top",
        color=INK,
        xytext=(0, -2),
        textcoords="offset points",
    )
    for y, name in enumerate(LISTS):
        there = shown[name].to_list()
        below.scatter(
            range(len(there)),
            [y] * len(there),
            s=26,
            color=[ACCENT if flag else PALE for flag in there],
            linewidth=0,
        )
        below.annotate(
            name.replace("_", " "), (-0.8, y), ha="right", va="center", color=INK, annotation_clip=False
        )
    for axes in (above, below):
        axes.set_yticks([])
        axes.set_xticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
    below.set_ylim(len(LISTS) - 0.4, -0.6)
    return made
