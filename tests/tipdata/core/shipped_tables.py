"""The tables that :mod:`tipdata.core.draw` ships. ``python tests/tipdata/core/shipped_tables.py`` makes the file again.

Draws depend on every bit of it: no released version may have another.
"""

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from tipdata.core.draw import CONSTANTS, EXP_SCALE, GAMMA_SHAPES, ONE, REACH, SCALE, STEPS


def build_constants() -> dict[str, npt.NDArray[np.int64]]:
    """Compute every table with scipy. Returns int64 arrays by name."""
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
    np.savez_compressed(CONSTANTS, allow_pickle=False, **build_constants())
