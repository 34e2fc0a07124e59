"""The keyed assignment of operations to train, valid and test, made before any date or shift filter.

The simulator uses it as well as the splits: templates are copied and images stolen within one part, so that a
leak-free split stays free of copied text as far as possible.
"""

import numpy as np
import numpy.typing as npt

from tipdata.core.draw import Stream

SHARES = (45, 15, 40)
"""Percent of operations in each part. A constant of the benchmark, not a parameter of the world."""

_SEED = 1


def assign(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Return the part of each id (operation or other cluster): index into :data:`PARTS`, int8, the same in every
    release."""
    drawn = Stream(_SEED, "partition").below(ids, sum(SHARES))
    return np.searchsorted(np.cumsum(SHARES), drawn, side="right").astype(np.int8)
