"""Synthetic control: the weighted mean of controls that went along with the region before the intervention.

Abadie, Diamond and Hainmueller (2010), on outcomes alone. Weights are not negative and add up to one; they minimise
the squared distance before the intervention. Counts are first divided by their own mean before it, since regions
differ in size, and so need no region as large as another; levels are taken as they are, as in the paper. The interval
is Student's over placebos in space: each control forecast from the others. Needs one control, an interval three. The
notes tell weights and the error before the intervention, and where the controls cannot make up the region. Cost:
seconds.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.effect_estimates import Forecast, estimates, placebo_spread
from tipbaselines.market_series import NEEDS, Course, Market
from tipbaselines.synthetic_notes import Fit, notes_of

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class SyntheticControl:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"market"})
    stochastic = False

    def __init__(self) -> None:
        self.notes: list[str] = []

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        found = estimates(fold, synthetic_control)
        self.notes = notes_of(list(_fits(fold, found)))
        return found


def _fits(fold: "Fold", found: pl.DataFrame) -> Iterator[Fit]:
    """Yield the synthetic control that each of these estimates rests on; of shares that of the platform that gained."""
    market, unit = Market.of(fold), fold.task.unit
    estimates = dict(found.select(unit, "estimate").drop_nulls().iter_rows())
    for effect in fold.to_predict().sort(unit).collect().iter_rows(named=True):
        course = market.course(effect, effect["platform"] if effect["scale"] == "share" else None)
        if course is not None and effect[unit] in estimates:
            weights, synthetic = _made(course)
            apart = (indexed(course.own, course) - synthetic)[: course.before]
            [name], regions = fold.written(unit, [effect[unit]]), fold.written("region", course.regions)
            yield Fit(name, weights, regions, apart, estimates[effect[unit]])


def synthetic_control(course: Course, window: slice) -> Forecast | None:
    """Return the course of the synthetic control over the window, with the error that placebos have."""
    if not len(course.controls):
        return None
    spread, count = placebo_spread(course, window, lambda placebo: _total(placebo, window))
    return Forecast(_total(course, window), spread, count)


def _total(course: Course, window: slice) -> float:
    _, synthetic = _made(course)
    return float(synthetic[window].sum() * (course.own.sum() / indexed(course.own, course).sum()))


def _made(course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Return the controls' weights [controls] and the synthetic control [periods], as :func:`indexed` series are."""
    own, controls = indexed(course.own, course), indexed(course.controls, course)
    weights = simplex_weights(controls[:, : course.before].T, own[: course.before])
    return weights, weights @ controls


def indexed(series: np.ndarray, course: Course) -> np.ndarray:
    """Return series [..., periods] by their own mean before the intervention where they are counts."""
    if not course.counts:
        return series
    return series / series[..., : course.before].mean(axis=-1, keepdims=True)


def simplex_weights(controls: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return argmin over the simplex of \\|own - controls w\\|^2, exactly, by non-negative least squares.

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
