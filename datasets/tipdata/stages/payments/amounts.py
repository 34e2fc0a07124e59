"""How much: integers in minor units around a base, heaped at round numbers by those who choose the sum."""

import numpy as np

from tipdata.core.draw import Ids, Ints, scaled
from tipdata.core.world import Region

UNITS = np.array([1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000])
"""What sums are rounded to, minor units."""
FINENESS = 8
"""A sum is rounded to the largest unit of which it has at least so many."""


def varied(region: Region, column: str, ids: Ids, base: Ints, spread: Ints | int) -> Ints:
    """Return ``base`` times a lognormal factor; ``spread``: its standard deviation in milli-nats."""
    return np.maximum(scaled(base, spread * region.stream(column).quantile(ids, "normal") // 1_000_000), 1)


def heaped(region: Region, column: str, ids: Ids, amount: Ints, permille: Ints | int) -> Ints:
    """Return the sums with so many in a thousand at a round number."""
    unit = UNITS[np.maximum(np.searchsorted(UNITS * FINENESS, amount, side="right") - 1, 0)]
    round_sum = np.maximum((amount + unit // 2) // unit * unit, 1)
    return np.where(region.stream(column).below(ids, 1000) < permille, round_sum, amount)


def between(region: Region, column: str, ids: Ids, bounds: Ints) -> Ints:
    """Return uniform integers from the first to the second of ``bounds`` (len(ids), 2), both included."""
    return bounds[:, 0] + region.stream(column).below(ids, bounds[:, 1] - bounds[:, 0] + 1)
