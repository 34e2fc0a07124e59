"""What raters' labels teach at best: the probability of a positive label given all that an advert shows them.

A learner from expert labels, however many, learns no more of an advert than this; ranked by it, adverts score what the
best learner from *their* labels reaches against truth. Averaged over the pairs of raters who may look, over how a
template is read by all and by each, and over slips; never given an operation.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import FAMILIES
from tipdata.core.world import Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.annotations.raters import impressions
from tipdata.stages.operations.stage import Operations

POSITIVE = 4
"""A label is positive where the mean of two scores is at least this."""
HIGHEST = 6
NODES = 15
"""Points of the quadrature over how a template is read by all who look."""


def expected_labels(region: Region, o: Operations, adverts: Adverts) -> np.ndarray:
    """Return the probability that the mean score of two raters is at least :data:`POSITIVE`: (adverts,) float64.

    Gauss and Hermite's quadrature over the reading that all share; given it, the scores of two raters are independent.
    """
    raters = int(region["annotations.raters"])
    seen = _seen(region, o, adverts, np.repeat(np.arange(raters)[:, None], len(adverts.row), axis=1))
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    spread = np.hypot(region["annotations.own_reading"], region["annotations.slip"])
    expected = np.zeros(len(adverts.row))
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        at_most = _at_most(seen + point * region["annotations.reading"], spread, region["annotations.step"])
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


def _seen(region: Region, o: Operations, adverts: Adverts, rater: Ints) -> np.ndarray:
    """Return how suspicious each advert looks to each rater on average, nats, 0 where undecided: (raters, adverts)."""
    centre = np.array([region["annotations.centre"][f] for f in FAMILIES])[o.family[adverts.operation]]
    offset = region.stream("annotations/offset").quantile(rater, "normal") / 1_000_000
    told = impressions(region, o, adverts, rater) / 1000
    return told - centre + offset * region["annotations.offset"]


def _at_most(mean: np.ndarray, spread: float, step: float) -> np.ndarray:
    """Return the probability of a score of at most 0, 1 ... 6, over a first axis; of ``mean``'s shape otherwise."""
    from scipy.special import ndtr

    edges = (np.arange(HIGHEST + 1) - 2.5) * step
    below = ndtr((edges.reshape(-1, *[1] * mean.ndim) - mean) / spread)
    below[HIGHEST] = 1.0
    return below
