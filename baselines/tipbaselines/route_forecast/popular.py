"""The towns that most stops of a region's training circuits are in, wherever a circuit is.

A town's size stands in where a region has no training. Needs towns of stops, and a list of towns. Cost: a second.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.route_forecast.itineraries import Histories, TownMethod


@dataclass(eq=False)
class Popular(TownMethod):
    """``prior``: arrivals that towns share by their size, beside those that were counted."""

    prior: float = 1.0

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        region = past.region[at]
        return self.counts.visits(region) + self.prior * self.towns.sizes()[region]
