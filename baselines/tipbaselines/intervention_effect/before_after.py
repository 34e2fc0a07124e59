"""The window against as long a time before: what is often reported, and wrong by trend, season and shocks.

The interval takes weeks for independent draws about two means, as a t-test does. Needs no control. Cost: a second.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.effect_estimates import Forecast, estimates
from tipbaselines.market_series import NEEDS, Course

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class BeforeAfter:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"market"})
    stochastic = False

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return estimates(fold, before_after)


def before_after(course: Course, window: slice) -> Forecast:
    """As many periods as the window has, or all there are, right before the intervention; their mean goes on."""
    length = window.stop - window.start
    past, seen = course.own[max(course.before - length, 0) : course.before], course.own[window]
    mean = float(past.mean())
    spread = np.sqrt(sum(_variance(part, course.counts) / len(part) for part in (past, seen)))
    spread = spread if course.counts else spread * length
    return Forecast(mean * length, float(spread), len(past) + len(seen) - 2.0)


def _variance(values: np.ndarray, relative: bool) -> float:
    """Sample variance, by the squared mean for counts; NaN for fewer than two values."""
    if len(values) < 2:
        return np.nan
    variance = float(values.var(ddof=1))
    return variance / max(float(values.mean()), 0.5) ** 2 if relative else variance
