"""Ten candidates of every advert at random, from the seed: what chance scores.

Needs nothing but the gallery. Cost: well under a second for 2,560 adverts.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import to_predict
from tipbaselines.linkage import CANDIDATES, candidate_frame, top

CHUNK = 512
"""Queries that are drawn at a time."""


class Random:
    """A query's candidates depend on the seed and on the rank of its unit, not on the order of rows."""

    needs = frozenset[str]()
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        self.seed = seed

    def predict(self, fold: Fold) -> pl.DataFrame:
        keys = to_predict(fold)[fold.task.unit]
        count = len(keys)
        best = min(CANDIDATES, count - 1)
        if best <= 0:
            return candidate_frame(keys, np.empty((0, 2), dtype=np.int64), np.empty(0))
        generator = np.random.default_rng(self.seed)
        pairs, scores = [], []
        for start in range(0, count, CHUNK):
            rows = np.arange(start, min(start + CHUNK, count))
            found, score = top(generator.random((len(rows), count)), rows, best)
            pairs.append(np.stack([np.repeat(rows, best), found.ravel()], axis=1))
            scores.append(score.ravel())
        return candidate_frame(keys, np.concatenate(pairs), np.concatenate(scores))
