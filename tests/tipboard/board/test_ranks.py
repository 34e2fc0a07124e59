import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tipboard.board.ranks import rank_intervals, ranks

SCORES = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.integers(-5, 5))


def test_the_best_is_first_ties_share_and_the_undefined_are_last() -> None:
    scores = np.array([0.5, 0.9, np.nan, 0.5])
    assert ranks(scores, lower_is_better=False).tolist() == [2.5, 1.0, 4.0, 2.5]
    assert ranks(scores, lower_is_better=True).tolist() == [1.5, 3.0, 4.0, 1.5]


@given(SCORES)
def test_ranks_do_not_change_under_a_monotone_transform_and_sum_to_the_same(scores: np.ndarray) -> None:
    found = ranks(scores, lower_is_better=False)
    assert (found == ranks(np.exp(scores), lower_is_better=False)).all()
    methods = scores.shape[1]
    assert found.sum(axis=1) == pytest.approx(methods * (methods + 1) / 2)


def test_two_that_are_always_apart_have_one_rank_each_and_two_alike_have_both() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (2, 999))
    apart = [noise[0] + 0.5, noise[1]]
    assert rank_intervals(apart, lower_is_better=False) == [(1, 1), (2, 2)]
    assert rank_intervals(apart, lower_is_better=True) == [(2, 2), (1, 1)]
    assert rank_intervals([noise[0], noise[1]], lower_is_better=False) == [(1, 2), (1, 2)]


def test_a_method_without_draws_has_no_interval_and_takes_no_place() -> None:
    assert rank_intervals([np.zeros(9), np.empty(0), np.ones(9)], lower_is_better=False) == [
        (2, 2),
        None,
        (1, 1),
    ]
