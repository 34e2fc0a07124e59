"""Gradient-boosted trees on an account, its ties, and features aggregated over its neighbours in both directions.

After GADBench (Tang et al. 2023), where trees on aggregated neighbourhoods beat graph neural networks: means over one
and two hops, spread, likeness, closure. Needs the ends of ties; uses every other column that is there. Cost: about a
minute for 75,000 accounts and a million ties on one core.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.account_risk.accounts import AccountGraph, neighbour_features
from tipbaselines.account_risk.lightgbm import LightGBM
from tipbaselines.graphs import fill_gaps


@dataclass(unsafe_hash=True)
class NeighbourLightGBM(LightGBM):
    """As :class:`LightGBM`; ``hops``: 1 or 2; ``components``: of the accounts' features, where they are more than
    so many, that neighbours are averaged over (principal components)."""

    hops: int = 2
    components: int = 100
    needs = frozenset({"ties.source", "ties.target"})
    name = "account_risk/neighbour_lightgbm"

    def features(self, graph: AccountGraph) -> np.ndarray:
        own = around = super().features(graph)
        if own.shape[1] > self.components:
            from sklearn.decomposition import TruncatedSVD

            around = TruncatedSVD(self.components, random_state=0).fit_transform(fill_gaps(own))
        return np.hstack([own, neighbour_features(graph, around, self.hops)])
