"""The Brier score is scikit-learn's, and only probabilities have one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.calibration import NOT_PROBABILITIES, measure, reliability
from tipbench.metrics.inputs import inputs_of

TASK: Any = SimpleNamespace(kind=kinds.SCORES, unit="advert", primary="average_precision", prevalence=0.05)


def inputs(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray, parts: list[str] | None = None):
    frame = pl.DataFrame(
        {
            "advert": np.arange(scores.size),
            "part": parts or ["test"] * scores.size,
            "label": labels.astype(np.int8),
            "cluster": np.arange(scores.size),
            "weight": weights,
        }
    )
    return inputs_of(
        TASK, Answers(kinds.SCORES, "advert", frame), frame.select("advert", pl.Series("score", scores))
    )


def test_the_brier_score_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    scores, labels, weights = generator.random(800), generator.random(800) < 0.3, generator.random(800)
    scores = scores.astype(np.float32).astype(np.float64)
    expected = brier_score_loss(labels, scores, sample_weight=weights)
    found = observed(measure(inputs(scores, labels, weights)).metrics, 800)
    assert found["brier"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("outside", [-0.001, 1.001])
@pytest.mark.parametrize("part", ["test", "valid"])
def test_one_score_outside_the_unit_interval_withholds_it(outside: float, part: str) -> None:
    scores = np.array([0.5, 0.2, outside])
    found = measure(inputs(scores, np.array([1, 0, 0]), np.ones(3), ["test", "test", part]))
    assert found.withheld == {"brier": NOT_PROBABILITIES}
    assert not found.curves


def test_the_reliability_curve_of_a_calibrated_score_is_the_diagonal() -> None:
    generator = np.random.default_rng(1)
    scores = generator.random(200_000)
    labels = (generator.random(200_000) < scores).astype(float)
    bins = reliability(scores, labels, np.ones(200_000))
    assert len(bins) == 10
    assert sum(one["weight"] or 0 for one in bins) == pytest.approx(1.0)
    for index, one in enumerate(bins):
        assert one["mean_score"] == pytest.approx((index + 0.5) / 10, abs=0.05)
        assert one["positive_share"] == pytest.approx(one["mean_score"], abs=0.02)


def test_the_last_bin_holds_its_upper_end_and_an_empty_bin_is_null() -> None:
    bins = reliability(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.ones(2))
    assert bins[9]["mean_score"] == 1.0
    assert bins[4] == {"low": 0.4, "high": 0.5, "weight": 0.0, "mean_score": None, "positive_share": None}


@pytest.mark.parametrize("stored", [np.float32, np.float64])
@pytest.mark.parametrize("read", [np.float32, np.float64])
def test_a_score_at_an_edge_is_in_the_bin_that_starts_there(stored: type, read: type) -> None:
    for edge in range(11):
        score = np.array([edge / 10], dtype=stored).astype(read)
        bins = reliability(score, np.ones(1), np.ones(1))
        assert [one["low"] for one in bins if one["weight"]] == [min(edge, 9) / 10], edge
        below = reliability(score - read(1e-6), np.ones(1), np.ones(1)) if edge else bins
        assert [one["low"] for one in below if one["weight"]] == [max(edge - 1, 0) / 10], edge
