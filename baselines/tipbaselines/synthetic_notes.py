"""Say what a synthetic control is made of, how it went along before the intervention, and why an interval is lacking.

A few effects are told one by one; many are summed up.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tipbaselines.effect_estimates import FEWEST_PLACEBOS

FEW = 3
"""Effects that are told one by one."""
SHOWN = 5
"""Weights that are told of an effect."""
LEAST = 0.005
"""Weight below which a control has no part."""
LARGE = 0.5
"""Share of an estimate that the mean gap before must not exceed."""

NEEDED = f"it needs {FEWEST_PLACEBOS} controls, each forecast from the others"


class Fit(NamedTuple):
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


def notes_of(fits: Sequence[Fit]) -> list[str]:
    """Return the sentences about these estimates, of all that have one."""
    if len(fits) > FEW:
        return _together(fits)
    return [said for fit in fits for said in _alone(fit, f"effect {fit.effect}: " if len(fits) > 1 else "")]


def _alone(fit: Fit, start: str) -> list[str]:
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


def _together(fits: Sequence[Fit]) -> list[str]:
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
