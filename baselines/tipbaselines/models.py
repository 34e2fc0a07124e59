"""Models of scikit-learn that several tasks fit, as functions of arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

Model = Callable[[Any], np.ndarray]
"""Features (rows, columns), dense or sparse -> probability of a 1, float64 (rows,)."""


def constant(probability: float) -> Model:
    """Return the model that gives every row this probability: for labels of one class."""
    return lambda features: np.full(features.shape[0], probability)


def fit_logistic(features: Any, labels: np.ndarray, c: float, weight: np.ndarray | None = None) -> Model:
    """Fit an L2-penalised logistic regression (inverse strength ``c``). ``labels``: 0/1, both classes. ``weight``: of
    each row, else 1."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, max_iter=2000).fit(features, labels, sample_weight=weight)
    return lambda unseen: model.predict_proba(unseen)[:, 1]


def isolation_scores(values: np.ndarray, asked: np.ndarray, trees: int, sample: int, seed: int) -> np.ndarray:
    """Return outlier scores of an isolation forest (Liu, Ting and Zhou 2008), between 0 and 1, higher is rarer.

    ``values``: (rows, features) without gaps; the forest learns all of them. ``asked``: positions of the rows to score.
    ``trees``: how many; ``sample``: rows that each learns, at most.
    """
    from sklearn.ensemble import IsolationForest

    size: Any = min(sample, len(values))
    forest = IsolationForest(n_estimators=trees, max_samples=size, random_state=seed)
    return -forest.fit(values).score_samples(values[asked])


FEWEST_ROWS = 5  # Gaps in fewer training rows are not marked


class Standardiser:
    """Coded values for linear models: gaps filled with the mean and marked, every column of unit variance."""

    def __init__(self, values: np.ndarray) -> None:
        missing = np.isnan(values)
        self._marked = np.flatnonzero(missing.sum(axis=0) >= FEWEST_ROWS)
        counts = np.maximum((~missing).sum(axis=0), 1)
        self._mean = np.where(missing, 0.0, values).sum(axis=0) / counts
        filled = self._fill(values)
        self._centre, spread = filled.mean(axis=0), filled.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return (self._fill(values) - self._centre) / self._spread

    def _fill(self, values: np.ndarray) -> np.ndarray:
        missing = np.isnan(values)
        marks = missing[:, self._marked].astype(np.float64)
        return np.hstack([np.where(missing, self._mean, values), marks])
