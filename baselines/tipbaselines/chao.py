"""Chao's lower bound of the unseen, and which estimates lie below it.

Chao (1987): of f1 people on one list only and f2 on two, f1 squared over 2 f2 are unseen at least, where some people
are seen more easily than others and lists are alike. Where lists differ in size that is too much; the sum over pairs of
lists of the product of those on one of them only, over f2, holds for lists of any size (Chao 1989). Neither holds
where lists avoid each other.
"""

import numpy as np

from tipbaselines.loglinear import NORMAL, patterns


def lower_bound(counts: np.ndarray, lists: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the unseen and how far its 95% interval reaches on either side [units].

    ``counts``: people [units, patterns]. NaN where nobody is on one list only, or on two.
    """
    once, twice = _once_and_twice(counts, lists)
    ratio = once / twice
    unseen = once * ratio / 2
    variance = twice * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    return np.log(unseen), NORMAL * np.sqrt(np.log1p(variance / unseen**2))


def unequal_bound(counts: np.ndarray, lists: int) -> np.ndarray:
    """Return the unseen [units] by the bound that allows for lists of unequal size, as :func:`lower_bound` does."""
    once, twice = _once_and_twice(counts, lists)
    member = patterns(lists)
    alone = counts @ (member * (member.sum(axis=1) == 1)[:, None])
    return (once**2 - np.square(alone).sum(axis=1)) / (2 * twice)


def below_bound(estimates: np.ndarray, counts: np.ndarray, lists: int) -> list[str]:
    """Return a sentence about the estimates [units] that are below Chao's lower bound; none where none is."""
    observed = counts.sum(axis=1)
    plain = observed + np.exp(lower_bound(counts, lists)[0])
    unequal = observed + unequal_bound(counts, lists)
    below = estimates < plain
    if not below.any():
        return []
    why = (
        "it is likely too low, since people differ in how easily they are seen, or lists depend on each other"
    )
    if len(estimates) > 1:
        both = int((estimates < unequal).sum())
        return [
            f"in {int(below.sum()):,} of {len(estimates):,} regions the estimate is below Chao's lower bound ({both:,} "
            f"also below the bound for lists of unequal size): {why}."
        ]
    said = f"the estimate of {estimates[0]:,.0f} is below Chao's lower bound of {plain[0]:,.0f}"
    other = f"below {unequal[0]:,.0f}, which allows for lists of unequal size"
    if estimates[0] < unequal[0]:
        return [f"{said}, and {other}: {why}. Do not report it alone."]
    return [f"{said}, but not {other}."]


def _once_and_twice(counts: np.ndarray, lists: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many are on one list only, and how many on two; NaN in both where either is nobody."""
    on = patterns(lists).sum(axis=1)
    once, twice = (counts[:, on == k].sum(axis=1) for k in (1, 2))
    exists = (once > 0) & (twice > 0)
    return np.where(exists, once, np.nan), np.where(exists, twice, np.nan)
