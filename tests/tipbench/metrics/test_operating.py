"""Thresholds are fixed on the valid part, never exceed the budget, and are silent where little is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.inputs import inputs_of
from tipbench.metrics.operating import NO_VALID_PART, budget_threshold, measure, recall_threshold

TASK: Any = SimpleNamespace(kind=kinds.SCORES, unit="advert", primary="average_precision", prevalence=0.05)


def inputs(scores, labels, parts, weights=None, clusters=None):
    rows = len(scores)
    frame = pl.DataFrame(
        {
            "advert": range(rows),
            "part": parts,
            "label": pl.Series(labels, dtype=pl.Int8),
            "cluster": range(rows) if clusters is None else clusters,
            "weight": [1.0] * rows if weights is None else weights,
        }
    )
    predictions = pl.DataFrame({"advert": range(rows), "score": pl.Series(scores, dtype=pl.Float64)})
    return inputs_of(TASK, Answers(kinds.SCORES, "advert", frame), predictions)


@drawn(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=60),
    st.sampled_from([0.01, 0.1, 0.5]),
)
def test_the_budget_is_never_exceeded_and_no_lower_threshold_fits(rows, budget: float) -> None:
    scores, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    threshold = budget_threshold(scores, weights, budget)
    allowed = budget * weights.sum() * (1 + 1e-12)
    assert weights[scores >= threshold].sum() <= allowed
    below = scores[scores < threshold]
    assert below.size == 0 or weights[scores >= below.max()].sum() > allowed


def test_a_constant_score_flags_nothing_rather_than_everything() -> None:
    threshold = budget_threshold(np.full(200, 0.3), np.ones(200))
    assert threshold > 0.3
    assert threshold == np.nextafter(0.3, 1)


def test_a_budget_met_exactly_is_spent() -> None:
    assert budget_threshold(np.arange(700.0), np.ones(700)) == 693.0


def test_recall_of_one_half_is_reached_and_not_passed_by_a_block() -> None:
    scores = np.array([5.0, 4.0, 4.0, 3.0, 2.0, 1.0])
    assert recall_threshold(scores, np.ones(6)) == 4.0
    assert recall_threshold(scores, np.array([3.0, 1, 1, 1, 0.0, 0.0])) == 5.0


def test_the_threshold_comes_from_valid_and_the_rates_from_test() -> None:
    # Valid: 100 rows, so one is flagged and the threshold is 0.9. Test: 1 of 2 positives, 12 of 40 negatives.
    valid = [0.9] + [0.1] * 99
    test = [0.9, 0.2] + [0.92] * 12 + [0.3] * 28
    labels = [1] + [0] * 99 + [1, 1] + [0] * 40
    found = measure(inputs(valid + test, labels, ["valid"] * 100 + ["test"] * 42))
    values = observed(found.metrics, 42)
    assert not found.withheld
    for name, pi in (("ppv_0.1pct", 0.001), ("ppv_1pct", 0.01), ("ppv_5pct", 0.05), ("ppv_30pct", 0.3)):
        assert values[name] == pytest.approx(pi * 0.5 / (pi * 0.5 + (1 - pi) * 0.3), abs=1e-12)
    point = found.curves["operating_points"]["budget_1pct"]
    assert (point["threshold"], point["recall"], point["false_positive_rate"]) == pytest.approx(
        (0.9, 0.5, 0.3)
    )
    assert point["precision"] == pytest.approx(1 / 13)
    assert point["false_positive_clusters"] == 12


@pytest.mark.parametrize(("clusters", "given"), [(9, False), (10, True)])
def test_ppv_is_withheld_under_ten_false_positive_clusters(clusters: int, given: bool) -> None:
    valid, test = [0.9] + [0.1] * 99, [0.95] + [0.92] * 12 + [0.3] * 28
    labels = [1] + [0] * 99 + [1] + [0] * 40
    codes = [*range(101), *(200 + row % clusters for row in range(12)), *range(300, 328)]
    found = measure(inputs(valid + test, labels, ["valid"] * 100 + ["test"] * 41, clusters=codes))
    assert (found.curves["operating_points"]["budget_1pct"]["ppv_5pct"] is not None) == given
    reason = "false positives come from only 9 clusters, 10 needed"
    assert found.withheld.get("ppv_5pct") == (None if given else reason)


def test_without_a_valid_part_there_is_no_threshold() -> None:
    found = measure(inputs([0.1, 0.9], [0, 1], ["test", "test"]))
    assert found.withheld["ppv_1pct"] == NO_VALID_PART
    assert np.isnan(observed(found.metrics, 2)["ppv_1pct"])


def test_a_valid_part_without_a_positive_has_no_threshold_at_recall_one_half() -> None:
    found = measure(inputs([0.1, 0.9, 0.4, 0.6], [0, 0, 0, 1], ["valid", "valid", "test", "test"]))
    assert set(found.curves["operating_points"]) == {"budget_1pct"}


def test_a_point_has_the_rates_that_a_hand_counts() -> None:
    valid = case_of_parts(test=[(0.9, 1, 2.0), (0.8, 0, 1.0), (0.3, 1, 1.0), (0.2, 0, 4.0)])
    point = measure(valid).curves["operating_points"]["recall_50"]
    assert point["threshold"] == 0.5
    assert point["recall"] == pytest.approx(2 / 3)
    assert point["false_positive_rate"] == pytest.approx(1 / 5)
    assert point["precision"] == pytest.approx(2 / 3)
    assert point["flagged_share"] == pytest.approx(3 / 8)
    assert point["false_positive_clusters"] == 1


def case_of_parts(test: list[tuple[float, int, float]]):
    """A test part of (score, label, weight), and a valid part whose only positive has the score one half."""
    scores, labels, weights = zip((0.5, 1, 1.0), (0.1, 0, 1.0), *test, strict=True)
    return inputs(scores, labels, ["valid"] * 2 + ["test"] * len(test), weights)
