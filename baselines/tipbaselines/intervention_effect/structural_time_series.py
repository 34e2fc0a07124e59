"""Structural time series with controls: a local level and what the controls have in common, forecast from then on.

Brodersen et al. (2015), CausalImpact, by maximum likelihood (statsmodels' UnobservedComponents): the series before the
intervention is a random walk plus a regression on the first principal components of its controls plus noise. The
components replace their spike-and-slab choice of controls. The interval is the forecast's own. Needs no control, and
gains from many. Cost: half a minute on small.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from tipbaselines.intervention_effect.effects import Course, EffectForecast, EffectMethod

PERIODS_A_COMPONENT = 6  # Periods before the intervention that each component of the controls needs


@dataclass(eq=False)
class StructuralTimeSeries(EffectMethod):
    """``components``: principal components of the controls in the regression, fewer where time is short."""

    components: int = 4

    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        """Return the forecast sum over the window; None where fewer than four periods precede the intervention."""
        from statsmodels.tsa.statespace.structural import UnobservedComponents

        before = course.before
        if before < 4:
            return None
        series = np.log(course.own + 0.5) if course.counts else course.own
        centre, scale = series[:before].mean(), series[:before].std() or 1.0
        past = (series[:before] - centre) / scale
        common = common_course(course, min(self.components, before // PERIODS_A_COMPONENT))
        level: Any = "local level"  # the library takes its name in the place of a flag
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a variance at its boundary, where the optimum often lies
            beside = common[:before] if common.shape[1] else None
            model = UnobservedComponents(past, level, exog=beside, mle_regression=False)
            result: Any = model.fit(disp=False, maxiter=100)
        noise, drift = (float(value) for value in result.params[:2])
        state, spread = result.predicted_state[:, -1], result.predicted_state_cov[:, :, -1]
        ahead = np.arange(window.start, window.stop) - before + 1
        design = np.column_stack([np.ones(len(ahead)), common[window]])
        path = centre + scale * (design @ state)
        mean = design.mean(axis=0)
        # A random walk's steps up to two moments are shared up to the earlier one.
        walk = drift * float(np.minimum.outer(ahead - 1, ahead - 1).mean())
        deviation = scale * np.sqrt(mean @ spread @ mean + walk + noise / len(ahead))
        degrees = float(before - common.shape[1] - 1)
        if course.counts:
            return EffectForecast(float(np.exp(path).sum()), float(deviation), degrees)
        return EffectForecast(float(path.sum()), float(deviation) * len(ahead), degrees)


def common_course(course: Course, components: int) -> np.ndarray:
    """Return [periods, components]: principal components of the controls over all periods, of variance one. On
    logarithms for counts; each control's mean before the intervention is taken off, and levels have one variance."""
    controls = np.log(course.controls + 0.5) if course.counts else course.controls
    controls = controls - controls[:, : course.before].mean(axis=1, keepdims=True)
    if not course.counts:
        controls = controls / np.maximum(controls.std(axis=1, keepdims=True), 1e-12)
    components = min(components, len(controls))
    if not components:
        return np.zeros((len(course.own), 0))
    left, _, _ = np.linalg.svd(controls.T, full_matrices=False)
    kept = left[:, :components]
    # The sign of a component is arbitrary: let each go up with the sum of the controls.
    kept = kept * np.where(controls.sum(axis=0) @ kept < 0, -1.0, 1.0)
    return kept * np.sqrt(len(kept))
