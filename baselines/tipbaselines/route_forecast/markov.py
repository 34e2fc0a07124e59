"""A first-order Markov chain of towns: where this unit went from here before, and where others of its region did.

Moves from the town are counted, a unit's own weighing more than those of training; both give way to how popular and
how large towns are where little is counted. The weight of own moves is chosen on valid. Needs towns of stops, and a
list of towns. Cost: seconds.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tipbaselines.itineraries import Counts, Histories, Moves, TownMethod, best_of, stops_of

if TYPE_CHECKING:
    from tipbench.fold import Fold


class Markov(TownMethod):
    """``own``: weights of a unit's own moves to choose from. ``prior``: moves shared out by popularity."""

    def __init__(self, own: Sequence[float] = (1.0, 5.0, 25.0, 125.0), prior: float = 5.0) -> None:
        self._choices, self._prior = tuple(own), prior

    def fit(self, fold: "Fold", seed: int) -> None:
        self.start(fold)
        self._counts = Counts(Moves.of(stops_of(fold, "train"), self.unit, self.towns), self.towns)
        self.own = best_of(self, stops_of(fold, "valid"), self._choices, "own")

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        region, here = past.region[at], past.here(at)
        popular = self._counts.visits(region) + self.towns.sizes()[region]
        popular = popular / popular.sum(axis=1, keepdims=True)
        return self.own * past.after(at, 1) + self._counts.after(region, here) + self._prior * popular
