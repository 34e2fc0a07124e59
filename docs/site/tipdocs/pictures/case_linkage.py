"""Draw how few rows of each table belong to one case."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release

from tipdocs.ink import INK, PALE, WARM, figure, rows

TABLES = (
    ("adverts", "adverts"),
    ("accounts", "accounts"),
    ("wallets", "wallets"),
    ("circuits", "circuits"),
    ("firms", "firms"),
)
ALT = (
    "For five tables, bars on a logarithmic axis: a long pale one for all rows of the region, a short one "
    "for those of one case."
)
CAPTION = """One case among everything else in its region: rows of one trafficking operation that is seen in all
five tables, beside all rows. The axis is logarithmic. The task gives one advert of the case and asks for the
others, so most of what a method can name is somebody else's; naming it is a <em>wrongful link</em>."""


def draw(release: Release) -> Any:
    """Return the figure."""
    chosen, region = _case(release)
    made = figure(2.7)
    axes = made.add_subplot()
    for place, (table, label) in enumerate(reversed(TABLES)):
        everything = rows(release, table).filter(region=region)
        own = everything.filter(operation=chosen).height
        axes.barh(place, everything.height, color=PALE, height=0.62)
        axes.barh(place, own, color=WARM, height=0.62)
        axes.annotate(
            f"{own:,} of {everything.height:,}",
            (everything.height, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
        axes.annotate(label, (0.9, place), ha="right", va="center", color=INK, annotation_clip=False)
    axes.set(xscale="log", xlim=(0.95, 20_000), xlabel="rows (logarithmic)")
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    return made


def _case(release: Release) -> tuple[int, int]:
    """Return the trafficking operation that is in all tables and has most rows in the least of them; its region."""
    counted = rows(release, "operations").filter(kind="trafficking").select("operation", "region")
    for table, _ in TABLES:
        sizes = rows(release, table).group_by("operation").agg(pl.len().alias(table))
        counted = counted.join(sizes, on="operation", how="left")
    least = counted.with_columns(least=pl.min_horizontal(pl.col(table).fill_null(0) for table, _ in TABLES))
    row = least.sort("least", "adverts", "operation", descending=[True, True, False], nulls_last=True).row(
        0, named=True
    )
    return row["operation"], row["region"]
