"""Accounts unlike those most like them: the local outlier factor of their features. Learns from no label.

Breunig et al. (2000), by scikit-learn, with twenty neighbours in feature space as in BOND (Liu et al. 2022). With
``hops`` the features' means over the accounts at the other end of ties stand beside them. Accounts are compared with
those of their own region. A score says that an account is unusual, not why. Needs numeric features of accounts, or the
ends of ties; both for ``hops``. Cost: seconds for 75,000 accounts in 64 regions; quadratic in a region.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import feature_matrix, read_graph
from tipbaselines.frames import Untrained, score_frame, to_predict
from tipbaselines.graphs import fill_gaps, mean_matrix


@dataclass(eq=False)
class NeighbourOutlier(Untrained):
    """``neighbours``: of the local outlier factor; ``ties``: whether counts of an account's ties are features, None for
    those of accounts without others; ``hops``: 0 or 1; ``standardise``: whether features are brought to one scale."""

    neighbours: int = 20
    ties: bool | None = None
    hops: int = 0
    standardise: bool = False
    needs = frozenset[str]()
    takes_many = frozenset({"accounts"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        from sklearn.neighbors import LocalOutlierFactor

        graph = read_graph(fold)
        features = fill_gaps(feature_matrix(graph, self.ties, "account_risk/neighbour_outlier compares"))
        if self.standardise:
            spread = features.std(axis=0)
            features = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        if self.hops:
            adjacency = graph.adjacency()
            features = np.hstack([features, mean_matrix((adjacency + adjacency.T).sign().tocsr()) @ features])
        score, region = np.ones(graph.nodes), np.zeros(graph.nodes)
        if "region" in graph.accounts.columns:
            region = graph.accounts["region"].to_numpy()
        for value in np.unique(region):
            rows = np.flatnonzero(region == value)
            if len(rows) > 2:
                model = LocalOutlierFactor(min(self.neighbours, len(rows) - 1)).fit(features[rows])
                score[rows] = -model.negative_outlier_factor_  # about 1 for the usual, more for the unusual
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, score[graph.positions(units)])
