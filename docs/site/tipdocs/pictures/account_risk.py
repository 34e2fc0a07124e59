"""Draw when accounts make ties: some that recruit for trafficking operations, and lawful employers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, rows

EACH = 5
REASONS = (
    ("approach", WARM, 0.24, "writes to a stranger"),
    ("answer", ACCENT, 0.0, "is answered, or answers"),
    (None, QUIET, -0.24, "any other tie"),
)
"""Reason of a tie (hidden truth), its colour, where in the row it stands, what it says."""
ALT = (
    "Ten rows of ticks over two years, one row per account and one tick per tie. The five upper accounts "
    "recruit for trafficking operations, the five lower ones are lawful employers; ticks of every colour "
    "are in both."
)
CAPTION = """Ties of ten accounts by the day they began: above five that recruit for trafficking operations,
below five of lawful employers with about as many ties. Why a tie was made (the colour) is hidden truth; a
method sees who, with whom and when. To have many ties, to write to strangers and to be answered is what
employers do as well."""


def draw(release: Release) -> Any:
    """Return the figure."""
    ties = rows(release, "ties")
    recruiters, employers = _accounts(release, ties)
    made = figure(4.2)
    axes = made.add_subplot()
    for place, account in enumerate([*recruiters, *employers]):
        y = -place - (0.7 if place >= EACH else 0)
        own = ties.filter((pl.col("source") == account) | (pl.col("target") == account))
        axes.axhline(y, color=PALE, linewidth=0.8, zorder=0)
        for reason, colour, above, label in REASONS:
            listed = [name for name, *_ in REASONS if name]
            some = own.filter(reason=reason) if reason else own.filter(~pl.col("reason").is_in(listed))
            days = some["day"].drop_nulls().to_numpy()
            axes.scatter(
                days,
                np.full(len(days), y + above),
                marker="|",
                s=18,
                color=colour,
                linewidth=0.8,
                label=label if place == 0 else None,
            )
        axes.annotate(
            f"{own.height} ties", (736, y), va="center", color=QUIET, fontsize=8, annotation_clip=False
        )
    for middle, words in (
        (-(EACH - 1) / 2, "recruit for\ntrafficking\noperations"),
        (-EACH - 0.7 - (EACH - 1) / 2, "lawful\nemployers"),
    ):
        axes.annotate(words, (-12, middle), ha="right", va="center", color=INK, annotation_clip=False)
    bare(axes)
    axes.set(xlim=(0, 730), xlabel="day on which a tie began (0: the first of the data)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, markerscale=3)
    return made


def _accounts(release: Release, ties: pl.DataFrame) -> tuple[list[int], list[int]]:
    """Return the recruiting accounts with most ties, and for each the lawful employer with about as many."""
    accounts = rows(release, "accounts").join(
        rows(release, "operations").select("operation", "kind"), on="operation", how="left"
    )
    ends = pl.concat([ties.select(account=end) for end in ("source", "target")])
    sized = accounts.join(ends.group_by("account").agg(ties=pl.len().cast(pl.Int64)), on="account")
    recruiters = (
        sized.filter(kind="trafficking", role="recruits")
        .sort("ties", "account", descending=[True, False])
        .head(EACH)
    )
    hire = ties.filter(reason="employer").select(account="source").unique()
    left = sized.join(hire, on="account").filter(pl.col("kind").fill_null("") != "trafficking")
    employers: list[int] = []
    for wanted in recruiters["ties"]:
        left = left.filter(~pl.col("account").is_in(employers))
        employers.append(left.sort((pl.col("ties") - wanted).abs(), "account")["account"][0])
    return recruiters["account"].to_list(), employers
