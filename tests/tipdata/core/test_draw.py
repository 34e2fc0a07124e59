import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from shipped_tables import build_constants  # pyright: ignore[reportMissingImports]
from tipdata.core import draw
from tipdata.core.draw import LARGE, Clock, Stream, effective_size, over_disperse, poisson

MANY = np.arange(200_000)


def test_the_shipped_tables_are_those_that_scipy_computes() -> None:
    for name, values in build_constants().items():
        # One unit of the last place: the file was rounded once, on one machine; scipy may differ in its last bit.
        assert np.abs(draw.constant_table(name) - values).max() <= 1, name


def test_draws_are_uniform() -> None:
    u = Stream(7, "uniform").uniform(MANY)
    assert stats.kstest(u, "uniform")[1] > 1e-3
    bits = np.unpackbits(Stream(7, "bits").bits(MANY).view(np.uint8)).reshape(-1, 64)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.006


@pytest.mark.parametrize(("first", "second"), [(("a", 0), ("b", 0)), (("a", 0), ("a", 1))])
def test_streams_and_turns_are_independent(first: tuple[str, int], second: tuple[str, int]) -> None:
    x, y = (Stream(7, path).uniform(MANY, k) for path, k in (first, second))
    table, _, _ = np.histogram2d(x, y, bins=16)
    result: Any = stats.chi2_contingency(table)
    assert result.pvalue > 1e-3


def test_neighbouring_ids_and_seeds_are_independent() -> None:
    u = Stream(7, "a").uniform(MANY)
    v = Stream(8, "a").uniform(MANY)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.01
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.01


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=50), st.integers(0, 100))
def test_a_draw_depends_on_its_own_id_alone(ids: list[int], k: int) -> None:
    stream = Stream(3, "alone")
    together = stream.bits(np.array(ids), k)
    apart = np.concatenate([stream.bits(np.array([i]), k) for i in ids])
    assert (together == apart).all()


def test_one_way_words_depend_on_id_and_stream_alone_and_keep_no_order() -> None:
    """The first value is that of Python's hashlib, computed apart."""
    ids = np.array([[3, 1], [3, 2**47]])
    words = Stream(3, "alone").one_way(ids)
    assert words.shape == ids.shape
    assert words[0, 0] == words[1, 0]
    key = hashlib.sha256(b"3/alone").digest()[:8]
    expected = hashlib.blake2b((3).to_bytes(8, "little"), key=key, digest_size=8).digest()
    assert words[0, 0] == int.from_bytes(expected, "little")
    assert (words != Stream(4, "alone").one_way(ids)).all()
    bits = np.unpackbits(Stream(7, "bits").one_way(MANY[:20_000]).view(np.uint8)).reshape(-1, 64)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.02


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("normal", stats.norm()),
        ("logistic", stats.logistic()),
        ("exponential", stats.expon()),
        ("gamma_2.0", stats.gamma(2)),
    ],
)
def test_quantile_draws_follow_their_distribution(name: str, distribution: stats.rv_continuous) -> None:
    drawn = Stream(5, name).quantile(MANY, name) / draw.SCALE
    assert stats.kstest(drawn, distribution.cdf).statistic < 0.005  # type: ignore[attr-defined]


def test_choices_follow_their_weights_in_one_table_or_one_a_row() -> None:
    weights = np.array([1, 0, 3, 6])
    one = np.bincount(Stream(5, "choose").choose(MANY, weights), minlength=4)
    rows = np.bincount(Stream(5, "choose").choose(MANY, np.tile(weights, (len(MANY), 1))), minlength=4)
    assert (one == rows).all()
    assert one[1] == 0
    assert np.allclose(one / len(MANY), weights / 10, atol=0.005)


def test_choices_of_rows_are_made_where_weights_add_up_to_more_than_what_is_drawn() -> None:
    """Against the definition, row by row; a row without any weight gives a number past its last."""
    rows = np.random.default_rng(1).integers(0, 9, (500, 6)) * np.arange(500)[:, None]
    ids, stream = np.arange(500), Stream(5, "rows")
    drawn = [stream.below(ids[i : i + 1], int(row.sum()))[0] for i, row in enumerate(rows)]
    expected = [(np.cumsum(row) <= one).sum() for row, one in zip(rows, drawn, strict=True)]
    assert stream.choose(ids, rows).tolist() == expected
    assert expected[0] == 6
    assert draw.choose_from_bits(stream.bits(ids), rows).tolist() == expected


def test_several_streams_together_draw_what_each_draws() -> None:
    ids, paths = np.arange(40_000), ("a", "b/c", "d")
    together = Stream.several(3, paths).quantile(ids, "normal", 2)
    assert (together == np.stack([Stream(3, path).quantile(ids, "normal", 2) for path in paths])).all()
    assert Stream.several(3, ["a"]).bits(ids).shape == (1, len(ids))


def test_draws_leave_ids_as_they_are_whatever_their_layout() -> None:
    stream, ids = Stream(3, "layout"), np.arange(12, dtype=np.int64)
    wide = np.broadcast_to(ids, (4, 12))
    for given_ids in (ids.reshape(3, 4), ids.reshape(3, 4).T, wide, ids[::2]):
        one_by_one = np.array([stream.bits(np.array([i]))[0] for i in given_ids.ravel()])
        assert (stream.bits(given_ids) == one_by_one.reshape(given_ids.shape)).all()
        for name in ("bits", "uniform", "permute"):
            getattr(stream, name)(given_ids)
    assert (ids == np.arange(12)).all()


