"""Say why a method that found nothing is not praised for accusing nobody.

Who flags nothing accuses nobody, and serves all groups of the exploited alike: not at all. So what is the better the
less is flagged has no value, and no rank, where too little was found to earn one.

Who flags nearly everybody, or anybody by lot, accuses and serves all groups alike as well. So a gap also needs that
about as much is flagged as the budget says, and that the flagged are better than chance: :func:`worthless`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.metrics.inputs import MetricInputs

NO_FINDS, FEW_FINDS, ALL_FLAGGED = "no finds", "few finds", "all flagged"
FAR_OVER, FAR_UNDER, CHANCE = "far over budget", "far under budget", "no better than chance"
TOO_FEW_TO_FIND = "too few to find"
SILENT = (NO_FINDS, FEW_FINDS, ALL_FLAGGED, FAR_OVER, FAR_UNDER, CHANCE, TOO_FEW_TO_FIND)
"""Reasons that a table shows in the place of a number."""

FEWEST_FINDS = 5
"""Trafficking operations that must be found, or half of those that there are where these are fewer than ten.

One operation more or less then moves recall by a fifth of itself; with fewer, no two groups can be told apart.
"""

FARTHEST = 3.0
"""How many times the budget may be flagged on the test part, or how many times less: scores drift from valid to test,
and a method whose scores are given to the valid part otherwise than to the test flags there what it likes."""

LEAST_LIKELIHOOD_RATIO = 4 / 3
"""Recall of the flagged over the rate of false positives: a positive unit must be flagged a third more often than a
negative one. By lot the ratio is 1, whatever the prevalence, and somewhat over 1 in half of all tries; it is below 4/3
wherever three in four of the negatives are flagged."""


def silence(inputs: MetricInputs, flagged: NDArray[np.bool_], found: NDArray[np.bool_]) -> str | None:
    """Return why harm says nothing of a method; None where it found enough.

    Args:
        inputs: of labelled units.
        flagged: the test rows that it flags, [rows].
        found: those of them that are rightly flagged, [rows].
    """
    if flagged.all():
        return ALL_FLAGGED
    count = operations(inputs, found)
    if not count:
        return NO_FINDS
    return FEW_FINDS if count < min(FEWEST_FINDS, operations(inputs, inputs.positive) / 2) else None


def worthless(
    inputs: MetricInputs,
    flagged: NDArray[np.bool_],
    found: NDArray[np.bool_],
    budget: float | None = None,
) -> str | None:
    """Return why a gap says nothing of a method; None where it has one.

    Args:
        inputs: of labelled units.
        flagged: the test rows that it flags, [rows].
        found: those of them that are rightly flagged, [rows].
        budget: the share of the weight that it should flag; None where it flags as many as it likes.
    """
    if (silent := silence(inputs, flagged, found)) is not None:
        return silent
    weights, positive = inputs.weights, inputs.positive
    if budget is not None:
        share = float(weights @ flagged / weights.sum())
        if share > FARTHEST * budget:
            return FAR_OVER
        if share < budget / FARTHEST:
            return FAR_UNDER
    recall = weights @ found / (weights @ positive)
    false = weights @ (flagged & ~positive)
    # Without a negative unit there is nobody to accuse, and no rate.
    if false and recall < LEAST_LIKELIHOOD_RATIO * false / (weights @ ~positive):
        return CHANCE
    return None


def operations(inputs: MetricInputs, rows: NDArray[np.bool_]) -> int:
    """Return of how many operations these rows [rows] are."""
    return inputs.clusters.among(rows)
