"""Scores of labelled pairs: the threshold is tuned on valid and applied to test."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.scored_pairs import best_f1_threshold
from tipbench.tasks import tasks

LINKAGE: Any = SimpleNamespace(
    kind=kinds.CLUSTERS,
    unit="advert",
    primary="b_cubed_f1",
    prevalence=None,
    metrics=tasks()["advert_linkage"].metrics,
)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=30))
def test_no_other_threshold_has_a_higher_f1(rows) -> None:
    scores = np.array([score for score, _ in rows], dtype=float)
    positive = np.array([label for _, label in rows])
    positive[0] = True
    f1 = {level: f1_score(positive, scores >= level) for level in np.unique(scores)}
    threshold = best_f1_threshold(scores, positive, np.ones(scores.size))
    assert f1[threshold] == pytest.approx(max(f1.values()))
    assert all(value < f1[threshold] for level, value in f1.items() if level > threshold)


def test_the_threshold_of_valid_decides_on_test_and_cluster_metrics_are_null() -> None:
    frame = pl.DataFrame(
        {
            "pair": range(8),
            "part": ["valid"] * 3 + ["test"] * 5,
            "label": [1, 1, 0, 1, 1, 0, 0, 1],
            "cluster": range(8),
            "weight": 1.0,
        }
    )
    # Valid is split perfectly at 0.6: test pairs 0.6+ and 0.8- are flagged, 0.5+ and 0.4+ are missed.
    scores = pl.Series("score", [0.9, 0.6, 0.5, 0.6, 0.5, 0.8, 0.1, 0.4])
    found = evaluate(LINKAGE, Answers(kinds.SCORES, "pair", frame), frame.select("pair", scores))
    assert found.scores["pairwise_precision"].value == pytest.approx(1 / 2)
    assert found.scores["pairwise_recall"].value == pytest.approx(1 / 3)
    assert found.scores["pairwise_f1"].value == pytest.approx(2 / 5)
    assert found.curves["pair_threshold"] == pytest.approx(0.6)
    assert next(iter(found.scores)) == "b_cubed_f1"
    assert found.scores["b_cubed_f1"].value is None


def test_f1_is_twice_the_pairs_found_over_the_pairs_flagged_and_wanted() -> None:
    """By hand: of four true pairs three are found, beside two false ones: 2 * 3 / (5 + 4)."""
    frame = pl.DataFrame(
        {
            "pair": range(9),
            "part": ["valid"] * 2 + ["test"] * 7,
            "label": [1, 0, 1, 1, 1, 1, 0, 0, 0],
            "cluster": range(9),
            "weight": 1.0,
        }
    )
    scores = pl.Series("score", [0.5, 0.4, 0.9, 0.8, 0.7, 0.1, 0.9, 0.6, 0.2])
    found = evaluate(LINKAGE, Answers(kinds.SCORES, "pair", frame), frame.select("pair", scores)).scores
    assert found["pairwise_f1"].value == pytest.approx(6 / 9)
    assert found["pairwise_precision"].value == pytest.approx(3 / 5)
    assert found["pairwise_recall"].value == pytest.approx(3 / 4)
