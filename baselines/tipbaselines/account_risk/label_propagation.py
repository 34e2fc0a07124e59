"""Labels spread along ties: guilt by association, by personalised PageRank from known accounts of either class.

Zhou et al. (2004); random walks with restart as in Andersen, Chung and Lang (2006). Ties count once and in both
directions. An account's score is the share of positives among the labelled accounts that walks from it come upon,
shrunk to the prevalence. Needs the ends of ties and labels. Cost: seconds for a million ties.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.account_risk.accounts import read_graph, training_labels
from tipbaselines.frames import prevalence, score_frame, to_predict
from tipbaselines.graphs import mean_matrix

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class LabelPropagation:
    """``damping``: probability that a walk goes on; ``steps``: of the walk; ``shrinkage``: weight of the prevalence,
    in reached shares of a walk."""

    needs: frozenset[str] = frozenset({"ties.source", "ties.target"})
    stochastic = False

    def __init__(self, damping: float = 0.5, steps: int = 20, shrinkage: float = 0.05) -> None:
        self._damping, self._steps, self._shrinkage = damping, steps, shrinkage

    def fit(self, fold: "Fold", seed: int) -> None:
        graph = read_graph(fold)
        train = training_labels(fold, graph, "account_risk/label_propagation")
        prior = prevalence(train.label)
        self._accounts, self._score = graph.accounts[graph.unit], np.full(graph.nodes, prior)
        if not train.both:
            return
        adjacency = graph.adjacency()
        walk = mean_matrix((adjacency + adjacency.T).sign().tocsr())
        restart = np.zeros((graph.nodes, 2))
        restart[train.nodes, train.label] = 1.0
        reached, step = np.zeros_like(restart), restart
        for _ in range(self._steps):
            # Walks start at the account that is scored, so the row-normalised matrix is applied from the left.
            step = self._damping * (walk @ step)
            reached += step
        self._score = (reached[:, 1] + self._shrinkage * prior) / (reached.sum(axis=1) + self._shrinkage)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        at = np.searchsorted(self._accounts.to_numpy(), units.to_numpy())
        return score_frame(units, self._score[at])
