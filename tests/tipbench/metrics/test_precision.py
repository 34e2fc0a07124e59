"""The same scores in float32 and in float64 are the same predictions: ties, thresholds and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.predictions import as_stored, check_predictions
from tipbench.tasks import tasks

TASK = tasks()["flag_aggregation"]
"""Scored by every family of scores: ranks, harm, and decisions at one half."""


def truth(rows: int = 1200) -> Answers:
    """Lawful and trafficking operations of four adverts each, a third of them in valid."""
    operation = np.arange(rows) // 4
    positive = operation % 3 == 0
    frame = pl.DataFrame(
        {
            "advert": np.arange(rows),
            "part": np.where(operation % 2 == 0, "valid", "test"),
            "label": positive.astype(np.int8),
            "cluster": operation,
            "weight": 1.0,
            "group": np.where(
                positive, "trafficking", np.where(operation % 5 == 1, "business", "independent")
            ),
            "migrant": operation % 4 == 1,
            "brigade": pl.Series(np.where(operation % 7 == 1, operation // 50, -1)).replace(-1, None),
            "form": pl.Series(np.where(operation % 2 == 0, "labour", "sexual")),
        }
    )
    return Answers(kinds.SCORES, "advert", frame)


def nearly_tied(rows: int = 1200) -> np.ndarray:
    """Scores in steps of 1/16 that differ by less than float32 can tell, of which an eighth are one half."""
    generator = np.random.default_rng(3)
    steps = generator.integers(0, 17, rows) / 16
    return np.clip(steps + generator.uniform(-1e-10, 1e-10, rows), 0.0, 1.0)


@pytest.mark.parametrize("part", ["all", "valid"])
def test_scores_of_either_precision_have_the_same_metrics_thresholds_and_groups(part: str) -> None:
    """``valid``: only the part that thresholds are fixed on is nearly tied."""
    answers, score = truth(), nearly_tied()
    if part == "valid":
        tested = (answers.frame["part"] == "test").to_numpy()
        score = np.where(tested, np.round(score * 16) / 16, score)
    double = answers.frame.select("advert").with_columns(score=pl.Series(score))
    single = double.with_columns(pl.col("score").cast(pl.Float32))
    assert double["score"].n_unique() > 10 * single["score"].n_unique()
    one, other = (evaluate(TASK, answers, given, replicates=20) for given in (double, single))
    assert one.scores == other.scores
    assert (one.groups, one.curves, one.oracle) == (other.groups, other.curves, other.oracle)


@pytest.mark.parametrize("precision", [pl.Float32, pl.Float64])
def test_checked_scores_are_float64_and_what_is_stored_holds_all_of_them(precision: Any) -> None:
    answers = truth()
    given = answers.frame.select("advert").with_columns(score=pl.Series(nearly_tied()).cast(precision))
    checked = check_predictions(answers, given)
    assert checked.schema["score"] == pl.Float64
    assert checked["score"].equals(as_stored(checked)["score"].cast(pl.Float64))


def test_candidates_whose_scores_only_float64_tells_apart_are_ordered_as_tied() -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3], "cluster": [7, 7, 8]})
    answers = Answers(kinds.CANDIDATES, "advert", frame)
    given = pl.DataFrame({"query": [1, 1], "candidate": [3, 2], "score": [0.5 + 1e-12, 0.5]})
    assert check_predictions(answers, given)["candidate"].to_list() == [2, 3]
