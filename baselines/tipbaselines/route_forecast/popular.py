"""The towns that most stops of a region's training circuits are in, wherever a circuit is.

A town's size stands in where a region has no training. Needs towns of stops, and a list of towns. Cost: a second.
"""

from typing import TYPE_CHECKING

import numpy as np

from tipbaselines.route_forecast.itineraries import Histories, MoveCounts, Moves, TownMethod, stops_of

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Popular(TownMethod):
    """``prior``: arrivals that towns share by their size, beside those that were counted."""

    def __init__(self, prior: float = 1.0) -> None:
        self._prior = prior

    def fit(self, fold: "Fold", seed: int) -> None:
        self.start(fold)
        self._counts = MoveCounts(Moves.of(stops_of(fold, "train"), self.unit, self.towns), self.towns)

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        region = past.region[at]
        return self._counts.visits(region) + self._prior * self.towns.sizes()[region]
