"""The prevalence of the training labels as the score of every advert: chance, and the zero of every comparison.

Needs nothing but the labels. Cost: none.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict


class Prior:
    needs = frozenset[str]()
    stochastic = False
    batches = "regions"

    def fit(self, fold: Fold, seed: int) -> None:
        self._score = prevalence(labelled_units(fold, "train")["label"].to_numpy())

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, np.full(len(units), self._score))
