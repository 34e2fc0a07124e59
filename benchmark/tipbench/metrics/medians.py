"""Weighted medians under many sets of weights at once: the mean of the first values at which the cumulated weight
reaches, and exceeds, half of the whole. With equal weights it is the usual median."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# What two sums of the same weights may differ by, relatively, through the order of their terms.
_ROUNDING = 1e-9


def median(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted median of rising values [values] under each row of weights [rows, values]; NaN where a row
    has no weight."""
    found = np.full(len(weights), np.nan)
    some = weights.sum(axis=1) > 0
    if some.any():
        first, second = middle(np.cumsum(weights[some], axis=1))
        found[some] = (values[first] + values[second]) / 2
    return found


def middle(cumulated: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where weights that are cumulated along the last axis reach half of their total, and where they exceed
    it."""
    half = cumulated[..., -1:] / 2
    first = np.argmax(cumulated >= half * (1 - _ROUNDING), axis=-1)
    return first, np.argmax(cumulated > half * (1 + _ROUNDING), axis=-1)
