"""Log-linear models of lists: the fits of an independent library, and estimates only where they exist."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbaselines.prevalence.lists import design, estimate_exists, fit, overlaps, pairs, patterns

A, B, C, AB, AC, BC, ABC = (np.eye(7)[[0, 1, 3, 2, 4, 5, 6]][i] for i in range(7))
"""One person of each pattern of three lists."""
NONE = np.zeros((1, 3), dtype=bool)
ALL = np.ones((1, 3), dtype=bool)


def _term(*wanted: tuple[int, int]) -> np.ndarray:
    return np.array([[pair in wanted for pair in pairs(3)]])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 400), min_size=15, max_size=15), st.lists(st.booleans(), min_size=6, max_size=6)
)
def test_fits_are_those_of_an_independent_library(counts: list[int], terms: list[bool]) -> None:
    """statsmodels' generalised linear models, Poisson family."""
    import statsmodels.api as sm

    matrix = design(4)[:, [True] * 5 + terms]
    known = sm.GLM(counts, matrix, family=sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
    found = fit(np.array([counts]), 4, np.array([terms]))
    assert found.log_unseen[0] == pytest.approx(known.params[0], abs=1e-6)
    assert found.error[0] == pytest.approx(known.bse[0], rel=1e-5)
    assert found.deviance[0] == pytest.approx(known.deviance, abs=1e-6, rel=1e-6)


def test_two_lists_give_the_estimate_of_lincoln_and_petersen() -> None:
    """People on one list only times those on the other only, over those on both."""
    found = fit(np.array([[10.0, 20.0, 4.0]]), 2, np.zeros((1, 1), dtype=bool))
    assert np.exp(found.log_unseen[0]) == pytest.approx(10 * 20 / 4)


def test_a_table_is_fitted_alike_beside_others_of_any_kind() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(30.0, (3000, 7)).astype(float)
    counts[1000] = 5 * A
    terms = rng.random((3000, 3)) < 0.5
    many = fit(counts, 3, terms)
    for table in (0, 999, 2999):
        alone = fit(counts[[table]], 3, terms[[table]])
        assert many.log_unseen[table] == pytest.approx(alone.log_unseen[0], abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "terms", "why"),
    [
        (10 * A + 20 * B + 30 * C, NONE, "no list meets another"),
        (10 * A, NONE, "one list alone"),
        (0 * A, NONE, "nobody"),
        (10 * A + 20 * B + 3 * AB, _term((0, 1)), "two lists and a term for their pair"),
        (10 * A + 20 * B + 30 * C + 5 * AC, _term((0, 1)), "a term for a pair that shares nobody"),
        (10 * A + 20 * B + 30 * C + 3 * AB, _term((0, 1)), "the only overlap has a term of its own"),
        (10 * A + 20 * B + 30 * C + 3 * AB + 2 * BC, ALL, "all pairs, and one shares nobody"),
        (9 * A + 8 * B + 7 * C + 3 * AB + 2 * AC + BC, ALL, "all pairs, and nobody on all lists"),
    ],
)
def test_where_no_estimate_exists_none_is_given(counts: np.ndarray, terms: np.ndarray, why: str) -> None:
    found = fit(counts[None], 3, terms)
    assert np.isnan([found.log_unseen[0], found.error[0], found.deviance[0]]).all(), why


@pytest.mark.parametrize(
    ("counts", "terms"),
    [
        (10 * A + 20 * B + 30 * C + AB, NONE),
        (10 * A + 20 * B + 5 * C + 3 * AC + AB, _term((0, 2))),
        (10 * A + 20 * B + 4 * AB, NONE),
        (9 * A + 8 * B + 7 * C + 3 * AB + 2 * AC + BC + ABC, ALL),
    ],
)
def test_where_an_estimate_exists_margins_are_those_observed(counts: np.ndarray, terms: np.ndarray) -> None:
    found = fit(counts[None], 3, terms)
    assert np.isfinite(found.log_unseen[0])
    active = np.append([True, *(counts @ patterns(3) > 0)], terms[0])
    cells = ~(patterns(3) & ~active[1:4]).any(axis=1)
    assert estimate_exists(design(3)[cells][:, active], counts[cells])


def test_few_overlaps_make_wide_intervals() -> None:
    """Ten times the people on two lists, and about a third of the error."""
    few, many = (
        fit((100 * A + 200 * B + 300 * C + k * (AB + AC + BC))[None], 3, NONE).error[0] for k in (1, 10)
    )
    assert few > 2.5 * many


def test_overlaps_count_people_on_both_whatever_else_they_are_on() -> None:
    assert overlaps((2 * AB + 3 * ABC + 7 * A)[None], 3).tolist() == [[5.0, 3.0, 3.0]]
