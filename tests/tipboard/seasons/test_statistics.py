import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from tipboard.seasons.statistics import depends_on_assumptions, detectable_difference, interval, rank

SCORES = arrays(
    np.float64, st.tuples(st.integers(6, 9), st.integers(1, 5)), elements=st.integers(0, 30).map(float)
)
FEW = settings(max_examples=40)
RNG = np.random.default_rng(0)


def test_a_textbook_sample_gives_scipys_interval_and_p() -> None:
    scores = RNG.normal([0.3, 0.25], 0.03, (8, 2))
    found = rank(scores)
    test = stats.ttest_rel(*scores.T)
    low, high = stats.t.interval(0.95, 7, scores[:, 0].mean(), stats.sem(scores[:, 0]))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    assert found.p[0, 1] == found.p[1, 0] == pytest.approx(test.pvalue, rel=1e-6)
    ends = test.confidence_interval()
    assert found.difference[0, 1] + found.half_width[0, 1] * np.array([-1, 1]) == pytest.approx(
        [*ends], abs=1e-8
    )


def test_holm_runs_over_all_pairs() -> None:
    scores = RNG.normal([0.3, 0.27, 0.2], 0.03, (6, 3))
    raw = sorted(
        (stats.ttest_rel(scores[:, a], scores[:, b]).pvalue, a, b) for a, b in ((0, 1), (0, 2), (1, 2))
    )
    stepped = np.maximum.accumulate([min(1, p * m) for (p, *_), m in zip(raw, (3, 2, 1), strict=True)])
    found = rank(scores)
    assert [found.p[a, b] for _, a, b in raw] == pytest.approx(stepped, rel=1e-6)


def test_none_is_better_than_the_top_group_and_ranks_count_significant_pairs() -> None:
    noise = RNG.normal(0, 0.01, (16, 5))
    found = rank(np.array([0.2, 0.9, 0.9, 0.5, 0.9]) + noise)
    assert found.top.tolist() == [False, True, True, False, True]
    assert found.first_rank.tolist() == [5, 1, 1, 4, 1]
    assert found.last_rank.tolist() == [5, 3, 3, 4, 3]
    assert found.wins[1, 0] == 16
    assert found.wins[0, 1] == 0
    assert found.order[-2:].tolist() == [3, 0]


@FEW
@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5))
def test_a_change_of_unit_or_direction_changes_no_order(
    scores: np.ndarray, factor: float, shift: float
) -> None:
    found = rank(scores)
    for other, lower in ((scores * factor + shift, False), (-scores, True)):
        again = rank(other, lower_is_better=lower)
        assert again.p == pytest.approx(found.p, rel=1e-4, abs=1e-9)
        for name in ("order", "wins", "better", "top", "first_rank", "last_rank"):
            assert (getattr(again, name) == getattr(found, name)).all(), name
    monotone = rank(np.exp(scores / 10))
    assert (monotone.wins == found.wins).all()  # the order within a world is all that wins are made of


@FEW
@given(SCORES, st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order_of_worlds_or_methods(scores: np.ndarray, random) -> None:  # type: ignore[no-untyped-def]
    worlds, methods = (random.sample(range(n), n) for n in scores.shape)
    found, again = rank(scores), rank(scores[worlds][:, methods])
    for name in ("mean", "low", "high", "top", "first_rank", "last_rank"):
        assert getattr(again, name) == pytest.approx(getattr(found, name)[methods]), name
    for name in ("p", "wins", "better"):
        assert getattr(again, name) == pytest.approx(getattr(found, name)[np.ix_(methods, methods)]), name
    if len(set(np.round(found.mean, 9))) == len(methods):
        assert (np.array(methods)[again.order] == found.order).all()


@FEW
@given(SCORES)
def test_ranks_are_consistent(scores: np.ndarray) -> None:
    found, methods = rank(scores), scores.shape[1]
    assert (found.wins + found.wins.T <= len(scores)).all()
    assert not (found.better & found.better.T).any()
    assert found.top[found.order[0]]
    assert (found.top == (found.first_rank == 1)).all()
    assert (
        (found.first_rank >= 1) & (found.first_rank <= found.last_rank) & (found.last_rank <= methods)
    ).all()
    assert (found.low <= found.high).all()
    assert (found.difference == -found.difference.T).all()


def test_constant_scores_and_ties_separate_nothing_and_a_certain_difference_does() -> None:
    same = rank(np.full((6, 3), 0.1))
    assert same.top.all()
    assert (same.p == 1).all()
    assert same.order.tolist() == [0, 1, 2]
    world = RNG.normal(0, 1, (6, 1))
    certain = rank(world + np.array([0.1, 0.2]))
    assert certain.p[0, 1] == pytest.approx(0)
    assert certain.top.tolist() == [False, True]
    assert not depends_on_assumptions(world + np.array([0.1, 0.2]), np.arange(6) > 2)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (np.zeros((2, 3)), "2 worlds rank nothing: 6 or more"),
        (np.zeros((6, 0)), "one method or more"),
        (np.full((6, 2), np.nan), "not finite"),
    ],
)
def test_too_few_worlds_no_method_and_undefined_scores_are_refused(scores: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rank(scores)


def test_a_place_that_changes_by_more_than_noise_is_noticed_and_a_larger_lead_is_not() -> None:
    drawn = np.arange(16) >= 8
    noise = RNG.normal(0, 0.01, (16, 3))
    lead = np.array([0.05, 0.0, -0.05])
    assert not depends_on_assumptions(noise + lead, drawn)
    assert not depends_on_assumptions(noise + lead * np.where(drawn, 1, 4)[:, None], drawn)
    turned = noise + lead * np.where(drawn, -1, 1)[:, None]
    assert depends_on_assumptions(turned, drawn)
    assert depends_on_assumptions(-turned, ~drawn)
    fixed, other = turned[~drawn], turned[drawn]
    p = stats.ttest_ind(fixed[:, 0] - fixed[:, 1], other[:, 0] - other[:, 1], equal_var=False)[1]
    assert p < 0.05 / 3  # type: ignore[operator]
    with pytest.raises(ValueError, match="two worlds or more of each sort"):
        depends_on_assumptions(noise, np.arange(16) >= 15)


def test_welchs_test_decides_for_two_methods() -> None:
    drawn = np.arange(8) >= 4
    for seed in range(200):
        scores = np.random.default_rng(seed).normal(0, 1, (8, 2)) + np.where(drawn, 1.5, -1)[:, None] * [1, 0]
        apart = scores[:, 0] - scores[:, 1]
        p = stats.ttest_ind(apart[drawn], apart[~drawn], equal_var=False)[1]
        turned = apart[drawn].mean() * apart[~drawn].mean() < 0
        assert depends_on_assumptions(scores, drawn) == (turned and p < 0.05)  # type: ignore[operator]


def test_the_detectable_difference_is_found_in_80_percent() -> None:
    assert detectable_difference(1.0, 34) == pytest.approx(0.5, abs=0.01)  # Cohen: d = .5 takes 34 pairs
    assert detectable_difference(0.02, 8) == pytest.approx(0.02 * detectable_difference(1.0, 8))
    samples = RNG.normal(detectable_difference(1.0, 6), 1.0, (6, 4000))
    mean, half = interval(samples)
    assert (mean > half).mean() == pytest.approx(0.8, abs=0.02)
