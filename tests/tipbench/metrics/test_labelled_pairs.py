"""Predicted clusters scored on a user's labelled pairs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.labelled_pairs import NO_CLUSTERS
from tipbench.tasks import tasks

TASK: Any = SimpleNamespace(
    kind=kinds.CLUSTERS,
    unit="record",
    primary="pairwise_f1",
    prevalence=None,
    metrics=tasks()["advert_linkage"].metrics,
)
RECORDS = pl.DataFrame(
    {"record": ["a", "b", "c", "d"], "cluster": [None] * 4, "weight": [1.0] * 4},
    schema_overrides={"cluster": pl.Int64},
)
PAIRS = pl.DataFrame(
    {
        "left": ["a", "a", "b", "c", "a"],
        "right": ["b", "c", "c", "d", "d"],
        "label": [1, 0, 1, 1, 0],
        "part": ["test", "test", "test", "test", "train"],
    },
    schema_overrides={"label": pl.Int8},
)


def scores(clusters: list[int], pairs: pl.DataFrame = PAIRS):
    answers = Answers(kinds.CLUSTERS, "record", RECORDS, pairs)
    return evaluate(TASK, answers, RECORDS.select("record", pl.Series("cluster", clusters))).scores


def test_a_pair_is_found_when_its_units_share_a_cluster() -> None:
    # Test pairs: ab+ found, ac- flagged, bc+ found, cd+ missed.
    found = scores([7, 7, 7, 8])
    assert found["pairwise_precision"].value == pytest.approx(2 / 3)
    assert found["pairwise_recall"].value == pytest.approx(2 / 3)
    assert found["pairwise_f1"].value == pytest.approx(2 / 3)


def test_pairs_have_values_without_intervals() -> None:
    assert scores([7, 7, 7, 8])["pairwise_f1"].note == NO_CLUSTERS


def test_no_flagged_pair_leaves_precision_null_and_f1_zero() -> None:
    found = scores([1, 2, 3, 4])
    assert found["pairwise_precision"].value is None
    assert found["pairwise_f1"].value == 0.0


def test_pairs_without_parts_all_count() -> None:
    found = scores([7, 7, 7, 7], PAIRS.drop("part"))
    assert found["pairwise_precision"].value == pytest.approx(3 / 5)
