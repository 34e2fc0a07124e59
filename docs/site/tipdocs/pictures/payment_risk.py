"""Draw amounts of payments that carry proceeds or control beside all others, by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, WARM, bare, figure, rows

ALT = (
    "For each channel of payment, a strip of amounts on a logarithmic axis: a blue hill of all payments "
    "and, over it, marks of illicit ones all along the hill."
)
CAPTION = """Payments of <code>tiny</code> by channel and amount: blue hills are all payments, marks those that
carry proceeds or control (hidden truth). The numbers say how many of how many. Marks lie where everybody's
payments lie, so that a rule on amounts alone accuses very many people for each mark that it finds."""


def draw(release: Release) -> Any:
    """Return the figure."""
    payments = rows(release, "payments").filter(pl.col("amount") > 0)
    illicit = pl.col("typology").is_not_null()
    channels = payments.group_by("channel").len().sort("len", "channel")["channel"].to_list()
    amounts = payments["amount"].to_numpy()
    low, high = (float(np.quantile(amounts, share, method="nearest")) for share in (0.001, 0.9995))
    edges = np.geomspace(low, high, 60)
    made = figure(0.62 * len(channels) + 0.9)
    axes = made.add_subplot()
    for place, channel in enumerate(channels):
        own = payments.filter(channel=channel)
        counts = np.histogram(np.clip(own["amount"].to_numpy(), edges[0], edges[-1]), edges)[0]
        tall = 0.8 * counts / counts.max()
        axes.fill_between(
            np.sqrt(edges[1:] * edges[:-1]) / 100, place, place + tall, color=ACCENT, alpha=0.35, linewidth=0
        )
        marks = own.filter(illicit)["amount"].to_numpy() / 100
        axes.scatter(marks, np.full(len(marks), place + 0.12), marker="|", s=44, color=WARM, linewidth=1)
        axes.axhline(place, color=PALE, linewidth=0.8)
        axes.annotate(
            f"{channel.replace('_', ' ')}\n{len(marks)} of {own.height:,}",
            (edges[0] / 100, place + 0.3),
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=INK,
            fontsize=8.5,
            annotation_clip=False,
        )
    bare(axes)
    axes.set(xscale="log", xlim=(edges[0] / 100, edges[-1] / 100), xlabel="amount in XTS (logarithmic)")
    axes.set_xticks([10, 100, 1000, 10_000], ["10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    return made
