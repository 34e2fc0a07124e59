"""How many accounts an account ties itself to, and how many of them do not answer. Untrained: what a rule would do.

Many one-way ties are what spam and fan-out rules of platforms look at. Score: log(1 + tied to) + log(1 + unreturned).
Needs the ends of ties and nothing else. Cost: a second for a million ties.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import read_graph
from tipbaselines.frames import Untrained, score_frame, to_predict


class Degree(Untrained):
    needs = frozenset({"ties.source", "ties.target"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        graph = read_graph(fold)
        adjacency = graph.adjacency()
        to = np.asarray(adjacency.sum(axis=1)).ravel()
        returned = np.asarray(adjacency.multiply(adjacency.T).sum(axis=1)).ravel()
        units = to_predict(fold)[fold.task.unit]
        score = np.log1p(to) + np.log1p(to - returned)
        return score_frame(units, score[graph.positions(units)].astype(np.float64))
