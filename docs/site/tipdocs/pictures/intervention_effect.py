"""Draw the true effects of closures and campaigns, as ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, figure, rows

KINDS = (
    ("closure", "adverts", "a closure, on adverts of all sites", WARM, "D"),
    ("campaign", "contacts", "a campaign, on contacts with helplines", ACCENT, "o"),
)
ALT = (
    "Two rows of marks on an axis of ratios: closures lie far left of one, campaigns a little right of one, "
    "both spread widely."
)
CAPTION = """Every true effect on a count in <code>tiny</code>, as a ratio of what is expected with and without:
hidden truth, since nobody sees both. 1 is no effect. Closures have two clouds: the first four weeks, and the
half year after them. Neither row is a finding about the world outside: sizes are assumptions. A campaign brings
more contacts, which is not more trafficking."""


def draw(release: Release) -> Any:
    """Return the figure."""
    effects = rows(release, "effects").sort("effect")
    made = figure(2.0)
    axes = made.add_subplot()
    for place, (kind, outcome, label, colour, marker) in enumerate(reversed(KINDS)):
        own = effects.filter(kind=kind, outcome=outcome, scale="log")
        ratios = np.exp(own["truth"].to_numpy() / 1000)
        spread = 0.13 * ((np.arange(len(ratios)) % 3) - 1)
        axes.scatter(ratios, place + spread, s=26, color=colour, marker=marker, linewidth=0)
        axes.annotate(f"{label} ({len(ratios)})", (0.105, place + 0.42), color=INK, va="center")
    axes.axvline(1, color=QUIET, linewidth=1, linestyle=":")
    axes.set(
        xscale="log", xlim=(0.1, 3), ylim=(-0.4, 1.7), xlabel="with the intervention, divided by without it"
    )
    axes.set_xticks([0.1, 0.25, 0.5, 1, 2], ["0.1", "0.25", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.spines["left"].set_visible(False)
    return made
