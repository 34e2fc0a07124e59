"""Ten candidates of every advert at random, from the seed: what chance scores.

Needs nothing but the gallery. Cost: well under a second for 2,560 adverts.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Seeded, to_predict
from tipbaselines.linkage import best_candidates

CHUNK = 512  # Queries that are drawn at a time


class Random(Seeded):
    """A query's candidates depend on the seed and on the rank of its unit, not on the order of rows."""

    needs = frozenset[str]()

    def predict(self, fold: Fold) -> pl.DataFrame:
        keys = to_predict(fold)[fold.task.unit]
        generator, count = np.random.default_rng(self.seed), len(keys)
        sizes = (min(CHUNK, count - start) for start in range(0, count, CHUNK))
        return best_candidates(keys, (generator.random((size, count)) for size in sizes))
