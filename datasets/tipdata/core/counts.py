"""Counts about an intensity: Poisson and gamma-Poisson draws by shipped tables, elementwise and exactly rounded."""

import numpy as np

from tipdata.core.constants import EXP_SCALE
from tipdata.core.draw import Ids, Ints, Stream, exp

UNIT = 1000
"""Intensities are integers in thousandths of a count."""
LARGE = 12 * UNIT
"""From this mean on the distribution is taken for its normal approximation with a correction for skewness."""
LONGEST = 60
"""No count of a mean below LARGE reaches this (P < 1e-20)."""
NEGLIGIBLE = 1e-9
"""Probability of a single count beyond which none is drawn."""


def effective_size(weights: np.ndarray) -> float:
    """Return how many rows of equal weight tell as much as weighted ones: (sum w)^2 / sum w^2 (Kish 1965)."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def poisson(stream: Stream, ids: Ids, mean: Ints) -> Ints:
    """Return a Poisson count of each mean (thousandths), arrays of one shape.

    Below LARGE by inversion, above it as mean + sqrt(mean) z + (z^2 - 1) / 6 (Cornish and Fisher, 1938), rounded.
    """
    ids, mean = np.broadcast_arrays(ids, mean)
    out = np.zeros(ids.shape, dtype=np.int64)
    few = (mean > 0) & (mean < LARGE)
    many = mean >= LARGE
    out[few] = _by_inversion(stream.uniform(ids[few]), mean[few])
    out[many] = _by_normal(stream.quantile(ids[many], "normal"), mean[many])
    return out


def over_dispersed(stream: Stream, ids: Ids, mean: Ints, weight: int) -> Ints:
    """Return means (thousandths) times 1 + weight (g - 1), of a gamma variable g of mean 1 and shape 4; weight in
    permille."""
    around = stream.quantile(ids, "gamma_4.0") // 4 - 1_000_000
    return np.maximum(mean + mean * (around * weight // 1000) // 1_000_000, 0)


def _by_inversion(u: np.ndarray, mean: Ints) -> Ints:
    rate = mean / UNIT
    p = _exp_of_minus(mean)
    below, count = p.copy(), np.zeros(len(u), dtype=np.int64)
    for k in range(1, LONGEST):
        # What rounding leaves of the last probability is not a count.
        more = (u >= below) & (p > NEGLIGIBLE)
        if not more.any():
            break
        count += more
        p = p * rate / k
        below = below + p
    return count


def _exp_of_minus(milli: Ints) -> np.ndarray:
    """Return exp(-milli / 1000) as a product of four values of the table, which is too coarse for small ones."""
    quarter = milli // 4
    parts = exp(-quarter) / EXP_SCALE, exp(3 * quarter - milli) / EXP_SCALE
    return parts[0] * parts[0] * parts[0] * parts[1]


def _by_normal(millionths: Ints, mean: Ints) -> Ints:
    z = millionths / 1_000_000
    drawn = mean / UNIT + np.sqrt(mean / UNIT) * z + (z * z - 1.0) / 6.0
    return np.maximum(np.floor(drawn + 0.5), 0.0).astype(np.int64)
