"""Draw two habits of writing by author: how long, and how loud."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, rows
from tipdata.release import Release

LANGUAGE, AUTHORS = "en", 5
LOOKS = ((WARM, "D"), (ACCENT, "o"), (INK, "s"), (QUIET, "^"), (ACCENT, "v"))
ALT = "Scatter of adverts by letters per advert and signs per hundred letters; five forms of marks for five authors lie in clouds that overlap."
CAPTION = """Adverts in English of five authors, by two habits: how long they write, and how many signs of punctuation they
use. An author's adverts lie together, but the clouds overlap, and re-posts make some of them look surer than they are.
Style says who may have written something; it does not say why."""


def draw(release: Release) -> Any:
    """Return the figure."""
    adverts = rows(release, "adverts").filter(language=LANGUAGE, region=_region(release)).filter(~pl.col("copied"))
    adverts = adverts.unique("near_duplicate_group", keep="first", maintain_order=True)
    sizes = adverts.group_by("writer").len().sort("len", "writer", descending=[True, False])
    made = figure(3.8)
    axes = made.add_subplot()
    letters = pl.col("body").str.len_chars()
    habits = adverts.select("writer", letters=letters, signs=100 * pl.col("body").str.count_matches(r"[!.,;:?…*~\-]") / letters)
    axes.scatter(habits["letters"], habits["signs"], s=6, color=PALE, linewidth=0, label="everybody else")
    for number, writer in enumerate(sizes["writer"].head(AUTHORS)):
        own = habits.filter(writer=writer)
        colour, marker = LOOKS[number]
        axes.scatter(own["letters"], own["signs"], s=20, color=colour, marker=marker, linewidth=0, label=f"author {chr(65 + number)}")
    bare(axes, left=True)
    axes.set(xlabel="letters per advert", ylabel="signs per 100 letters")
    axes.legend(loc="upper right", ncols=2)
    return made


def _region(release: Release) -> int:
    """Return the region with most adverts in the language."""
    sizes = rows(release, "adverts").filter(language=LANGUAGE).group_by("region").len()
    return sizes.sort("len", "region", descending=[True, False])["region"][0]
