"""Horvitz and Thompson's estimate from the true chance of everyone observed to be on a list: a reference, never ranked.

Horvitz and Thompson (1952): the sum over those observed of one over that chance, which needs hidden truth. The
interval is a normal one on the logarithm. It knows what no method could, and not how many are unseen. Cost: a join.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, to_predict
from tipbaselines.prevalence.lists import NORMAL

THOUSANDTHS = 1000.0


class Oracle(Untrained):
    needs = frozenset({"populations.inverse_chance", "populations.inverse_chance_variance"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        unit = fold.task.unit
        known = to_predict(fold)
        estimate = known["inverse_chance"].cast(pl.Float64).to_numpy() / THOUSANDTHS
        error = np.sqrt(known["inverse_chance_variance"].cast(pl.Float64).to_numpy() / THOUSANDTHS) / estimate
        lower, upper = (estimate * np.exp(reach * error) for reach in (-NORMAL, NORMAL))
        return pl.DataFrame({unit: known[unit], "estimate": estimate, "lower": lower, "upper": upper})
