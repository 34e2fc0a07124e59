"""A variable-order Markov chain: the last two towns if they were seen before, else the last one, else any.

Interpolated by Witten and Bell's (1991) rule, first in the unit's own past (two towns, one, none), and below that in
the training circuits of its region (two towns, one, none) and the size of towns. Needs towns of stops, and a list of
towns. Cost: a second or two.
"""

import numpy as np

from tipbaselines.route_forecast.itineraries import Histories, MoveCounts, TownMethod, Towns, smooth


class BackoffMarkov(TownMethod):
    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        return chances(self.counts, self.towns, past, at)[-1]


def chances(counts: MoveCounts, towns: Towns, past: Histories, at: np.ndarray) -> list[np.ndarray]:
    """Return (rows, most) probabilities of the next town, each with a context more: of the region none, one town and
    two, then of the unit's own past none, one and two."""
    region, here, before = past.region[at], past.here(at), past.here(at, 1)
    levels = [counts.visits(region), counts.after(region, here), counts.after_two(region, before, here)]
    levels += [past.visits(at), past.after(at, 1), past.after(at, 2)]
    elsewhere = np.arange(towns.most) != here[:, None]  # nobody goes to where they are
    found = [towns.sizes()[region] * elsewhere]
    for level in levels:
        found.append(smooth(level * elsewhere, found[-1]))
    return found[1:]
