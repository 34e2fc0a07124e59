"""Logistic regression as a function from rows to probabilities."""

from collections.abc import Callable
from typing import Any

import numpy as np


def logistic(
    features: Any, labels: np.ndarray, c: float, weight: np.ndarray | None = None
) -> Callable[[Any], np.ndarray]:
    """Fit an L2-penalised logistic regression (inverse strength ``c``) on a dense or sparse matrix.

    ``labels``: 0/1, both classes. ``weight``: of each row, else 1. Returns features -> probability of a 1, float64
    (rows,).
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, max_iter=2000).fit(features, labels, sample_weight=weight)
    return lambda unseen: model.predict_proba(unseen)[:, 1]
