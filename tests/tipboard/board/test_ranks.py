from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2, rankdata
from tipbench.runs.frames import RESULTS, read_results
from tipboard.board import ranks as orders
from tipboard.board.collection import DRAWS, read_draws
from tipboard.board.entries import reference_entries
from tipboard.board.files import Board
from tipboard.board.forest import forest_of
from tipboard.board.ranks import rank_intervals, ranks
from tipboard.board.standings import standings

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
    folder = Path(__file__).parents[3] / "results/0.4.0/small/reference"
    results, draws = read_results(folder / RESULTS, "prevalence"), read_draws(folder / DRAWS)
    [standing] = standings(Board("0.4.0/small", reference_entries(results, draws)))
    by_method = {line["name"]: line for line in standing}
    line, same = by_method["chao_fixed_range"], by_method["chao_lower"]
    assert line["score"] == same["score"]
    assert (line["rank"], line["against"], same["rank"]) == (None, None, 1)
    assert line["name"] not in {row["name"] for row in forest_of(standing).rows}


# Demšar (2006), table 6: ranks of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets, 1 the best.
DEMSAR = -np.array(
    [
        *([4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5]),
        *([3, 2, 4, 1], [2.5, 2.5, 4, 1], [4, 3, 2, 1], [2.5, 2.5, 2.5, 2.5], [4, 2.5, 1, 2.5]),
        *([3, 2, 4, 1], [4, 1, 2, 3], [3, 1, 4, 2]),
    ]
)


@st.composite
def scores(draw: st.DrawFn, most_methods: int = 6) -> np.ndarray:
    """[worlds, methods] with many ties."""
    shape = (draw(st.integers(5, 8)), draw(st.integers(2, most_methods)))
    return draw(arrays(np.float64, shape, elements=st.integers(-3, 3).map(lambda v: v / 4)))


def test_the_critical_difference_is_that_of_demsars_example() -> None:
    assert orders.critical_difference(14, 4) == pytest.approx(1.25, abs=0.005)


@pytest.mark.parametrize(
    ("methods", "q"),
    # Demšar (2006), table 5(a): critical values of the two-tailed Nemenyi test at 0.05.
    list(zip(range(2, 11), (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164), strict=True)),
)
def test_critical_values_are_those_of_demsars_table(methods: int, q: float) -> None:
    unit = np.sqrt(methods * (methods + 1) / 6 / 5)
    assert orders.critical_difference(5, methods) / unit == pytest.approx(q, abs=0.0011)


def test_mean_ranks_and_groups_are_those_of_demsars_example() -> None:
    means = orders.mean_ranks(DEMSAR)
    assert means == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=0.0005)
    # "even the difference between the best and the worst performing algorithm is already smaller than that"
    assert orders.not_told_apart(list(means), orders.critical_difference(14, 4)) == [(3, 1, 2, 0)]


def test_friedmans_statistic_is_demsars_but_for_the_correction_for_ties() -> None:
    """Demšar gives 9.28, without the correction: ties take 7.5 from the 70 that untied ranks would spread."""
    found = orders.friedman(DEMSAR)
    spread = np.square(-DEMSAR - 2.5).sum()
    assert found.statistic == pytest.approx(9.28 * 70 / spread, abs=0.01)
    assert found.rejects


def test_a_critical_difference_needs_two_methods() -> None:
    with pytest.raises(ValueError, match="of 1 methods"):
        orders.critical_difference(5, 1)


def _tau_b(one: np.ndarray, other: np.ndarray) -> float:
    """Kendall (1945): concordant pairs less discordant ones, over the geometric mean of the untied pairs of each."""
    signs = np.array(
        [
            (np.sign(one[a] - one[b]), np.sign(other[a] - other[b]))
            for a, b in combinations(range(len(one)), 2)
        ]
    )
    with np.errstate(invalid="ignore"):
        return float(signs.prod(axis=1).sum() / np.sqrt(np.square(signs).sum(axis=0).prod()))


@given(scores())
def test_agreement_is_the_mean_and_the_least_of_kendalls_tau_b(matrix: np.ndarray) -> None:
    wanted = [_tau_b(matrix[a], matrix[b]) for a, b in combinations(range(len(matrix)), 2)]
    found = orders.agreement(matrix)
    if np.isnan(wanted).any():
        assert found == orders.Agreement(None, None)
    else:
        assert found.mean == pytest.approx(np.mean(wanted), abs=1e-12)
        assert found.least == pytest.approx(min(wanted), abs=1e-12)


@given(scores())
def test_ranks_are_those_of_scipy_and_friedmans_test_is_conovers_formula(matrix: np.ndarray) -> None:
    ranked = rankdata(-matrix, axis=1)
    assert orders.mean_ranks(matrix) == pytest.approx(ranked.mean(axis=0))
    found = orders.friedman(matrix)
    worlds, methods = matrix.shape
    expected = (methods + 1) / 2
    spread = np.square(ranked - expected).sum()
    if spread == 0:
        assert found == orders.Friedman(None, None)
        assert not found.rejects
        return
    # Conover (1999), Practical nonparametric statistics, section 5.8, with ties.
    statistic = (methods - 1) * np.square(ranked.sum(axis=0) - worlds * expected).sum() / spread
    assert found.statistic == pytest.approx(statistic, abs=1e-12)
    assert found.p == pytest.approx(chi2.sf(statistic, methods - 1), abs=1e-12)


