"""How often each need and level of urgency occurs in training, for everybody: chance, and the zero of comparisons.

Needs nothing but the labels. Cost: none.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import OneEach, labelset_frame, targets
from tipbaselines.frames import labelled_units, prevalence, to_predict


class Prior:
    needs = frozenset[str]()
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        of = targets(labelled_units(fold, "train"))
        self._priors = OneEach({}, {name: prevalence(labels) for name, (_, labels) in of.items()})

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return labelset_frame(units, self._priors.scores(None, len(units)))
