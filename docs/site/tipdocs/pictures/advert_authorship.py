"""Draw how alike two adverts are, of one author and of two."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, QUIET, WARM, bare, figure, rows

LANGUAGE = "en"
ALIKE = (0.3, 0.4)
"""Likeness of pairs that are counted."""
ALT = (
    "Two hills of how alike pairs of adverts are: that of pairs by one author lies further to the right "
    "than that of pairs by two authors, and much of it lies inside the other."
)
CAPTION = """How alike two adverts in English of one region are (cosine of their three-letter pieces), for pairs
by one author and for pairs by two, as shares of each; re-posts and copied texts are left out. The hills
overlap, and there are many times more pairs by two authors, so that of pairs that are fairly alike most are by
two (counted at the line). Style can say where to look, and nothing about why somebody writes."""


def draw(release: Release) -> Any:
    """Return the figure."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    adverts = _own_texts(release)
    words = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), sublinear_tf=True).fit_transform(
        adverts["body"].to_list()
    )
    first, second = np.triu_indices(adverts.height, k=1)
    alike = (words @ words.T).toarray()[first, second]
    writers = adverts["writer"].to_numpy()
    one_hand = writers[first] == writers[second]
    made = figure(3.0)
    axes = made.add_subplot()
    edges = np.linspace(0, 0.8, 61)
    for some, colour, words_ in ((~one_hand, ACCENT, "by two authors"), (one_hand, WARM, "by one author")):
        share = np.histogram(np.clip(alike[some], 0, 0.799), edges)[0] / some.sum()
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(share, edges, color=colour, linewidth=1.2, label=f"{words_} ({some.sum():,} pairs)")
    fairly = (alike > ALIKE[0]) & (alike < ALIKE[1])
    counted = f"{(fairly & ~one_hand).sum():,} by two, {(fairly & one_hand).sum():,} by one"
    axes.plot(ALIKE, [-0.004, -0.004], color=INK, linewidth=2, solid_capstyle="butt", clip_on=False)
    axes.annotate(
        counted,
        (ALIKE[1], 0),
        xytext=(120, 56),
        textcoords="offset points",
        color=INK,
        fontsize=8.5,
        arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.8},
    )
    bare(axes)
    axes.set(xlim=(0, 0.8), xlabel="likeness of two adverts (height: share of the pairs)")
    axes.legend(loc="upper right", labelcolor=INK)
    return made


def _own_texts(release: Release) -> pl.DataFrame:
    """Return one advert per text, of the region with most adverts in the language, without copies."""
    adverts = rows(release, "adverts").filter(language=LANGUAGE)
    sizes = adverts.group_by("region").len().sort("len", "region", descending=[True, False])
    own = adverts.filter(~pl.col("copied"), region=sizes["region"][0]).sort("advert")
    return own.unique("near_duplicate_group", keep="first", maintain_order=True)
