"""The rows of one class in the order of their scores, counted and weighed under each draw of the clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tipbench.metrics.bootstrap import ROWS_AT_ONCE


class RankedRows:
    """The rows of one class in falling order of score, and how many of them stand above each stop, [stops].

    ``order`` [rows of both classes] by falling score, ``chosen`` [the same]: which of those are of this class.
    """

    def __init__(
        self,
        order: NDArray[np.integer],
        chosen: NDArray[np.bool_],
        codes: NDArray[np.integer],
        weights: NDArray[np.float64],
        above: NDArray[np.intp],
    ) -> None:
        count = int(above[-1])
        self._codes, self._weights = np.empty(count, codes.dtype), np.empty(count, weights.dtype)
        last = 0
        for start in range(0, order.size, ROWS_AT_ONCE):
            rows = order[start : start + ROWS_AT_ONCE][chosen[start : start + ROWS_AT_ONCE]]
            first, last = last, last + rows.size
            self._codes[first:last], self._weights[first:last] = codes[rows], weights[rows]
        new = np.append(True, above[1:] != above[:-1])
        self._edges, self._edge = above[new], np.cumsum(new, dtype=np.int32) - 1
        # Pieces of rows that are summed at once end where a stop is.
        ends = np.searchsorted(self._edges, np.arange(0, count, ROWS_AT_ONCE))
        self._pieces = np.unique(np.append(ends, self._edges.size - 1))

    def above(self, drawn: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the number of rows above each stop, [stops], and their weight, where each is there as often as its
        cluster was drawn, [clusters]."""
        edges, count, weight = self._edges, np.zeros(self._edges.size), np.zeros(self._edges.size)
        for first, last in pairwise(self._pieces):
            start, end = edges[first], edges[last]
            times = drawn.take(self._codes[start:end]).astype(np.float64, copy=False)
            starts = edges[first:last] - start
            count[1 + first : 1 + last] = np.add.reduceat(times, starts)
            times *= self._weights[start:end]
            weight[1 + first : 1 + last] = np.add.reduceat(times, starts)
        return np.cumsum(count, out=count)[self._edge], np.cumsum(weight, out=weight)[self._edge]


def taken(values: NDArray, order: NDArray[np.integer]) -> NDArray:
    """Return values [rows] in an order [rows] that takes less room than an index of numpy's own."""
    taken = np.empty(order.size, values.dtype)
    for start in range(0, order.size, ROWS_AT_ONCE):
        taken[start : start + ROWS_AT_ONCE] = values[order[start : start + ROWS_AT_ONCE]]
    return taken


def small(multiplicity: NDArray[np.float64]) -> NDArray:
    """Return multiplicities in a byte each, where they are whole and fit: a table that stays near the processor."""
    with np.errstate(invalid="ignore"):
        small = multiplicity.astype(np.uint8)
    return small if np.array_equal(small, multiplicity) else multiplicity
