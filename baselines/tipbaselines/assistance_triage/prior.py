"""How often each need and level of urgency occurs in training, for everybody: chance, and the zero of comparisons.

Needs nothing but the labels. Cost: none.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import labelset_frame, priors
from tipbaselines.frames import to_predict


class Prior:
    needs = frozenset[str]()
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        self._priors = priors(fold)

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return labelset_frame(units, {n: np.full(len(units), prior) for n, prior in self._priors.items()})
