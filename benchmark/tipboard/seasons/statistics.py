"""Rank methods over the worlds of a season.

The world is the unit: worlds are independent draws, and a method has one score in each. Means and paired differences
have Student's t intervals over the K worlds (K - 1 degrees of freedom). Holm's correction (Holm 1979, Scandinavian
Journal of Statistics 6:65-70) runs over all pairs of methods that are ranked together. ``research/seasons/power.py``
simulates coverage, error rates and power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tipbench.evaluation.comparison import LEVEL, adjust_holm

FEWEST_WORLDS = 6
DECIMALS = 9
"""Means and differences of scores are compared to so many decimals: beyond these they differ by rounding alone."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeasonRanking:
    """Methods that are ranked together, in the order in which their scores were given.

    All arrays are [methods] or [methods, methods], float64 unless said otherwise.

    Attributes:
        mean, low, high: mean score over worlds and its 95% interval.
        difference, half_width: mean of row minus column over worlds, and half of its 95% interval, without correction.
        p: Holm-adjusted two-sided p of the difference; 1 on the diagonal.
        wins: worlds in which the row is better than the column, int64; ties count for neither.
        better: whether the row is significantly better than the column, bool.
        order: methods by mean score, the best first, int64; ties keep the order in which they were given.
        top: whether a method is in the top group, bool: none is significantly better than it. The best mean always is.
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
    order: NDArray[np.int64]
    top: NDArray[np.bool_]
    first_rank: NDArray[np.int64]
    last_rank: NDArray[np.int64]


def rank(scores: ArrayLike, lower_is_better: bool = False) -> SeasonRanking:
    """Rank methods over worlds.

    Args:
        scores: [worlds, methods], finite.
        lower_is_better: whether the smallest score is the best.

    Raises:
        ValueError: for fewer than six worlds, no method, and a score that is not finite.
    """
    scores = _check_scores(scores)
    worlds, methods = scores.shape
    if worlds < FEWEST_WORLDS:
        raise ValueError(f"{worlds} worlds rank nothing: {FEWEST_WORLDS} or more are needed")
    mean, half = interval(scores)
    paired = _differences(scores)
    difference, half_width = interval(paired)
    p = np.ones_like(difference)
    pairs = np.triu_indices(methods, k=1)
    error = paired.std(axis=0, ddof=1)[pairs] / np.sqrt(worlds)
    p[pairs] = adjust_holm(_two_sided_p(difference[pairs], error, worlds - 1.0))
    p = np.minimum(p, p.T)
    sign = -1.0 if lower_is_better else 1.0
    better = (p < LEVEL) & (sign * difference > 0)
    order = np.argsort(np.round(-sign * mean, DECIMALS), kind="stable")
    return SeasonRanking(
        mean=mean,
        low=mean - half,
        high=mean + half,
        difference=difference,
        half_width=half_width,
        p=p,
        wins=(sign * paired > 0).sum(axis=0),
        better=better,
        order=order,
        top=better.sum(axis=0) == 0,
        first_rank=1 + better.sum(axis=0),
        last_rank=methods - better.sum(axis=1),
    )


def interval(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and half the width of the 95% Student's t interval over the first axis, two worlds or more."""
    from scipy.special import stdtrit

    worlds = len(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(worlds)
    return values.mean(axis=0), stdtrit(worlds - 1, 1 - LEVEL / 2) * error


def depends_on_assumptions(scores: ArrayLike, drawn: ArrayLike) -> bool:
    """Return whether any two methods change places, by more than noise, once assumptions are drawn.

    A pair changes places where the mean of its paired differences has one sign in the worlds as the file stands and
    the other in those with drawn assumptions, and Welch's t test (Welch 1947, Biometrika 34:28-35) of the difference
    between the two means is significant after Holm's correction over all pairs.

    Args:
        scores: [worlds, methods], finite.
        drawn: whether a world has drawn assumptions, bool [worlds]; at least two of each sort.

    Raises:
        ValueError: for fewer than two worlds of a sort, no method, and a score that is not finite.
    """
    drawn, paired = np.asarray(drawn, dtype=bool), _differences(_check_scores(scores))
    pairs = np.triu_indices(paired.shape[1], k=1)
    sorts = [paired[rows][:, *pairs] for rows in (~drawn, drawn)]
    if min(map(len, sorts)) < 2:
        raise ValueError("orders are compared between two worlds or more of each sort")
    fixed, other = (one.mean(axis=0) for one in sorts)
    shares = np.stack([one.var(axis=0, ddof=1) / len(one) for one in sorts])
    each = np.array([[len(one) - 1] for one in sorts])
    with np.errstate(invalid="ignore"):
        freedom = shares.sum(axis=0) ** 2 / (shares**2 / each).sum(axis=0)
    p = adjust_holm(_two_sided_p(fixed - other, np.sqrt(shares.sum(axis=0)), freedom))
    return bool(((np.array(p) < LEVEL) & (fixed * other < 0)).any())


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
    return deviation * float(effect)  # type: ignore[arg-type]


def _check_scores(scores: ArrayLike) -> Floats:
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 2 or not found.shape[1]:
        raise ValueError(f"scores are [worlds, methods], one method or more, and these are {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("a score is not finite: leave out methods that failed in a world")
    return found


def _differences(scores: Floats) -> Floats:
    """Return row minus column, [worlds, methods, methods]."""
    return np.round(scores[:, :, None] - scores[:, None, :], DECIMALS)


def _two_sided_p(difference: Floats, error: Floats, freedom: Floats | float) -> Floats:
    """Return two-sided p of Student's t. Without any spread a difference is certain, and no difference is none."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(freedom, -np.abs(difference) / error)
    return np.where(error > 0, p, np.where(difference == 0, 1.0, 0.0))
