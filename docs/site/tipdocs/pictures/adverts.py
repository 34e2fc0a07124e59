"""Draw adverts: what their facts can say, shared contacts, likeness of texts, and votes of a crowd."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipcore.units import shared_value_components
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, note, panel, rows

GROUPS = (("trafficking", WARM), ("independent", ACCENT), ("business", ACCENT), ("spam", QUIET))
LOW, HIGH, STEPS = -12.0, 4.0, 64
"""Log odds that are drawn, and how many steps."""


def advert_risk(release: Release) -> Any:
    """Draw how much one advert's own facts can say, for each group that posts."""
    adverts = rows(release, "adverts").select("operation", "log_odds")
    adverts = adverts.join(rows(release, "operations").select("operation", "kind"), on="operation")
    made, axes = panel(3.6)
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
        note(axes, f"{group}\n{len(odds):,} adverts", (LOW - 0.15, place + 0.3), "right", fontsize=8.5)
        above = f"{(odds > 0).sum():,} above 0"
        note(axes, above, (HIGH, place + 0.3), "right", color=QUIET, fontsize=8.5)
        axes.axhline(place, color=PALE, linewidth=0.8)
    axes.axvline(0, color=QUIET, linewidth=0.8, linestyle=":")
    bare(axes)
    label = "log odds of trafficking, from the advert's own facts (height: share of the group)"
    axes.set(xlim=(LOW, HIGH), xlabel=label)
    return made


LOOKS = ((WARM, "D"), (ACCENT, "o"), (INK, "s"), (QUIET, "^"), (ACCENT, "v"), (INK, "P"))
MOST_CONTACTS = 40
"""Of a component that is chosen."""


def advert_linkage(release: Release) -> Any:
    """Draw a component of shared contacts in which several operations are mixed."""
    adverts = rows(release, "adverts").select("advert", "region", "minute", "contacts", "operation")
    shown = _mixed_component(adverts.filter(pl.col("contacts").list.len() > 0))
    sizes = shown.group_by("operation").len().sort("len", "operation", descending=[True, False])
    kinds = dict(rows(release, "operations").select("operation", "kind").iter_rows())
    lines = shown.explode("contacts").with_columns(day=pl.col("minute") / 1440)
    order = lines.group_by("contacts").agg(pl.col("day").min()).sort("day", "contacts")["contacts"].to_list()
    made, axes = panel(4.0)
    for _, contacts, days in lines.group_by("advert").agg("contacts", "day").sort("advert").iter_rows():
        heights = [order.index(contact) for contact in contacts]
        if len(heights) > 1:
            axes.plot([days[0]] * 2, [min(heights), max(heights)], color=PALE, linewidth=1, zorder=1)
    for number, operation in enumerate(sizes["operation"]):
        own = lines.filter(operation=operation)
        colour, marker = LOOKS[number]
        label = f"operation {chr(65 + number)}: {kinds[operation]}"
        heights = [order.index(contact) for contact in own["contacts"]]
        axes.scatter(
            own["day"], heights, color=colour, marker=marker, s=16, linewidth=0, label=label, zorder=2
        )
    bare(axes)
    axes.set(xlabel="day", ylabel="contacts, one row each")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return made


def _mixed_component(adverts: pl.DataFrame) -> pl.DataFrame:
    """Return the adverts of the component with most operations, of those of few contacts."""
    grouped = adverts.join(shared_value_components(adverts, "advert", "contacts"), on="advert")
    counts = {"contacts": pl.col("contacts").n_unique(), "operations": pl.col("operation").n_unique()}
    sizes = grouped.explode("contacts").group_by("component").agg(**counts, rows=pl.len())
    fit = sizes.filter(pl.col("contacts") <= MOST_CONTACTS, pl.col("operations").is_between(3, len(LOOKS)))
    chosen = fit.sort("operations", "rows", "component", descending=[True, True, False])["component"][0]
    return grouped.filter(component=chosen)


LANGUAGE = "en"
ALIKE = (0.3, 0.4)
"""Likeness of pairs that are counted."""


def advert_authorship(release: Release) -> Any:
    """Draw how alike two adverts are, of one author and of two: without copies, of the region with most adverts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    adverts = rows(release, "adverts").filter(language=LANGUAGE)
    sizes = adverts.group_by("region").len().sort("len", "region", descending=[True, False])
    adverts = adverts.filter(~pl.col("copied"), region=sizes["region"][0]).sort("advert")
    adverts = adverts.unique("near_duplicate_group", keep="first", maintain_order=True)
    pieces = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), sublinear_tf=True)
    words = pieces.fit_transform(adverts["body"].to_list())
    first, second = np.triu_indices(adverts.height, k=1)
    alike = (words @ words.T).toarray()[first, second]
    writers = adverts["writer"].to_numpy()
    one_hand = writers[first] == writers[second]
    made, axes = panel(3.0)
    edges = np.linspace(0, 0.8, 61)
    for some, colour, label in ((~one_hand, ACCENT, "by two authors"), (one_hand, WARM, "by one author")):
        share = np.histogram(np.clip(alike[some], 0, 0.799), edges)[0] / some.sum()
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(share, edges, color=colour, linewidth=1.2, label=f"{label} ({some.sum():,} pairs)")
    fairly = (alike > ALIKE[0]) & (alike < ALIKE[1])
    counted = f"{(fairly & ~one_hand).sum():,} by two, {(fairly & one_hand).sum():,} by one"
    axes.plot(ALIKE, [-0.004, -0.004], color=INK, linewidth=2, solid_capstyle="butt", clip_on=False)
    arrow = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.8}
    note(axes, counted, (ALIKE[1], 0), shift=(120, 56), va="baseline", fontsize=8.5, arrowprops=arrow)
    bare(axes)
    axes.set(xlim=(0, 0.8), xlabel="likeness of two adverts (height: share of the pairs)")
    axes.legend(loc="upper right", labelcolor=INK)
    return made


VOTES = (("harmful", WARM), ("unsure", PALE), ("clear", ACCENT))


def flag_aggregation(release: Release) -> Any:
    """Draw what a crowd voted on the adverts of one queue, and what is true."""
    reviews = rows(release, "reviews").filter(region=0).group_by("advert")
    votes = reviews.agg(*((pl.col("vote") == vote).mean().alias(f"voted {vote}") for vote, _ in VOTES))
    order = ["voted harmful", "voted clear", "advert"]
    queue = rows(release, "queue").filter(region=0).join(votes, on="advert")
    shown = queue.sort(order, descending=[True, False, False])
    made, axes = panel(3.3)
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
        note(axes, words, (-2, y), "right")
    note(axes, "share of\nvotes", (-2, 0.5), "right")
    bare(axes)
    axes.set(xlim=(-1, shown.height), ylim=(-0.24, 1.0), xlabel="adverts of the queue", xticks=[])
    axes.spines["bottom"].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return made
