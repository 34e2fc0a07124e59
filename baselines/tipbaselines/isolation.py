"""Rows that few random cuts set apart from the others: the isolation forest of scikit-learn.

Liu, Ting and Zhou (2008). A score says that a row is unusual, not why.
"""

from typing import Any

import numpy as np


def isolation_scores(values: np.ndarray, asked: np.ndarray, trees: int, sample: int, seed: int) -> np.ndarray:
    """Return how soon each of the rows asked for (positions) is set apart, between 0 and 1: higher is sooner.

    Args:
        values: (rows, features) without gaps; the forest is grown on all of them.
        trees: how many; sample: rows that each is grown on, at most.
    """
    from sklearn import ensemble

    settings: Any = {"max_samples": min(sample, len(values)), "random_state": seed}
    forest = ensemble.IsolationForest(n_estimators=trees, **settings)
    return -forest.fit(values).score_samples(values[asked])