def test_permute_is_a_permutation_that_hides_order() -> None:
    ids = Stream(5, "ids").permute(MANY)
    assert len(np.unique(ids)) == len(MANY)
    assert ids.min() >= 0
    assert ids.max() < 2**48
    assert abs(np.corrcoef(ids, MANY)[0, 1]) < 0.01


@given(st.integers(-6000, 6000), st.integers(-6000, 6000))
def test_log_add_agrees_with_floats_to_a_milli_nat(a: int, b: int) -> None:
    expected = 1000 * np.logaddexp(a / 1000, b / 1000)
    assert abs(int(draw.log_add(np.array([a]), np.array([b]))[0]) - expected) <= 1


def test_sigmoid_gives_the_probability_of_log_odds() -> None:
    p = np.array([0.01, 0.1, 0.5, 0.9155])
    milli = np.round(1000 * np.log(p / (1 - p))).astype(np.int64)
    assert np.abs(draw.sigmoid(milli) - p * 65536).max() <= 40


COUNT_IDS = np.arange(60_000)


@pytest.mark.parametrize("mean", [40, 700, 5_000, LARGE - 1, LARGE, 40_000, 900_000])
def test_counts_are_poisson_about_their_mean(mean: int) -> None:
    """Against scipy's distribution: mean, variance, and the share at or below each quartile."""
    drawn = poisson(Stream(0, "counts"), COUNT_IDS, np.full(len(COUNT_IDS), mean))
    known = stats.poisson(mean / 1000)
    assert drawn.mean() == pytest.approx(mean / 1000, abs=4 * np.sqrt(mean / 1000 / len(COUNT_IDS)) + 1e-3)
    assert drawn.var() == pytest.approx(mean / 1000, rel=0.04, abs=2e-3)
    for quartile in known.ppf([0.25, 0.5, 0.75]):
        assert (drawn <= quartile).mean() == pytest.approx(known.cdf(quartile), abs=0.012)
    assert drawn.max() <= known.ppf(1 - 1e-8) + 2


def test_no_mean_gives_no_count() -> None:
    assert not poisson(Stream(0, "none"), COUNT_IDS, np.zeros(len(COUNT_IDS), dtype=np.int64)).any()


def test_over_dispersion_keeps_the_mean_and_has_the_weight_as_twice_its_spread() -> None:
    means = np.full(len(COUNT_IDS), 100_000)
    drawn = over_disperse(Stream(0, "noise"), COUNT_IDS, means, 300)
    assert drawn.mean() == pytest.approx(100_000, rel=0.005)
    assert drawn.std() == pytest.approx(15_000, rel=0.03)
    assert (over_disperse(Stream(0, "noise"), COUNT_IDS, means, 0) == 100_000).all()


def test_a_count_does_not_depend_on_the_others() -> None:
    means = np.arange(len(COUNT_IDS)) * 3
    whole = poisson(Stream(0, "alone"), COUNT_IDS, means)
    assert (poisson(Stream(0, "alone"), COUNT_IDS[5000:5100], means[5000:5100]) == whole[5000:5100]).all()


def test_equal_weights_lose_nothing_and_unequal_ones_do() -> None:
    assert effective_size(np.full(50, 7)) == pytest.approx(50)
    assert effective_size(np.array([1, 1, 2])) == pytest.approx(16 / 6)
    large = np.full(5_000, 2_000_000_000, dtype=np.int32)
    assert effective_size(large) == pytest.approx(5_000)
    assert effective_size(np.zeros(0)) == 0


WEIGHTS = np.array([[1, 5, 0, 2, 2, 9, 1], [3, 3, 3, 3, 3, 3, 3]])
IDS = np.arange(40_000)


@pytest.mark.parametrize("step", [1, 60])
def test_time_becomes_busy_time_and_comes_back(step: int) -> None:
    clock = Clock(WEIGHTS, step)
    time = Stream(0, "time").below(IDS, 7 * step * 50) - 7 * step * 10
    level = IDS % 2
    idle = WEIGHTS[level, time // step % 7] == 0
    assert (clock.time(level, clock.busy(level, time)) == time)[~idle].all()
    assert (np.diff(clock.busy(0, np.arange(-20, 20))) >= 0).all()


def test_a_week_has_its_weights_and_no_time_passes_where_there_is_none() -> None:
    clock = Clock(WEIGHTS)
    opens, closes = (clock.busy(0, np.array(7 * week)) for week in (3, 53))
    day = clock.time(0, opens + Stream(0, "busy").below(IDS, closes - opens))
    shares = np.bincount(day % 7, minlength=7) / len(day)
    assert shares == pytest.approx(WEIGHTS[0] / WEIGHTS[0].sum(), abs=0.01)
    assert shares[2] == 0
    assert day.min() == 21
    assert day.max() == 53 * 7 - 1


def test_a_log_uniform_number_rises_with_its_bits_and_stays_in_its_bounds() -> None:
    words = np.sort(Stream(0, "sizes").bits(MANY))
    before = words.copy()
    made = draw.log_uniform_from_bits(words, np.array(3), np.array(30))
    assert (words == before).all()
    assert (np.diff(made) >= 0).all()
    assert (made[0], made[-1]) == (3, 30)
    assert (made <= 9).mean() == pytest.approx(np.log(10 / 3) / np.log(31 / 3), abs=0.005)
    alone = draw.log_uniform_from_bits(words, np.array(1), np.array(1))
    assert (alone == 1).all()