@given(scores(), st.randoms(use_true_random=False))
def test_the_order_of_worlds_and_methods_changes_nothing(matrix: np.ndarray, random) -> None:
    worlds, methods = list(range(len(matrix))), list(range(matrix.shape[1]))
    random.shuffle(worlds)
    random.shuffle(methods)
    # Scores that no float holds exactly, so that a sum in another order is another sum.
    matrix = matrix / 10 + 0.1
    other = matrix[worlds][:, methods]
    for share in (orders.wins, orders.keeps):
        assert share(other) == pytest.approx(share(matrix)[methods][:, methods])
    assert orders.mean_ranks(other) == pytest.approx(orders.mean_ranks(matrix)[methods])
    assert _numbers(orders.agreement(other)) == pytest.approx(_numbers(orders.agreement(matrix)), nan_ok=True)
    statistics = [orders.friedman(one).statistic for one in (other, matrix)]
    assert statistics[0] == (statistics[1] and pytest.approx(statistics[1]))
    names = [f"m{at}" for at in range(matrix.shape[1])]
    one = orders.rank_methods(matrix, names, "worlds")
    two = orders.rank_methods(other, [names[at] for at in methods], "worlds")
    assert (two.methods, two.groups) == (one.methods, one.groups)
    assert two.mean_ranks == pytest.approx(one.mean_ranks)
    assert orders.wins(two.scores) == pytest.approx(orders.wins(one.scores))
    assert orders.keeps(two.scores) == pytest.approx(orders.keeps(one.scores))


@given(scores(), st.integers(0, 7))
def test_an_increasing_transform_of_a_worlds_scores_changes_nothing_but_mean_scores(
    matrix: np.ndarray, world: int
) -> None:
    other = matrix.copy()
    other[world % len(matrix)] = np.exp(3 * other[world % len(matrix)])
    assert orders.wins(other) == pytest.approx(orders.wins(matrix))
    assert orders.mean_ranks(other) == pytest.approx(orders.mean_ranks(matrix))
    assert orders.agreement(other) == orders.agreement(matrix)
    assert orders.friedman(other) == orders.friedman(matrix)
    assert orders.keeps(8 * matrix - 2) == pytest.approx(orders.keeps(matrix))


@given(scores())
def test_shares_of_a_pair_add_up(matrix: np.ndarray) -> None:
    wins, keeps = orders.wins(matrix), orders.keeps(matrix)
    assert wins + wins.T == pytest.approx(np.ones_like(wins))
    assert keeps == pytest.approx(keeps.T)
    assert np.diag(keeps) == pytest.approx(0.5)
    assert (np.isclose(keeps, wins) | np.isclose(keeps, wins.T) | (keeps == 0.5)).all()


def test_a_pair_keeps_the_order_of_its_means_and_a_tie_counts_one_half() -> None:
    # The second wins three worlds of five and the mean of the first is higher: it is the first that is on top.
    matrix = np.array([[9.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    assert orders.wins(matrix)[0, 1] == pytest.approx(0.3)
    assert orders.keeps(matrix)[0, 1] == pytest.approx(0.3)
    assert orders.keeps(np.minimum(matrix, 2.0))[0, 1] == pytest.approx(0.7)
    assert orders.keeps(np.array([[0.1, 0.3], [0.3, 0.1], [0.2, 0.2]]))[0, 1] == 0.5


def test_one_ranking_everywhere_agrees_fully_and_a_reversed_one_not_at_all() -> None:
    same = np.tile([3.0, 2.0, 1.0], (5, 1))
    assert _numbers(orders.agreement(same)) == pytest.approx([1.0, 1.0])
    assert orders.keeps(same)[0, 1] == orders.keeps(same)[1, 2] == 1.0
    reversed_once = same.copy()
    reversed_once[2] = [1.0, 2.0, 3.0]
    assert _numbers(orders.agreement(reversed_once)) == pytest.approx([(6 - 4) / 10, -1.0])
    assert orders.keeps(reversed_once)[0, 2] == pytest.approx(0.8)


def test_agreement_with_a_world_that_ties_all_is_undefined() -> None:
    matrix = np.tile([2.0, 1.0], (5, 1))
    matrix[3] = 0.0
    assert orders.agreement(matrix) == orders.Agreement(None, None)
    assert orders.agreement(np.ones((5, 1))) == orders.Agreement(None, None)


@pytest.mark.parametrize(
    ("means", "groups"),
    [
        ([1.0, 2.0, 3.0, 4.0], [(0, 1), (1, 2), (2, 3)]),
        ([4.0, 1.0, 1.2, 3.9], [(1, 2), (3, 0)]),
        ([1.0, 2.5, 4.0], [(0,), (1,), (2,)]),
        ([2.0, 2.0, 2.0], [(0, 1, 2)]),
        ([1.0, 2.0, 2.0, 2.6], [(0, 1, 2), (1, 2, 3)]),
        ([], []),
    ],
)
def test_groups_are_the_largest_runs_within_the_critical_difference(means, groups) -> None:
    assert orders.not_told_apart(means, 1.5) == groups


@given(st.lists(st.integers(0, 12).map(lambda v: v / 2), min_size=1, max_size=9))
def test_groups_are_all_cliques_that_nothing_can_join(means: list[float]) -> None:
    found = [set(group) for group in orders.not_told_apart(means, 1.25)]
    alike = [{b for b in range(len(means)) if abs(means[a] - means[b]) < 1.25} for a in range(len(means))]
    for group in found:
        assert set.intersection(*(alike[at] for at in group)) == group
    for a in range(len(means)):
        assert set.union(*(group for group in found if a in group)) == alike[a]


def _numbers(agreement: orders.Agreement) -> list[float]:
    return [np.nan if one is None else one for one in (agreement.mean, agreement.least)]
