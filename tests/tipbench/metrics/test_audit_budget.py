"""Audit budgets against counts made by hand, and what must hold for any scores."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.audit_budget import BUDGET, NAMES, NO_POSITIVE, measure
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.inputs import inputs_of
from tipbench.metrics.metric import MetricValues
from tipbench.metrics.registry import measured

PRECISION, RECALL = NAMES
TASK: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="firm",
    primary="average_precision",
    prevalence=0.05,
    metrics=("average_precision", *NAMES),
    groups=("direct", "agency_supplied", "small"),
)


def scored(
    label: list[int] | np.ndarray, slot: list[int] | np.ndarray, score: list[float] | np.ndarray
) -> tuple[MetricValues, dict[str, float]]:
    count = len(label)
    frame = pl.DataFrame(
        {
            "firm": np.arange(count),
            "part": ["test"] * count,
            "label": np.asarray(label, dtype=np.int8),
            "cluster": np.arange(count),
            "weight": np.ones(count),
            "slot": np.asarray(slot, dtype=np.int64),
            "group": np.where(np.arange(count) % 2 == 0, "direct", "agency_supplied"),
            "small": np.arange(count) < count // 2,
        }
    )
    scores = frame.select("firm", score=pl.Series(np.asarray(score, dtype=float)))
    inputs = inputs_of(TASK, Answers(kinds.SCORES, "firm", frame), scores)
    found = measure(inputs)
    return found, observed(found.metrics, inputs.clusters.count)


def test_each_region_audits_its_own_top_twentieth() -> None:
    """Two regions of twenty firms, one audit each: one finds, one does not."""
    label, slot = np.zeros(40), np.repeat([0, 1], 20)
    label[[0, 1, 25]] = 1
    score = np.linspace(0, 0.5, 40)
    score[0] = 1.0
    found, values = scored(label, slot, score)
    assert values == {PRECISION: pytest.approx(1 / 2), RECALL: pytest.approx(1 / 3)}
    audited = {name: group["audited"] for name, group in found.groups.items()}
    # The other audit is of the last firm: odd, so agency-supplied, and in the second half, so not small.
    assert audited == {"direct": 0, "agency_supplied": 1 / 18, "small": 0, "lawful": 1 / 37}


def test_without_slots_nothing_is_said_and_without_a_positive_no_recall() -> None:
    frame = pl.DataFrame({"firm": [0, 1], "part": "test", "label": [1, 0], "cluster": [0, 1], "weight": 1.0})
    inputs = inputs_of(TASK, Answers(kinds.SCORES, "firm", frame), frame.select("firm", score=pl.lit(0.5)))
    assert list(observed(measured(inputs).metrics, 2)) == ["average_precision"]
    assert scored([0] * 20, [0] * 20, [0.1] * 20)[0].withheld == {RECALL: NO_POSITIVE}


firms = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 6)), min_size=4, max_size=60
).filter(lambda rows: any(row[0] for row in rows))


@given(firms)
def test_scores_count_by_order_alone_and_not_by_the_order_of_rows(rows: list[tuple[int, int, int]]) -> None:
    label, slot, score = (np.array(column) for column in zip(*rows, strict=True))
    values = scored(label, slot, score)[1]
    assert scored(label, slot, np.exp(score / 3))[1] == pytest.approx(values)
    assert scored(label[::-1], slot[::-1], score[::-1])[1] == pytest.approx(values)
    assert 0 <= values[RECALL] <= 1


@given(firms)
def test_a_constant_score_is_chance_and_none_beats_the_perfect_one(rows: list[tuple[int, int, int]]) -> None:
    label, slot, score = (np.array(column) for column in zip(*rows, strict=True))
    chance = scored(label, slot, np.zeros(len(label)))[1]
    assert chance[RECALL] == pytest.approx(BUDGET)
    best, any_other = scored(label, slot, label)[1], scored(label, slot, score)[1]
    assert best[RECALL] >= any_other[RECALL] - 1e-12
    assert best[PRECISION] >= any_other[PRECISION] - 1e-12
