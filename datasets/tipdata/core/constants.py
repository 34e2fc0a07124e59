"""The shipped tables behind :mod:`tipdata.core.draw`: quantiles, exponentials and logarithms as integers.

Elementary functions differ in their last bit between processors, so the world never calls them: it looks their
values up in ``constants.npz``, rounded to integers once. ``python -m tipdata.core.constants`` (needs scipy) makes the
file again; a test compares every entry with scipy.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = Path(__file__).with_name("constants.npz")

ONE = 1 << 16
"""Probabilities are integers out of 65,536."""
STEPS = 1 << 12
"""Quantile tables have 4,097 knots, at u = i/4096, the outer two at u = 1/8192 and 1 - 1/8192."""
SCALE = 1_000_000
"""Quantiles are in millionths of their unit."""
REACH = 12_000
"""Tables over log-odds or logarithms reach from -12,000 to 12,000 milli-nats."""
EXP_SCALE = 1 << 20
"""The exponential's table holds exp(x) times 2**20."""
GAMMA_SHAPES = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0)


@cache
def table(name: str) -> npt.NDArray[np.int64]:
    """Return one shipped table, int64: normal, logistic, exponential, gamma_<shape>, exp, log, sigmoid or log1p_exp."""
    return _load()[name].astype(np.int64)


@cache
def _load() -> dict[str, npt.NDArray[np.int64]]:
    with np.load(FILE) as stored:
        return {name: stored[name] for name in stored.files}


def build() -> dict[str, npt.NDArray[np.int64]]:
    """Compute every table with scipy. Returns int64 arrays by name."""
    from scipy import special, stats

    u = np.arange(STEPS + 1) / STEPS
    u[0], u[-1] = 0.5 / STEPS, 1 - 0.5 / STEPS
    milli = np.arange(-REACH, REACH + 1) / 1000
    parts = np.arange(ONE + 1) / ONE
    log = np.full(ONE + 1, -REACH, dtype=np.int64)
    log[1:] = np.rint(1000 * np.log(parts[1:]))
    tables = {
        "normal": np.rint(SCALE * special.ndtri(u)),
        "logistic": np.rint(SCALE * special.logit(u)),
        "exponential": np.rint(SCALE * -special.log1p(-u)),
        "exp": np.rint(EXP_SCALE * np.exp(milli)),
        "log": log,
        "sigmoid": np.clip(np.rint(ONE * special.expit(milli)), 1, ONE - 1),
        "log1p_exp": np.rint(1000 * np.log1p(np.exp(-np.arange(REACH + 1) / 1000))),
    }
    for shape in GAMMA_SHAPES:
        tables[f"gamma_{shape}"] = np.rint(SCALE * stats.gamma.ppf(u, shape))
    return {name: values.astype(np.int64) for name, values in tables.items()}


if __name__ == "__main__":
    np.savez_compressed(FILE, allow_pickle=False, **{n: v.astype(np.int64) for n, v in build().items()})
