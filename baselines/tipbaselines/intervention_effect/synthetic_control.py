"""Synthetic control: the weighted mean of controls that went along with the region before the intervention.

Abadie, Diamond and Hainmueller (2010), on outcomes alone. Weights are not negative and add up to one; they minimise the
squared distance before the intervention. Counts are first divided by their own mean before it, since regions differ in
size, and so need no region as large as another; levels are taken as they are. The interval is Student's over placebos
in space: each control forecast from the others. Needs one control, an interval three. The notes give the weights, the
error before the intervention, and regions that no weights of the controls reproduce. Cost: seconds.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.intervention_effect.effects import (
    FEWEST_PLACEBOS,
    Course,
    EffectForecast,
    EffectMethod,
    Market,
    placebo_spread,
)


class SyntheticControl(EffectMethod):
    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        """Return the course of the synthetic control over the window, with the error that placebos have."""
        if not len(course.controls):
            return None
        spread, count = placebo_spread(course, window, lambda placebo: _total(placebo, window))
        return EffectForecast(_total(course, window), spread, count)

    def predict(self, fold: Fold) -> pl.DataFrame:
        found = super().predict(fold)
        self.notes = _notes_of(list(_fits(fold, found)))
        return found


def _fits(fold: Fold, found: pl.DataFrame) -> Iterator["SyntheticFit"]:
    """Yield the synthetic control that each of these estimates rests on; of shares that of the platform that gained."""
    market, unit = Market.of(fold), fold.task.unit
    estimates = dict(found.select(unit, "estimate").drop_nulls().iter_rows())
    for effect in fold.to_predict().sort(unit).collect().iter_rows(named=True):
        course = market.course(effect, effect["platform"] if effect["scale"] == "share" else None)
        if course is not None and effect[unit] in estimates:
            weights, synthetic = _weights_and_control(course)
            apart = (index_series(course.own, course) - synthetic)[: course.before]
            [name] = fold.original_names(unit, [effect[unit]])
            regions = fold.original_names("region", course.regions)
            yield SyntheticFit(name, weights, regions, apart, estimates[effect[unit]])


def _total(course: Course, window: slice) -> float:
    _, synthetic = _weights_and_control(course)
    return float(synthetic[window].sum() * (course.own.sum() / index_series(course.own, course).sum()))


def _weights_and_control(course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Return the controls' weights [controls] and the synthetic control [periods], both by :func:`index_series`."""
    own, controls = index_series(course.own, course), index_series(course.controls, course)
    weights = simplex_weights(controls[:, : course.before].T, own[: course.before])
    return weights, weights @ controls


def index_series(series: np.ndarray, course: Course) -> np.ndarray:
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

    ``controls``: [periods, controls]; ``own``: [periods]. The weights [controls] add up to one.
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


FEW = 3  # Up to so many effects have notes of their own
SHOWN = 5  # Weights that a note lists
LEAST = 0.005  # Weight below which a control has no part
LARGE = 0.5  # Share of an estimate that the mean gap before must not exceed

NEEDED = f"it needs {FEWEST_PLACEBOS} controls, each forecast from the others"


class SyntheticFit(NamedTuple):
    """A synthetic control before the intervention, and the estimate that rests on it.

    ``effect``: its name. ``weights``, ``regions``: of the controls [controls]. ``apart``: the series less its synthetic
    control [periods before], in the data's own units, or as a share of the series' mean for counts.
    """

    effect: str
    weights: np.ndarray
    regions: Sequence[str]
    apart: np.ndarray
    estimate: float

    @property
    def error(self) -> float:
        """Root mean square of ``apart``."""
        return float(np.sqrt(np.mean(np.square(self.apart))))

    @property
    def gap(self) -> float:
        """Mean of ``apart``; that of counts is near 0, since they are divided by their own mean."""
        return float(self.apart.mean())

    @property
    def poor(self) -> bool:
        """Whether the controls cannot make up the series, so that much of the estimate was there before."""
        return abs(self.gap) > LARGE * abs(self.estimate)


def _notes_of(fits: Sequence[SyntheticFit]) -> list[str]:
    """Return the sentences about these estimates, of all that have one."""
    if len(fits) > FEW:
        return _summary(fits)
    starts = (f"effect {fit.effect}: " if len(fits) > 1 else "" for fit in fits)
    return [note for fit, start in zip(fits, starts, strict=True) for note in _notes_of_one(fit, start)]


def _notes_of_one(fit: SyntheticFit, start: str) -> list[str]:
    order = [i for i in np.argsort(-fit.weights, kind="stable") if fit.weights[i] >= LEAST]
    shown = ", ".join(f"{fit.regions[i]} {fit.weights[i]:.3f}" for i in order[:SHOWN])
    more = f" and {len(order) - SHOWN} more" if len(order) > SHOWN else ""
    notes = [
        f"{start}synthetic control of {shown}{more}; error before the intervention {fit.error:.3g} (root mean square)."
    ]
    if fit.poor:
        side = "above" if fit.gap > 0 else "below"
        notes.append(
            f"{start}before the intervention the series was {abs(fit.gap):.3g} {side} its synthetic control on "
            f"average, over half of the estimate of {fit.estimate:.3g}: no weights of these controls make it up, and "
            "the estimate cannot be trusted."
        )
    if (count := len(fit.weights)) < FEWEST_PLACEBOS:
        notes.append(f"{start}no interval: {NEEDED}, and there {'is one' if count == 1 else f'are {count}'}.")
    return notes


def _summary(fits: Sequence[SyntheticFit]) -> list[str]:
    errors = np.array([fit.error for fit in fits])
    used = np.array([(fit.weights >= LEAST).sum() for fit in fits])
    notes = [
        f"{len(fits):,} synthetic controls, each of {np.median(used):.0f} controls in the median; error before the "
        f"intervention {np.median(errors):.3g} in the median, {errors.max():.3g} at most (root mean square)."
    ]
    if poor := [fit.effect for fit in fits if fit.poor]:
        notes.append(
            f"{len(poor):,} of {len(fits):,} effects (first: {', '.join(poor[:FEW])}) cannot be trusted: before the "
            "intervention the series differed from its synthetic control by over half of the estimate."
        )
    if bare := sum(len(fit.weights) < FEWEST_PLACEBOS for fit in fits):
        notes.append(
            f"no interval for {bare:,} of {len(fits):,} effects: fewer than {FEWEST_PLACEBOS} controls."
        )
    return notes
