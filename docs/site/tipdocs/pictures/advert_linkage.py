"""Draw a component of shared contacts in which several operations are mixed."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipcore.units import shared_value_components
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, rows

LOOKS = ((WARM, "D"), (ACCENT, "o"), (INK, "s"), (QUIET, "^"), (ACCENT, "v"), (INK, "P"))
MOST = 40
"""Most contacts of a component that is chosen."""
ALT = (
    "Adverts as marks over two years, one row per contact; marks of one form are of one operation. Nearly "
    "all of them carry the contact of the lowest row, and so several operations are joined."
)
CAPTION = """One group of adverts that hang together by shared contacts, a row per contact and a mark per
advert; adverts with two contacts are joined by a line. Form and colour say which operation truly posted it.
Much of the literature takes such a group for one operator. Here one contact, the lowest row, joins operations
that have nothing to do with one another: a label that rests on shared contacts would teach a method that they
are the same."""


def draw(release: Release) -> Any:
    """Return the figure."""
    adverts = rows(release, "adverts").select("advert", "region", "minute", "contacts", "operation")
    shown = _mixed(adverts.filter(pl.col("contacts").list.len() > 0))
    operations = (
        shown.group_by("operation")
        .len()
        .sort("len", "operation", descending=[True, False])["operation"]
        .to_list()
    )
    kinds = dict(rows(release, "operations").select("operation", "kind").iter_rows())
    lines = shown.explode("contacts").with_columns(day=pl.col("minute") / 1440)
    order = lines.group_by("contacts").agg(pl.col("day").min()).sort("day", "contacts")["contacts"].to_list()
    made = figure(4.0)
    axes = made.add_subplot()
    for days in (
        lines.group_by("advert").agg("contacts", "day").sort("advert").select("contacts", "day").iter_rows()
    ):
        heights = [order.index(contact) for contact in days[0]]
        if len(heights) > 1:
            axes.plot([days[1][0]] * 2, [min(heights), max(heights)], color=PALE, linewidth=1, zorder=1)
    for number, operation in enumerate(operations):
        own = lines.filter(operation=operation)
        colour, marker = LOOKS[number]
        label = f"operation {chr(65 + number)}: {kinds[operation]}"
        axes.scatter(own["day"], [order.index(x) for x in own["contacts"]], color=colour, marker=marker, s=16,
                     linewidth=0, label=label, zorder=2)  # fmt: skip
    bare(axes)
    axes.set(xlabel="day", ylabel="contacts, one row each")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return made


def _mixed(adverts: pl.DataFrame) -> pl.DataFrame:
    """Return the adverts of the component that mixes most operations, among those of up to :data:`MOST` contacts."""
    grouped = adverts.join(shared_value_components(adverts, "advert", "contacts"), on="advert")
    sizes = (
        grouped.explode("contacts")
        .group_by("component")
        .agg(contacts=pl.col("contacts").n_unique(), operations=pl.col("operation").n_unique(), rows=pl.len())
    )
    fit = sizes.filter(pl.col("contacts") <= MOST, pl.col("operations").is_between(3, len(LOOKS)))
    chosen = fit.sort("operations", "rows", "component", descending=[True, True, False])["component"][0]
    return grouped.filter(component=chosen)
