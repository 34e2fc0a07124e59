"""The weighted median, whatever the weights add up to."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_answers import labelled, task_of_scores
from tipbench import kinds
from tipbench.evaluation.comparison import compare
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.estimates import FEWEST_REGIONS
from tipbench.kinds.refusals import check_predictions
from tipbench.metrics.bootstrap import TOO_FEW
from tipbench.metrics.estimation import ESTIMATION_METRICS, NO_INTERVALS, TOO_MANY_FAILED, weighted_median
from tipcore.errors import UsageError


@pytest.mark.parametrize("factor", [1e-6, 0.1, 1 / 7, 1.0, 1e6])
def test_a_weighted_median_is_that_of_copies_whatever_the_factor_of_the_weights(factor: float) -> None:
    generator = np.random.default_rng(0)
    values = np.unique(generator.integers(0, 50, 12)).astype(np.float64)
    weights = generator.integers(0, 4, (200, values.size)).astype(np.float64)
    weights[0] = 0
    expected = [np.median(np.repeat(values, row.astype(int))) for row in weights[1:]]
    np.testing.assert_array_equal(weighted_median(factor * weights, values), [np.nan, *expected])


NAMES = tuple(metric.name for metric in ESTIMATION_METRICS)
TASK = task_of_scores("region", NAMES, kind=kinds.ESTIMATES, primary="median_abs_log_error")
EFFECTS = task_of_scores("region", NAMES, kind=kinds.ESTIMATES, primary="median_abs_error")


def answers_of(truth: list, quantity: list | str = "count", **more) -> Answers:
    numbers = pl.Series(truth, dtype=pl.Float64)
    frame = labelled([0] * len(truth), "region", quantity=quantity, truth=numbers, **more)
    return Answers(kinds.ESTIMATES, "region", frame.drop("part", "label"))


def predictions_of(estimate: list, lower: list | None = None, upper: list | None = None) -> pl.DataFrame:
    none = [None] * len(estimate)
    columns = {"estimate": estimate, "lower": lower or none, "upper": upper or none}
    numbers = {name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items()}
    return pl.DataFrame({"region": np.arange(len(estimate)), **numbers})


def values(found: Evaluation) -> dict[str, float | None]:
    return {name: score.value for name, score in found.scores.items()}


def test_counts_are_judged_on_the_logarithm() -> None:
    answers = answers_of([1000.0] * 9)
    estimates = [500.0, 2000.0, 800.0, 1000.0, 1250.0, 1000.0, 900.0, 1100.0, 4000.0]
    found = values(evaluate(TASK, answers, predictions_of(estimates), replicates=0))
    assert found["median_abs_log_error"] == pytest.approx(
        np.median(np.abs(np.log(np.array(estimates) / 1000)))
    )
    assert found["median_ratio"] == pytest.approx(np.median(np.array(estimates) / 1000))


def test_effects_and_shares_are_judged_as_they_are_and_apart() -> None:
    answers = answers_of([-1.0, 0.5, 0.2, 0.1], ["log_effect", "log_effect", "share", "share"])
    given_ = predictions_of([-1.5, 0.6, 0.5, None], [-2.0, 0.55, 0.4, None], [-1.2, 0.7, 0.6, None])
    found = values(evaluate(EFFECTS, answers, given_, replicates=0))
    assert found["median_abs_error"] == pytest.approx(0.3)
    assert found["failures"] == 0
    assert found["share_failures"] == 0.5
    assert found["coverage"] == 0
    assert found["share_coverage"] == 0
    # Width 0.8 and 0.15; the truth lies 0.2 above the first and 0.05 below the second.
    assert found["interval_score"] == pytest.approx(((0.8 + 40 * 0.2) + (0.15 + 40 * 0.05)) / 2)
    assert found["share_interval_score"] == pytest.approx(0.2 + 40 * 0.2)


def test_an_estimate_that_does_not_exist_is_infinitely_wrong_and_covers_nothing() -> None:
    answers = answers_of([100.0] * 5)
    few = predictions_of([100.0, 100.0, 100.0, None, None], [50.0] * 3 + [None] * 2, [200.0] * 3 + [None] * 2)
    found = evaluate(TASK, answers, few, replicates=0)
    assert values(found)["median_abs_log_error"] == 0
    assert values(found)["coverage"] == pytest.approx(0.6)
    assert values(found)["failures"] == pytest.approx(0.4)
    assert any("no estimate for 2 of 5 units (first: 3, 4)" in said for said in found.warnings)
    many = predictions_of([100.0, 100.0, None, None, None])
    found = evaluate(TASK, answers, many, replicates=0)
    assert found.scores["median_abs_log_error"].value is None
    assert found.scores["median_abs_log_error"].note == TOO_MANY_FAILED
    assert values(found)["median_ratio"] == pytest.approx(1.0)


def test_intervals_need_eight_regions_and_units_of_a_region_are_drawn_together() -> None:
    few = evaluate(TASK, answers_of([100.0] * 7), predictions_of([90.0] * 7))
    assert few.scores["median_abs_log_error"].note == TOO_FEW
    assert any(f"only 7 clusters, and {FEWEST_REGIONS} are needed" in said for said in few.warnings)
    rng = np.random.default_rng(0)
    enough = evaluate(TASK, answers_of([100.0] * 8), predictions_of(list(rng.uniform(50, 150, 8))))
    assert enough.scores["median_abs_log_error"].low is not None
    together = answers_of([100.0] * 16, cluster=np.repeat(np.arange(4), 4))
    assert evaluate(TASK, together, predictions_of([90.0] * 16)).scores["failures"].note == TOO_FEW


def test_without_any_interval_there_is_no_coverage() -> None:
    found = evaluate(TASK, answers_of([100.0] * 3), predictions_of([90.0] * 3), replicates=0)
    for name in ("coverage", "interval_score", "failed_intervals"):
        assert (found.scores[name].value, found.scores[name].note) == (None, NO_INTERVALS)
    assert values(found)["median_ratio"] == pytest.approx(0.9)
    # One interval among several is enough: the units without one count as missed.
    one = predictions_of([90.0] * 3, [80.0, None, None], [110.0, None, None])
    assert values(evaluate(TASK, answers_of([100.0] * 3), one, replicates=0))["coverage"] == pytest.approx(
        1 / 3
    )


def test_without_truth_the_estimate_is_the_result() -> None:
    found = evaluate(TASK, answers_of([None]), predictions_of([12214.0], [11000.0], [13500.0]))
    assert found.scores["median_abs_log_error"].value is None
    score = found.scores["estimate"]
    assert (score.value, score.low, score.high) == (12214.0, 11000.0, 13500.0)
    none = evaluate(TASK, answers_of([None]), predictions_of([None]))
    assert none.scores["estimate"].value is None
    assert none.scores["estimate"].note
    assert any("no estimate for 1 of 1" in said for said in none.warnings)


def test_the_reference_of_an_oracle_is_its_error() -> None:
    answers = answers_of([100.0, 200.0, 300.0], oracle_estimate=[100.0, 220.0, 300.0])
    found = evaluate(TASK, answers, predictions_of([50.0, 100.0, 150.0]), replicates=0)
    assert found.oracle == {"oracle": 0.0}


def test_methods_are_compared_by_their_errors_pair_by_pair() -> None:
    rng = np.random.default_rng(1)
    truth = rng.uniform(500, 6000, 40)
    near, far = truth * np.exp(rng.normal(0, 0.1, 40)), truth * np.exp(rng.normal(-0.7, 0.1, 40))
    [one] = compare(
        TASK,
        answers_of(list(truth)),
        {"far": predictions_of(list(far)), "near": predictions_of(list(near))},
        "far",
    )
    assert one.difference is not None
    assert one.difference < -0.4
    assert one.significant


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        (predictions_of([float("nan"), 1.0]), "1 of 2 values of estimate are NaN"),
        (predictions_of([1.0, 2.0], [0.5, 0.5], [float("inf"), 3.0]), "values of upper are infinite"),
        (
            predictions_of([1.0, 2.0], [0.5, None], [2.0, 3.0]),
            "1 of 2 estimates have one end of an interval only",
        ),
        (
            predictions_of([None, 2.0], [0.5, 1.0], [2.0, 3.0]),
            "1 of 2 estimates have an interval and no estimate",
        ),
        (
            predictions_of([1.0, 2.0], [1.5, 1.0], [2.0, 3.0]),
            r"1 of 2 estimates lie outside .*\(first at 0\)",
        ),
        (predictions_of([-1.0, 2.0]), "1 of 2 estimates are counts that are not positive"),
        (
            predictions_of([1.0, 2.0], [0.0, 1.0], [2.0, 3.0]),
            "1 of 2 estimates are counts that are not positive",
        ),
        (predictions_of([1.0, 2.0]).with_columns(estimate=pl.lit(3)), "estimate is Int32; make it Float"),
        (predictions_of([1.0]), "1 missing"),
        (predictions_of([1.0, 2.0]).drop("upper"), "no column upper"),
        (
            predictions_of([1.0, 2.0]).with_columns(upper=pl.lit(1.7e308)),
            "values of upper are outside -1e.15 to",
        ),
    ],
)
def test_malformed_estimates_are_refused(given_: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_predictions(answers_of([100.0, 100.0]), given_)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (lambda: answers_of([1.0], "people"), "'people' is not a quantity; use count, log_effect"),
        (lambda: answers_of([0.0]), "1 true counts are not positive"),
        (lambda: answers_of([float("inf")]), "truth must be finite"),
    ],
)
def test_malformed_truths_are_refused(answers, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        answers()


rows = st.lists(
    st.tuples(
        st.floats(1, 1e4),
        st.one_of(st.none(), st.tuples(st.floats(1, 1e4), st.floats(0, 2), st.floats(0, 2))),
    ),
    min_size=2,
    max_size=12,
)


@given(rows=rows, order=st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_rows_and_stay_in_their_range(rows, order) -> None:
    truth = [one for one, _ in rows]
    estimate = [None if g is None else g[0] for _, g in rows]
    lower = [None if g is None else min(g[0], g[0] / np.exp(g[1])) for _, g in rows]
    upper = [None if g is None else max(g[0], g[0] * np.exp(g[2])) for _, g in rows]
    answers, predictions = answers_of(truth), predictions_of(estimate, lower, upper)
    found = values(evaluate(TASK, answers, predictions, replicates=0))
    places = list(range(len(rows)))
    order.shuffle(places)
    shuffled = Answers(kinds.ESTIMATES, "region", answers.frame[places])
    again = values(evaluate(TASK, shuffled, predictions, replicates=0))
    for name, value in found.items():
        if value is not None:
            assert again[name] == pytest.approx(value, rel=1e-12)
    assert 0 <= (found["coverage"] or 0) <= 1
    assert 0 <= (found["failures"] or 0) <= 1
    if found["median_abs_log_error"] is not None:
        assert found["median_abs_log_error"] >= 0


def test_an_interval_wider_than_a_factor_of_100_covers_nothing_and_is_a_failure_of_its_own() -> None:
    """Exactly a factor of 100 is not too wide; a missing interval or estimate is no failure of this sort."""
    answers = answers_of([1000.0] * 5)
    given_ = predictions_of(
        [1000.0, 1000.0, 1000.0, 1000.0, None],
        [100.0, 99.0, 1e-9, None, None],
        [10000.0, 10000.0, 1e15, None, None],
    )
    found = values(evaluate(TASK, answers, given_, replicates=0))
    assert found["coverage"] == pytest.approx(1 / 5)
    assert found["failed_intervals"] == pytest.approx(2 / 5)
    assert found["failures"] == pytest.approx(1 / 5)


def test_intervals_of_effects_are_of_ratios_and_of_shares_no_wider_than_from_none_to_all() -> None:
    quantity = ["log_effect", "log_effect", "share", "share", "level"]
    answers = answers_of([0.0, 0.0, 0.5, 0.5, 0.0], quantity)
    wide = np.log(100) / 2
    given_ = predictions_of(
        [0.0, 0.0, 0.5, 0.5, 0.0], [-wide, -wide - 0.01, 0.0, -0.01, -1e9], [wide, wide, 1.0, 1.0, 1e9]
    )
    found = values(evaluate(EFFECTS, answers, given_, replicates=0))
    assert (found["failed_intervals"], found["coverage"]) == pytest.approx((1 / 3, 2 / 3))
    assert (found["share_failed_intervals"], found["share_coverage"]) == (0.5, 0.5)


def test_coverage_never_stands_without_the_score_that_width_costs() -> None:
    beside = {metric.name for metric in ESTIMATION_METRICS if metric.beside}
    assert beside == {"coverage", "interval_score", "failed_intervals"}
