"""A first-order Markov chain of towns: where this unit went from here before, and where others of its region did.

A unit's own moves from the town are counted beside the distribution of those of training, which gives way to how
popular and how large towns are where little is counted. The weight of own moves is chosen on valid. Needs towns of
stops, and a list of towns. Cost: a second or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.route_forecast.itineraries import Histories, TownMethod, best_of, stops_of


@dataclass(eq=False)
class Markov(TownMethod):
    """``own``: weights of one own move beside the region's whole distribution to choose from, the first where there
    is no valid part. ``prior``: moves of the region shared out by popularity."""

    own: Sequence[float] = (4.0, 0.25, 1.0, 16.0)
    prior: float = 5.0

    def fit(self, fold: Fold, seed: int) -> None:
        super().fit(fold, seed)
        self.weight = best_of(self, stops_of(fold, "valid"), self.own, "weight")

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        region, here = past.region[at], past.here(at)
        popular = self.counts.visits(region) + self.towns.sizes()[region]
        popular = popular / popular.sum(axis=1, keepdims=True)
        others = self.counts.after(region, here) + self.prior * popular
        return self.weight * past.after(at, 1) + others / others.sum(axis=1, keepdims=True)
