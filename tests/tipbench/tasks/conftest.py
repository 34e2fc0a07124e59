"""What the leak gates of all tasks measure with."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

Auroc = Callable[..., float]


@pytest.fixture(scope="session")
def cross_fitted_auroc() -> Auroc:
    """AUROC of a small boosted tree, fitted and scored on different clusters (five folds)."""

    def auroc(features: np.ndarray, frame: pl.DataFrame, label: str = "label") -> float:
        """Features [rows, columns] of a frame with the label, ``cluster`` and, where rows weigh unlike, ``weight``.

        A single column takes fewer and longer steps to the same rates; a constant says nothing.
        """
        from lightgbm import LGBMClassifier
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import GroupKFold

        target = frame[label].to_numpy()
        weight = frame["weight"].to_numpy() if "weight" in frame.columns else np.ones(frame.height)
        scores = np.zeros(len(target))
        features = np.asarray(features, dtype=float)
        if (features == features[0]).all():
            return 0.5
        single = features.shape[1] == 1
        settings = {
            "n_estimators": 20 if single else 60,
            "learning_rate": 0.3 if single else 0.1,
            "num_leaves": 15,
            "min_child_samples": 50,
            "n_jobs": 1,
            "verbose": -1,
        }
        for train, test in GroupKFold(5).split(features, target, frame["cluster"].to_numpy()):
            model = LGBMClassifier(**settings)  # type: ignore[arg-type]
            model.fit(features[train], target[train], sample_weight=weight[train])
            scores[test] = model.predict_proba(features[test])[:, 1]  # type: ignore[index, call-overload]
        return float(roc_auc_score(target, scores, sample_weight=weight))

    return auroc
