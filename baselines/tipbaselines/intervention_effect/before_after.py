"""The window against as long a time before: what is often reported, and wrong by trend, season and shocks.

The interval takes weeks for independent draws about two means, as a t-test does. Needs no control. Cost: a second.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.intervention_effect.effects import NEEDS, Course, EffectForecast, estimate_effects


class BeforeAfter:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"market"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        return estimate_effects(fold, before_after)


def before_after(course: Course, window: slice) -> EffectForecast:
    """As many periods as the window has, or all there are, right before the intervention; their mean goes on."""
    length = window.stop - window.start
    past, seen = course.own[max(course.before - length, 0) : course.before], course.own[window]
    mean = float(past.mean())
    spread = np.sqrt(sum(_variance(part, course.counts) / len(part) for part in (past, seen)))
    spread = spread if course.counts else spread * length
    return EffectForecast(mean * length, float(spread), len(past) + len(seen) - 2.0)


def _variance(values: np.ndarray, relative: bool) -> float:
    """Sample variance, by the squared mean for counts; NaN for fewer than two values."""
    if len(values) < 2:
        return np.nan
    variance = float(values.var(ddof=1))
    return variance / max(float(values.mean()), 0.5) ** 2 if relative else variance
