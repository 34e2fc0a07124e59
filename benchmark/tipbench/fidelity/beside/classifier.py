"""Whether a classifier tells real rows from a release's, and how alike each feature is distributed.

The classifier two-sample test of Lopez-Paz and Oquab (ICLR 2017): rows of both in equal number, boosted trees, five
folds; the AUROC is .5 where nothing tells them apart. Real data from another place and trade are always told apart, so
that the AUROC is read beside the features that it rests on, never alone.
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
from numpy.typing import NDArray

MOST = 2_000
"""Rows of each side."""
FOLDS = 5


def told_apart(real: pl.DataFrame, release: pl.DataFrame, seed: int = 0) -> float | None:
    """Return the AUROC of a classifier that tells the rows of two frames apart; None below 50 rows of either."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    height = min(real.height, release.height, MOST)
    if height < 50:
        return None
    rng = np.random.default_rng(seed)
    x = np.concatenate([_matrix(frame, height, rng) for frame in (real, release)])
    y = np.repeat([1, 0], height)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    model = HistGradientBoostingClassifier(max_iter=40, random_state=seed)
    scores = np.asarray(cross_val_predict(model, x, y, cv=folds, method="predict_proba"))
    return float(roc_auc_score(y, scores[:, 1]))


def _matrix(frame: pl.DataFrame, height: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return frame.cast(pl.Float64).to_numpy()[rng.permutation(frame.height)[:height]]


def column_shapes(real: pl.DataFrame, release: pl.DataFrame) -> dict[str, float]:
    """Return sdmetrics' KSComplement per feature: 1 minus the largest distance of the two distribution functions.

    Raises ImportError without the extra ``fidelity``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from sdmetrics.single_column import KSComplement
    import pandas as pd

    shapes = {}
    for name in real.columns:
        sides = (pd.Series(one[name].cast(pl.Float64).to_numpy()) for one in (real, release))
        shapes[name] = float(KSComplement.compute(*sides))
    return shapes
