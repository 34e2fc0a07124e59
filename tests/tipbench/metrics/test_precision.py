"""Scores are ranked, checked and stored in the dtype that they are given in."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.predictions import check_predictions
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


@pytest.mark.parametrize("part", ["all", "valid"])
def test_equal_scores_in_either_dtype_have_the_same_metrics(part: str) -> None:
    """``valid``: only the part that thresholds are fixed on is in steps that float32 rounds."""
    answers = truth()
    score = np.random.default_rng(3).integers(0, 21, answers.frame.height) / 20
    if part == "valid":
        tested = (answers.frame["part"] == "test").to_numpy()
        score = np.where(tested, np.round(score * 16) / 16, score)
    single = answers.frame.select("advert").with_columns(score=pl.Series(score, dtype=pl.Float32))
    double = single.with_columns(pl.col("score").cast(pl.Float64))
    one, other = (evaluate(TASK, answers, given, replicates=20) for given in (double, single))
    assert one.scores == other.scores
    assert (one.groups, one.curves, one.oracle) == (other.groups, other.curves, other.oracle)


def test_a_perfect_ranking_that_float32_would_tie_is_perfect() -> None:
    answers = truth()
    ranked = answers.frame.select("advert", "label").sort("label", descending=True).with_row_index("place")
    given = ranked.select("advert", score=1 - 1e-9 * (pl.col("place").cast(pl.Float64) + 1))
    assert given["score"].cast(pl.Float32).n_unique() < 50
    scores = evaluate(TASK, answers, given, replicates=0).scores
    assert (scores["auroc"].value, scores["average_precision"].value) == (1.0, 1.0)


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_the_check_keeps_the_dtype_of_scores(dtype: Any) -> None:
    answers = truth()
    given = answers.frame.select("advert").with_columns(score=pl.lit(0.1).cast(dtype))
    assert check_predictions(answers, given).schema["score"] == dtype


def test_candidates_are_ordered_by_scores_that_float32_would_tie() -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3], "cluster": [7, 7, 8]})
    answers = Answers(kinds.CANDIDATES, "advert", frame)
    given = pl.DataFrame({"query": [1, 1], "candidate": [2, 3], "score": [0.5, 0.5 + 1e-12]})
    assert check_predictions(answers, given)["candidate"].to_list() == [3, 2]
