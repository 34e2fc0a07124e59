"""The noise-free course without the intervention, against the counts with it: a reference, never ranked.

Needs hidden truth: the sums that were expected over the window, in thousandths. What is left is the noise of the
counts, for which its interval allows as if they were Poisson; they vary somewhat more. Cost: a second.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained
from tipbaselines.intervention_effect.effects import (
    NEEDS,
    Effect,
    EffectEstimate,
    Market,
    interval,
    prediction_frame,
)

THOUSANDTHS = 1000.0


class Oracle(Untrained):
    needs = NEEDS | {"effects.expected_without", "effects.displaced"}
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        market = Market.of(fold)
        return prediction_frame(fold, lambda effect: _estimate(market, effect))


def _estimate(market: Market, effect: Effect) -> EffectEstimate:
    observed, without = market.observed_sum(effect), effect["expected_without"] / THOUSANDTHS
    if effect["scale"] == "log":
        observed = max(observed, 0.5)
        return interval(float(np.log(observed / without)), observed**-0.5, np.inf)
    displaced = effect["displaced"] / THOUSANDTHS
    return interval((observed - without) / displaced, observed**0.5 / displaced, np.inf)
