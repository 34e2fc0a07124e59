"""Gradient-boosted trees on what an account and its own ties say, without a look at its neighbours.

Ke et al. (2017). Features: the account's columns (categories, numbers, how many accounts share a device) and its ties
counted by direction, kind and time; of accounts without ties their columns alone. The valid part stops the boosting.
Needs columns of accounts, or the ends of ties; uses every other column that is there. Cost: seconds for 75,000 accounts
and a million ties on one core.
"""

from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import OTHERS, AccountGraph, feature_matrix, read_graph
from tipbaselines.trees import TreesOnNodes


@dataclass(unsafe_hash=True)
class LightGBM(TreesOnNodes):
    rounds: int = 800
    unwatched: int = 200
    takes_many = frozenset({"accounts", "ties"})
    name = "account_risk/lightgbm"
    others = OTHERS

    def read(self, fold: Fold) -> AccountGraph:
        return read_graph(fold)

    def features(self, graph: AccountGraph) -> np.ndarray:
        """Return (nodes, features) float32, NaN where something is missing. Raises UsageError where there is none."""
        return feature_matrix(graph, True, f"{self.name} learns from")
