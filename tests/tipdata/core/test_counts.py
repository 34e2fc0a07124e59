"""Counts about an intensity: the moments of the distributions that they are to have, and draws that stand alone."""

import numpy as np
import pytest
from scipy import stats
from tipdata.core.counts import LARGE, over_dispersed, poisson
from tipdata.core.draw import Stream

IDS = np.arange(60_000)


@pytest.mark.parametrize("mean", [40, 700, 5_000, LARGE - 1, LARGE, 40_000, 900_000])
def test_counts_are_poisson_about_their_mean(mean: int) -> None:
    """Against scipy's distribution: mean, variance, and the share at or below each quartile."""
    drawn = poisson(Stream(0, "counts"), IDS, np.full(len(IDS), mean))
    known = stats.poisson(mean / 1000)
    assert drawn.mean() == pytest.approx(mean / 1000, abs=4 * np.sqrt(mean / 1000 / len(IDS)) + 1e-3)
    assert drawn.var() == pytest.approx(mean / 1000, rel=0.04, abs=2e-3)
    for quartile in known.ppf([0.25, 0.5, 0.75]):
        assert (drawn <= quartile).mean() == pytest.approx(known.cdf(quartile), abs=0.012)
    assert drawn.max() <= known.ppf(1 - 1e-8) + 2


def test_no_mean_gives_no_count() -> None:
    assert not poisson(Stream(0, "none"), IDS, np.zeros(len(IDS), dtype=np.int64)).any()


def test_over_dispersion_keeps_the_mean_and_has_the_weight_as_twice_its_spread() -> None:
    drawn = over_dispersed(Stream(0, "noise"), IDS, np.full(len(IDS), 100_000), 300)
    assert drawn.mean() == pytest.approx(100_000, rel=0.005)
    assert drawn.std() == pytest.approx(15_000, rel=0.03)
    assert (over_dispersed(Stream(0, "noise"), IDS, np.full(len(IDS), 100_000), 0) == 100_000).all()


def test_a_count_does_not_depend_on_the_others() -> None:
    means = np.arange(len(IDS)) * 3
    whole = poisson(Stream(0, "alone"), IDS, means)
    assert (poisson(Stream(0, "alone"), IDS[5000:5100], means[5000:5100]) == whole[5000:5100]).all()
