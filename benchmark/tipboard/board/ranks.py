"""Ranks of methods: their intervals in one world, and how stable an order is over several worlds.

Rank 1 is the best; methods with equal scores share the mean of their ranks. The interval is that of the ranks under
the bootstrap's draws of clusters (Goldstein and Spiegelhalter 1996): all methods are ranked again under each draw.

Over worlds: each pair's order, Kendall's tau-b, mean ranks and critical difference, as functions of scores
[worlds, methods] of which more is better. Worlds are the blocks of Friedman's test and Nemenyi's post-hoc test (Demšar
2006, Statistical comparisons of classifiers over multiple data sets, JMLR 7, section 3.2). Nothing depends on the
order of worlds or methods; nothing but ``keeps``, which follows the mean scores, changes when the scores of a world go
through an increasing function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


def ranks(scores: NDArray[np.float64], lower_is_better: bool) -> NDArray[np.float64]:
    """Return ranks along the last axis, 1 the best, ties at their mean; a score that is NaN ranks below all others.

    Args:
        scores: [..., methods].
        lower_is_better: whether the smallest score is the best.
    """
    from scipy.stats import rankdata

    signed = scores if lower_is_better else -scores
    return rankdata(np.where(np.isnan(signed), np.inf, signed), method="average", axis=-1)


def rank_intervals(
    draws: Sequence[NDArray[np.float64]], lower_is_better: bool
) -> list[tuple[int, int] | None]:
    """Return the 95% interval of each method's rank; None for a method without draws, which is not in the ranking then.

    Args:
        draws: a method's scores under the draws [replicates], or an empty array.
        lower_is_better: whether the smallest score is the best.
    """
    drawn = [at for at, one in enumerate(draws) if one.size]
    found: list[tuple[int, int] | None] = [None] * len(draws)
    if not drawn:
        return found
    ranked = ranks(np.stack([draws[at] for at in drawn], axis=1), lower_is_better)
    for at, bounds in zip(drawn, _intervals(ranked), strict=True):
        found[at] = bounds
    return found


def _intervals(ranked: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the interval of each column of ranks [replicates, methods]."""
    tail = (1 - CONFIDENCE) / 2
    low = np.floor(np.quantile(ranked, tail, axis=0, method="lower"))
    high = np.ceil(np.quantile(ranked, 1 - tail, axis=0, method="higher"))
    return [(int(one), int(other)) for one, other in zip(low, high, strict=True)]


LEVEL = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the rankings of two worlds: its mean and minimum over all pairs of worlds.

    None where a world tells no two methods apart, since tau-b is undefined there.
    """

    mean: float | None
    least: float | None


@dataclass(frozen=True)
class Friedman:
    """Friedman's chi-squared over worlds as blocks, corrected for ties, and its p; None where every rank ties.

    The chi-squared distribution is an approximation and with few worlds a conservative one.
    """

    statistic: float | None
    p: float | None

    @property
    def rejects(self) -> bool:
        """Whether methods differ at all at the 5% level."""
        return self.p is not None and self.p < LEVEL


def wins(scores: Floats) -> Floats:
    """Return [methods, methods]: the share of worlds in which the row's method is better than the column's, a tie one
    half."""
    return (1 + _signs(scores).mean(axis=0)) / 2


def keeps(scores: Floats) -> Floats:
    """Return [methods, methods], symmetric: the share of worlds in which a pair stands in the order of its mean scores.

    The mean is over all worlds. A world where the two tie counts one half; so does every world of a pair whose means
    are the same, which has no order to keep.
    """
    # fsum is exact, so that the order of worlds cannot decide a pair whose means are the same.
    means = np.array([math.fsum(column) for column in scores.T])
    ahead = np.sign(means[:, None] - means[None, :])
    return (1 + ahead * _signs(scores).mean(axis=0)) / 2


def agreement(scores: Floats) -> Agreement:
    """Return Kendall's tau-b (Kendall 1945) over all pairs of worlds."""
    from scipy.stats import kendalltau

    if min(scores.shape) < 2:
        return Agreement(None, None)
    pairs = combinations(scores, 2)
    values = np.array([kendalltau(one, other)[0] for one, other in pairs], dtype=np.float64)
    if np.isnan(values).any():
        return Agreement(None, None)
    return Agreement(math.fsum(values) / len(values), float(values.min()))


