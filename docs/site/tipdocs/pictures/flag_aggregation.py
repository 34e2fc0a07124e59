"""Draw what a crowd voted on the adverts of one queue, and what is true."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, WARM, bare, figure, rows

REGION = 0
VOTES = (("harmful", WARM), ("unsure", PALE), ("clear", ACCENT))
ALT = (
    "About 150 thin stacked bars of votes, one per advert, sorted by the share that voted harmful. Marks "
    "below say which adverts are truly harmful and which were brigaded; the marks are spread over much of "
    "the width."
)
CAPTION = """Votes on every advert of one region's queue, sorted by the share of reviewers who found it harmful.
The first row of marks says which adverts truly are (hidden truth), the second which are of an operation that a
brigade targets. The majority condemns adverts that are not harmful and clears some that are; where a brigade is
at work, being unanimous proves nothing."""


def draw(release: Release) -> Any:
    """Return the figure."""
    queue = rows(release, "queue").filter(region=REGION)
    votes = (
        rows(release, "reviews")
        .filter(region=REGION)
        .group_by("advert")
        .agg(*((pl.col("vote") == vote).mean().alias(f"voted {vote}") for vote, _ in VOTES))
    )
    order = ["voted harmful", "voted clear", "advert"]
    shown = queue.join(votes, on="advert").sort(order, descending=[True, False, False])
    made = figure(3.3)
    axes = made.add_subplot()
    x = list(range(shown.height))
    low = pl.Series([0.0] * shown.height)
    for vote, colour in VOTES:
        share = shown[f"voted {vote}"]
        axes.bar(x, share, bottom=low, color=colour, width=0.86, label=f"voted {vote}")
        low = low + share
    harmful = [place for place, flag in enumerate(shown["harmful"]) if flag]
    brigaded = [place for place, flag in enumerate(shown["brigade"]) if flag not in (None, False, 0)]
    for y, places, words in ((-0.08, harmful, "truly harmful"), (-0.17, brigaded, "of a target")):
        axes.scatter(places, [y] * len(places), marker="|", s=36, color=INK, linewidth=1.2)
        axes.annotate(words, (-2, y), ha="right", va="center", color=INK, annotation_clip=False)
    axes.annotate("share of\nvotes", (-2, 0.5), ha="right", va="center", color=INK, annotation_clip=False)
    bare(axes)
    axes.set(xlim=(-1, shown.height), ylim=(-0.24, 1.0), xlabel="adverts of the queue")
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return made
