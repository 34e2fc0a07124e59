"""Where a method stands, and between which ranks it would stand were other operations in the test.

Rank 1 is the best; methods with equal scores share the mean of their ranks. The interval is that of the ranks under
the bootstrap's draws of clusters (Goldstein and Spiegelhalter 1996): all methods are ranked again under each draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95


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
    tail = (1 - LEVEL) / 2
    low = np.floor(np.quantile(ranked, tail, axis=0, method="lower"))
    high = np.ceil(np.quantile(ranked, 1 - tail, axis=0, method="higher"))
    return [(int(one), int(other)) for one, other in zip(low, high, strict=True)]
