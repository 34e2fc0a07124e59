"""Labels spread along ties: guilt by association, by personalised PageRank from known accounts of either class.

Zhou et al. (2004); random walks with restart as in Andersen, Chung and Lang (2006). Ties count once and in both
directions. An account's score is the share of positives among the labelled accounts that walks from it come upon,
shrunk to the prevalence. Needs the ends of ties and labels. Cost: seconds for a million ties.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import OTHERS, read_graph
from tipbaselines.frames import prevalence, score_frame, to_predict, training_labels
from tipbaselines.graphs import mean_matrix


@dataclass(eq=False)
class LabelPropagation:
    """``damping``: probability that a walk goes on; ``steps``: of the walk; ``shrinkage``: weight of the prevalence,
    in reached shares of a walk."""

    damping: float = 0.5
    steps: int = 20
    shrinkage: float = 0.05
    needs = frozenset({"ties.source", "ties.target"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        self.graph = graph = read_graph(fold)
        train = training_labels(fold, "account_risk/label_propagation", OTHERS)
        prior = prevalence(train.label)
        self.score = np.full(graph.nodes, prior)
        if not train.both:
            return
        adjacency = graph.adjacency()
        walk = mean_matrix((adjacency + adjacency.T).sign().tocsr())
        restart = np.zeros((graph.nodes, 2))
        restart[graph.positions(train.units), train.label] = 1.0
        reached, step = np.zeros_like(restart), restart
        for _ in range(self.steps):
            # Walks start at the account that is scored, so the row-normalised matrix is applied from the left.
            step = self.damping * (walk @ step)
            reached += step
        self.score = (reached[:, 1] + self.shrinkage * prior) / (reached.sum(axis=1) + self.shrinkage)

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self.score[self.graph.positions(units)])
