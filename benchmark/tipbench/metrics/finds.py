"""Say why a method that found nothing is not praised for accusing nobody.

Who flags nothing accuses nobody, and serves all groups of the exploited alike: not at all. So what is the better the
less is flagged has no value, and no rank, where too little was found to earn one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.metrics.inputs import MetricInputs

NO_FINDS, FEW_FINDS, ALL_FLAGGED = "no finds", "few finds", "all flagged"
SILENT = (NO_FINDS, FEW_FINDS, ALL_FLAGGED)
"""Reasons that a table shows in the place of a number."""

FEWEST_FINDS = 5
"""Trafficking operations that must be found, or half of those that there are where these are fewer than ten.

One operation more or less then moves recall by a fifth of itself; with fewer, no two groups can be told apart.
"""


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


def operations(inputs: MetricInputs, rows: NDArray[np.bool_]) -> int:
    """Return of how many operations these rows [rows] are."""
    return int(np.unique(inputs.clusters.codes[rows]).size)
