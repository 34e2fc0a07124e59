"""Synthetic control: the weighted mean of controls that went along with the region before the intervention.

Abadie, Diamond and Hainmueller (2010), on outcomes alone. Weights are not negative and add up to one; they minimise
the squared distance before the intervention. Counts are first divided by their own mean before it, since regions
differ in size, and so need no region as large as another; levels are taken as they are, as in the paper. The interval
is Student's over placebos in space: each control forecast from the others. Needs one control, an interval three.
Cost: seconds.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.effect_estimates import Forecast, estimates, placebo_spread
from tipbaselines.market_series import NEEDS, Course

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class SyntheticControl:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"market"})
    stochastic = False

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return estimates(fold, synthetic_control)


def synthetic_control(course: Course, window: slice) -> Forecast | None:
    """The course of the synthetic control over the window, with the error that placebos have."""
    if not len(course.controls):
        return None
    spread, count = placebo_spread(course, window, lambda placebo: _total(placebo, window))
    return Forecast(_total(course, window), spread, count)


def _total(course: Course, window: slice) -> float:
    own, controls = indexed(course.own, course), indexed(course.controls, course)
    weights = simplex_weights(controls[:, : course.before].T, own[: course.before])
    return float((weights @ controls)[window].sum() * (course.own.sum() / own.sum()))


def indexed(series: np.ndarray, course: Course) -> np.ndarray:
    """Series [..., periods] by their own mean before the intervention where they are counts."""
    if not course.counts:
        return series
    return series / series[..., : course.before].mean(axis=-1, keepdims=True)


def simplex_weights(controls: np.ndarray, own: np.ndarray) -> np.ndarray:
    """argmin over the simplex of \\|own - controls w\\|^2, exactly, by non-negative least squares.

    With Z = controls - own, which w >= 0 of sum one minimises \\|Z w\\| are the directions of the u >= 0 that minimise
    \\|Z u\\|^2 + (sum(u) - 1)^2: for u = s w and the best s that is \\|Z w\\|^2 / (1 + \\|Z w\\|^2) (the least distance
    problem of Lawson and Hanson 1974, chapter 23). Unlike iterative solvers it does not stop at equal weights where
    outcomes are badly scaled.

    Args:
        controls: [periods, controls]. own: [periods].

    Returns:
        Weights [controls], which add up to one.
    """
    from scipy.optimize import nnls

    apart = controls - own[:, None]
    nearest = np.sqrt(np.square(apart).sum(axis=0).min())
    if nearest == 0:
        same = ~apart.any(axis=0)
        return same / same.sum()
    rows = np.vstack([apart / nearest, np.ones(controls.shape[1])])
    found, _ = nnls(rows, np.append(np.zeros(len(own)), 1.0), maxiter=50 * controls.shape[1] + 100)
    return found / found.sum()
