"""Draw what audits find at firms that exploit and at firms that do not."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, WARM, figure, rows

GROUPS = (("firms that exploit", True, WARM), ("firms that do not", False, ACCENT))
ALT = (
    "Two bar charts of the share of firms by number of complaints: firms that exploit have somewhat more, "
    "but most firms of both groups have none or few."
)
CAPTION = """Complaints about firms of <code>tiny</code>, exploiting ones (hidden truth) and others, as the
share of each group. The difference is small, and most firms with complaints exploit nobody: complaints come
from where workers can complain. A score says where to look first; auditors and workers find out what is
there."""


def draw(release: Release) -> Any:
    """Return the figure."""
    complaints = rows(release, "complaints").group_by("firm").agg(complaints=pl.len())
    firms = (
        rows(release, "firms")
        .join(complaints, on="firm", how="left")
        .with_columns(pl.col("complaints").fill_null(0).clip(0, 5))
    )
    made = figure(2.9)
    axes = made.add_subplot()
    for place, (label, exploits, colour) in enumerate(GROUPS):
        own = firms.filter(exploits=exploits)
        for number in range(6):
            count = own.filter(complaints=number).height
            x = number + 0.38 * (place - 0.5)
            axes.bar(
                x,
                count / own.height,
                width=0.36,
                color=colour,
                label=f"{label} ({own.height:,})" if number == 0 else None,
            )
            axes.annotate(
                f"{count:,}",
                (x, count / own.height),
                ha="center",
                va="bottom",
                xytext=(0, 2),
                textcoords="offset points",
                color=INK,
                fontsize=7.5,
            )
    axes.set_xticks(range(6), ["none", "1", "2", "3", "4", "5 or more"])
    axes.set(xlabel="complaints about a firm (numbers: firms)", ylabel="share of the group")
    axes.tick_params(length=0)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right")
    return made
