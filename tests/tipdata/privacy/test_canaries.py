"""Who is not in the table cannot be told from who is, beyond what ε allows; of exact counts everybody can be told."""

import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta
from tipdata.core.world import newest_released, parameters
from tipdata.privacy.cells import cells_of
from tipdata.privacy.fitted import fit
from tipdata.privacy.measured import Measurement
from tipdata.privacy.request import Request

pytest.importorskip("opendp", reason="the extra privacy is not installed")

PATH = "operations.languages"
BASE = parameters(newest_released())
RUNS = 400
ASKED = Request.model_validate({"unit": "row", "limit": 10, "parameters": {PATH: {"column": "lang"}}})


def measurement(canary: str, epsilon: float, rows: int = 200) -> Measurement:
    """Of a table in which one row is a canary: the only one of its language, or like the others."""
    frame = pl.DataFrame({"lang": ["en", "es", "fr", "ru"] * (rows // 4 - 1) + ["en", "es", "fr", canary]})
    return Measurement(cells_of(frame, ASKED, BASE), 1, epsilon)


def told(made: Measurement, runs: int) -> np.ndarray:
    """Return the noisy count of the canary's language in each run, which says more than the world file does."""
    return np.array([made.counts()[PATH][0, list(BASE[PATH]["value"]).index("zh")] for _ in range(runs)])


def lower_epsilon(there: np.ndarray, absent: np.ndarray) -> float:
    """Return the ε that the best threshold proves with 95% confidence (Clopper-Pearson), the threshold being chosen on
    one half of the runs and held against the other."""
    half = len(there) // 2
    threshold = max(range(-60, 61), key=lambda t: (there[:half] >= t).mean() - (absent[:half] >= t).mean())
    hits, false = ((one[half:] >= threshold).sum() for one in (there, absent))
    n = len(there) - half
    least = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    most = beta.ppf(0.975, false + 1, n - false) if false < n else 1.0
    return math.log(max(least, 1e-12) / most)


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_a_canary_is_told_apart_no_better_than_epsilon_allows(epsilon: float) -> None:
    there, absent = (told(measurement(canary, epsilon), RUNS) for canary in ("zh", "ru"))
    assert lower_epsilon(there, absent) <= epsilon
    advantage = max((there >= t).mean() - (absent >= t).mean() for t in range(-60, 61))
    bound = (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1)
    assert advantage <= bound + 3 * math.sqrt(0.5 / RUNS)


def test_noise_of_a_hundredth_of_the_scale_would_be_noticed() -> None:
    there, absent = (told(measurement(canary, 10.0), RUNS) for canary in ("zh", "ru"))
    assert lower_epsilon(there, absent) > 0.5


def test_of_exact_counts_a_canary_can_be_told_by_anybody() -> None:
    found = []
    for canary in ("zh", "ru"):
        made = measurement(canary, 1.0)
        frame = cells_of(pl.DataFrame({"lang": ["en"]}), ASKED, BASE)[PATH]
        entry = fit(PATH, frame, made.exact()[PATH], BASE[PATH], 0.0, 0.05).entry
        assert entry is not None
        found.append(entry["value"]["zh"])
    assert found[0] > found[1]


def test_noise_is_not_repeated_by_any_seed() -> None:
    made = measurement("ru", 0.5)
    np.random.seed(0)  # noqa: NPY002
    first = told(made, 20)
    np.random.seed(0)  # noqa: NPY002
    assert (first != told(made, 20)).any()


def test_epsilon_is_what_the_library_says_and_the_noise_is_of_its_scale() -> None:
    made = measurement("ru", 0.5)
    assert made.epsilon <= 0.5
    assert made.scale == pytest.approx(2 / 0.5)
    noise = told(made, RUNS)
    assert np.abs(noise).mean() == pytest.approx(made.scale, rel=0.25)
    assert (np.abs(noise) > made.accuracy(PATH)).mean() <= 0.05 / 6 + 0.02
