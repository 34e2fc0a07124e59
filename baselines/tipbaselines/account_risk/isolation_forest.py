"""Accounts that few random cuts set apart from the others: isolation forest. Learns from no label.

Liu, Ting and Zhou (2008), by scikit-learn, on the accounts' own columns (categories, numbers, how many accounts share
a device) and on their ties counted by direction, kind and time, as ``account_risk/lightgbm`` reads them. A score says
that an account is unusual, not why. Needs columns of accounts, or the ends of ties. Cost: seconds for 75,000 accounts
and a million ties on one core.
"""

from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import feature_matrix, read_graph
from tipbaselines.frames import Seeded, score_frame, to_predict
from tipbaselines.graphs import fill_gaps
from tipbaselines.models import isolation_scores


@dataclass(eq=False)
class IsolationForest(Seeded):
    """``trees``: how many; ``sample``: accounts that each is grown on; ``ties``: whether counts of an account's ties
    are features, where there are ties."""

    trees: int = 100
    sample: int = 256
    ties: bool = True
    needs = frozenset[str]()
    takes_many = frozenset({"accounts"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        graph = read_graph(fold)
        features = fill_gaps(feature_matrix(graph, self.ties, "account_risk/isolation_forest compares"))
        units = to_predict(fold)[fold.task.unit]
        rows = graph.positions(units)
        return score_frame(units, isolation_scores(features, rows, self.trees, self.sample, self.seed))
