"""Gradient-boosted trees (Ke et al. 2017), grown until they gain nothing on valid: shared by the tasks' own baselines.

One thread and deterministic histograms, so that a seed gives the same trees on every machine. Workers of a dask cluster
add their histograms up in floating point: there trees depend on how many they are.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tipbaselines.trees_on_dask import grow_on_dask

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset

BINNED_WHOLE = 200_000
"""Rows up to which LightGBM looks at all of them to find its bins, and no seed draws some."""


@dataclass(frozen=True)
class BoostedTrees:
    """Settings. ``rounds``: at most so many trees, ``patience`` without gain on valid stop them; ``unwatched`` are
    grown where there is no valid part to look at. ``scheduler``: address of a dask scheduler whose workers share
    the rows (:mod:`tipbaselines.trees_on_dask`); '' grows them here."""

    rounds: int
    patience: int
    unwatched: int
    learning_rate: float
    leaves: int
    leaf_size: int
    feature_share: float
    l2: float
    threads: int = 1
    scheduler: str = ""

    def grow(self, data: "Dataset", seed: int, watched: "Dataset | None" = None) -> "Booster":
        """Return trees for the 0/1 labels of ``data``, stopped early by those of ``watched``."""
        import lightgbm

        parameters = {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.leaf_size,
            "feature_fraction": self.feature_share,
            "lambda_l2": self.l2,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            "seed": seed,
        }
        if self.scheduler:
            rounds = self.unwatched if watched is None else self.rounds
            return grow_on_dask(self.scheduler, parameters, data, rounds, watched, self.patience)
        if watched is None:
            return lightgbm.train(parameters, data, self.unwatched)
        stop = lightgbm.early_stopping(self.patience, verbose=False)
        return lightgbm.train(parameters, data, self.rounds, valid_sets=[watched], callbacks=[stop])

    def probabilities(self, trees: "Booster", features: np.ndarray) -> np.ndarray:
        """Return probability of a 1 for each row of features [rows, columns], float64 [rows]."""
        return np.asarray(trees.predict(features, num_threads=self.threads), dtype=np.float64)
