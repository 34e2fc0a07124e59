"""Rank methods over the worlds of a season.

The world is the unit: worlds are independent draws, and a method has one score in each. Means and paired differences
have Student's t intervals over the K worlds (K - 1 degrees of freedom). Holm's correction (Holm 1979, Scandinavian
Journal of Statistics 6:65-70) runs over all pairs of methods that are ranked together. ``research/seasons/power.py``
simulates coverage, error rates and power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
FEWEST_WORLDS = 6
"""A season has at least so many worlds: with fewer, t intervals are too wide to rank anything."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """Methods of one class in one task, in the order in which their scores were given.

    All arrays are [methods] or [methods, methods], float64 unless said otherwise.

    Attributes:
        mean, low, high: mean score over worlds and its 95% interval.
        difference, half_width: mean of row minus column over worlds, and half of its 95% interval.
        p: Holm-adjusted two-sided p of the difference; 1 on the diagonal.
        wins: worlds in which the row is better than the column, int64; ties count for neither.
        better: whether the row is significantly better than the column, bool.
        top: whether a method is in the top group: the best mean, or not significantly worse than it; bool.
        first_rank, last_rank: ends of the rank interval, int64: 1 + the number of methods significantly better, and
            the number of methods less those significantly worse.
    """

    mean: Floats
    low: Floats
    high: Floats
    difference: Floats
    half_width: Floats
    p: Floats
    wins: NDArray[np.int64]
    better: NDArray[np.bool_]
    top: NDArray[np.bool_]
    first_rank: NDArray[np.int64]
    last_rank: NDArray[np.int64]

    @property
    def order(self) -> NDArray[np.int64]:
        """Methods by mean score, the best first; ties keep the order in which they were given."""
        return self._order

    _order: NDArray[np.int64]


def rank(scores: Floats, lower_is_better: bool = False) -> Ranking:
    """Rank methods over worlds.

    Args:
        scores: [worlds, methods], finite.
        lower_is_better: whether the smallest score is the best.

    Raises:
        ValueError: for fewer than two worlds, and for a score that is not finite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape[0] < 2:
        raise ValueError(f"{scores.shape[0]} worlds cannot be compared: two or more are needed")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite: leave out methods that failed in a world")
    mean, half = interval(scores)
    paired = scores[:, :, None] - scores[:, None, :]
    difference, half_width = interval(paired)
    sign = -1.0 if lower_is_better else 1.0
    p = _adjusted(difference, paired.std(axis=0, ddof=1), len(scores))
    better = (p < LEVEL) & (sign * difference > 0)
    order = np.argsort(-sign * mean, kind="stable")
    n = scores.shape[1]
    return Ranking(
        mean=mean,
        low=mean - half,
        high=mean + half,
        difference=difference,
        half_width=half_width,
        p=p,
        wins=(sign * paired > 0).sum(axis=0),
        better=better,
        top=~better[order[0]] if n else np.zeros(0, dtype=bool),
        first_rank=1 + better.sum(axis=0),
        last_rank=n - better.sum(axis=1),
        _order=order,
    )


def interval(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and half the width of the 95% Student's t interval over the first axis (worlds)."""
    from scipy.special import stdtrit

    worlds = len(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(worlds)
    return values.mean(axis=0), stdtrit(worlds - 1, 1 - LEVEL / 2) * error


def holm(p: Floats) -> Floats:
    """Return Holm-adjusted p values, [tests]."""
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    back = np.empty_like(adjusted)
    back[order] = adjusted
    return back


def _adjusted(difference: Floats, deviation: Floats, worlds: int) -> Floats:
    """Return Holm-adjusted p values of all pairs, [methods, methods], symmetric."""
    from scipy.special import stdtr

    upper = np.triu_indices(len(difference), k=1)
    d, s = difference[upper], deviation[upper]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(d) / (s / np.sqrt(worlds))
    # Without any spread a difference is certain, and no difference is none.
    raw = np.where(s > 0, 2 * stdtr(worlds - 1, -t), np.where(d == 0, 1.0, 0.0))
    p = np.ones_like(difference)
    p[upper] = holm(raw)
    return np.minimum(p, p.T)


def depends_on_assumptions(all_worlds: Ranking, undrawn: Ranking) -> bool:
    """Return whether the order in all worlds differs from that in worlds as the file stands by more than noise.

    That is so where the two rank intervals of any method do not overlap.
    """
    apart = (all_worlds.first_rank > undrawn.last_rank) | (undrawn.first_rank > all_worlds.last_rank)
    return bool(apart.any())


def detectable_difference(deviation: float, worlds: int, power: float = 0.8) -> float:
    """Return the smallest true mean difference that a paired t test over worlds finds with a given power.

    Args:
        deviation: standard deviation over worlds of the paired difference.
        worlds: K.
        power: of the two-sided test at 5%, without correction.

    The noncentral t distribution gives the power (Cohen 1988, Statistical power analysis, section 2.3).
    """
    from scipy.optimize import brentq
    from scipy.special import stdtrit
    from scipy.stats import nct

    critical = stdtrit(worlds - 1, 1 - LEVEL / 2)
    effect = brentq(lambda d: nct.sf(critical, worlds - 1, d * np.sqrt(worlds)) - power, 1e-6, 50)
    return float(effect * deviation)