def mean_ranks(scores: Floats) -> Floats:
    """Return [methods]: the mean over worlds of the rank, 1 the best, ties sharing the mean of theirs."""
    return ranks(scores, lower_is_better=False).mean(axis=0)


def friedman(scores: Floats) -> Friedman:
    """Return Friedman's test that all methods are alike (Friedman 1937), corrected for ties."""
    from scipy.stats import chi2, friedmanchisquare

    if scores.shape[1] < 2 or (scores == scores[:, :1]).all():
        return Friedman(None, None)
    if scores.shape[1] > 2:
        statistic, p = friedmanchisquare(*scores.T)
    else:  # scipy takes three methods or more; of two the test is that of signs, in its chi-squared form
        signs = np.sign(scores[:, 0] - scores[:, 1])
        statistic = signs.sum() ** 2 / np.count_nonzero(signs)
        p = chi2.sf(statistic, df=1)
    return Friedman(float(statistic), float(p))


def critical_difference(worlds: int, methods: int) -> float:
    """Return Nemenyi's: mean ranks that differ by as much tell two methods apart at the 5% level (Demšar 2006, equation
    6).

    ``q * sqrt(methods * (methods + 1) / (6 * worlds))``, q the 95% quantile of the studentised range with infinite
    degrees of freedom over the square root of two. Raises ValueError for fewer than two methods or one world.
    """
    from scipy.stats import studentized_range

    if methods < 2 or worlds < 1:
        raise ValueError(f"no critical difference of {methods} methods over {worlds} worlds")
    q = float(studentized_range.ppf(1 - LEVEL, methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * worlds))


def not_told_apart(mean_ranks: Sequence[float], difference: float) -> list[tuple[int, ...]]:
    """Return the largest groups of methods of which no two mean ranks differ by ``difference``, best first.

    Args:
        mean_ranks: [methods].
        difference: the critical difference.

    Returns:
        Indices into ``mean_ranks``, each group by rank; they may overlap, and every method is in at least one. A method
        that differs clearly from all others is alone.
    """
    order = sorted(range(len(mean_ranks)), key=lambda at: mean_ranks[at])
    groups: list[tuple[int, ...]] = []
    reached = 0
    for start, first in enumerate(order):
        stop = start + sum(mean_ranks[at] - mean_ranks[first] < difference for at in order[start:])
        if stop > reached:
            groups.append(tuple(order[start:stop]))
            reached = stop
    return groups


def _signs(scores: Floats) -> Floats:
    """Return [worlds, methods, methods]: 1 where the first is better than the second, -1 where worse, 0 at a tie."""
    return np.sign(scores[:, :, None] - scores[:, None, :])


@dataclass(frozen=True)
class MeanRanks:
    """Methods in the order of their mean rank over blocks, which are worlds or tasks, the best first.

    ``scores``: [blocks, methods], more is better, columns as in ``methods``. ``groups``: methods that Nemenyi's test
    does not tell apart, all of them where Friedman's test finds no difference; they may overlap, and a method alone
    differs clearly from all. ``critical_difference``: of mean ranks, None for fewer than two methods.
    """

    methods: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    critical_difference: float | None
    groups: tuple[tuple[str, ...], ...]
    scores: Floats
    over: str
    """What the mean ranks are means over, such as ``7 worlds``."""

    @property
    def blocks(self) -> int:
        """How many worlds or tasks there are."""
        return len(self.scores)

    @property
    def never_turn(self) -> tuple[int, int]:
        """How many pairs of methods stand in one order in every block, and of how many."""
        pairs = wins(self.scores)[np.triu_indices(len(self.methods), k=1)]
        return int(((pairs == 0) | (pairs == 1)).sum()), pairs.size


def rank_methods(scores: Floats, methods: Sequence[str], over: str) -> MeanRanks:
    """Return the order of methods by their mean rank, ties by name; ``scores``: [blocks, methods], more is better."""
    means = mean_ranks(scores)
    order = sorted(range(len(methods)), key=lambda at: (means[at], methods[at]))
    scores = scores[:, order]
    names, sorted_ranks = tuple(methods[at] for at in order), tuple(float(means[at]) for at in order)
    difference = critical_difference(*scores.shape) if len(names) > 1 else None
    apart = difference if difference is not None and friedman(scores).rejects else math.inf
    groups = tuple(tuple(names[at] for at in group) for group in not_told_apart(sorted_ranks, apart))
    return MeanRanks(names, sorted_ranks, difference, groups, scores, over)
