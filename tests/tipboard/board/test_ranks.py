from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tipboard.board.board_rows import standings
from tipboard.board.files import read
from tipboard.board.forest_rows import forest_of
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


def test_a_line_to_beat_has_no_rank_no_test_and_no_mark_in_the_figure() -> None:
    board = read(Path(__file__).parents[3] / "results")
    [standing] = [one for one in standings(board) if one.task.name == "prevalence"]
    by_method = {line.method: line for line in standing.lines}
    line, same = by_method["chao_fixed_range"], by_method["chao_lower"]
    assert line.row.score == same.row.score
    assert (line.rank, line.against, same.rank) == (None, None, 1)
    assert line.method not in {row.line.method for row in forest_of(standing).rows}
