"""Draw what those who contact a helpline need, and how urgently."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, WARM, figure, rows

LEVELS = ((2, "urgency 2, the highest", WARM), (1, "urgency 1", ACCENT), (0, "urgency 0", PALE))
ALT = "Horizontal bars for eight needs, from legal help to safety, each divided by how urgent the contact is."
CAPTION = """Needs of those who contacted the helplines of <code>tiny</code> (hidden truth; one contact may have
several, and some have none), by how urgent the contact is. A method reads the case worker's note and coded
facts. Who says little, or says it in another language than the helpline's, must not be the one who is missed:
that is what the protection gap shows."""


def draw(release: Release) -> Any:
    """Return the figure."""
    contacts = rows(release, "contacts")
    needs = contacts.select("urgency", "needs").explode("needs").drop_nulls()
    counted = needs.group_by("needs", "urgency").len()
    order = needs.group_by("needs").len().sort("len", "needs")["needs"].to_list()
    made = figure(3.1)
    axes = made.add_subplot()
    left = dict.fromkeys(order, 0)
    for level, label, colour in LEVELS:
        sizes = {
            need: int(counted.filter(pl.col("needs") == need, pl.col("urgency") == level)["len"].sum())
            for need in order
        }
        axes.barh(
            order,
            [sizes[need] for need in order],
            left=[left[need] for need in order],
            color=colour,
            height=0.66,
            label=label,
        )
        left = {need: left[need] + sizes[need] for need in order}
    for place, need in enumerate(order):
        axes.annotate(
            f"{left[need]:,}",
            (left[need], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set(xlabel=f"of {contacts.height:,} contacts", xlim=(0, max(left.values()) * 1.1))
    axes.legend(loc="lower right")
    return made
