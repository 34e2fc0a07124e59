"""What raters' labels teach at best: the probability that raters on average call an advert suspicious.

Read by the tests of this folder and by ``research/world/raters.py``.
"""

import numpy as np
from scipy.special import ndtr
from tipdata.core.kinds import FAMILIES
from tipdata.core.world import Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.annotations import HIGHEST, POSITIVE, impressions
from tipdata.stages.operations.stage import Operations

NODES = 15
"""Points of the quadrature over the shared reading of a template."""


def expected_labels(region: Region, o: Operations, adverts: Adverts) -> np.ndarray:
    """Return the probability that the mean score of two raters is at least :data:`POSITIVE`: (adverts,) float64.

    Gauss and Hermite's quadrature over the reading that all share; given it, the scores of two raters are independent.
    """
    raters = int(region["annotations.raters"])
    rater = np.repeat(np.arange(raters)[:, None], len(adverts.row), axis=1)
    centre = region.values("annotations.centre", FAMILIES)[o.family[adverts.operation]]
    offset = region.stream("annotations/offset").quantile(rater, "normal") / 1_000_000
    impression = impressions(region, o, adverts, rater) / 1000
    seen = impression - centre + offset * region["annotations.offset"]
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    spread = np.hypot(region["annotations.own_reading"], region["annotations.slip"])
    expected = np.zeros(len(adverts.row))
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        at_most = _cumulative_scores(
            seen + point * region["annotations.reading"], spread, region["annotations.step"]
        )
        each = np.diff(at_most, axis=0, prepend=0.0)
        pair = np.zeros(len(expected))
        for first in range(HIGHEST + 1):
            least = 2 * POSITIVE - first
            if least > HIGHEST:
                continue
            enough = 1.0 - at_most[least - 1]
            # Two different raters: all pairs without those of a rater with themselves.
            pair += each[first].sum(0) * enough.sum(0) - (each[first] * enough).sum(0)
        expected += weight * pair / (raters * (raters - 1))
    return expected


def _cumulative_scores(mean: np.ndarray, spread: float, step: float) -> np.ndarray:
    """Return the probability of a score of at most 0, 1 ... 6, over a first axis; of ``mean``'s shape otherwise."""
    edges = (np.arange(HIGHEST + 1) - 2.5) * step
    below = ndtr((edges.reshape(-1, *[1] * mean.ndim) - mean) / spread)
    below[HIGHEST] = 1.0
    return below
