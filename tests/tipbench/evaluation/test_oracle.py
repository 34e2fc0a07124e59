"""The share of the oracle is 0 for a constant score and 1 for the oracle itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers

TASK: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="advert",
    primary="average_precision",
    prevalence=0.05,
    metrics=("average_precision", "auroc"),
)


def frame() -> pl.DataFrame:
    generator = np.random.default_rng(0)
    positive = np.arange(600) % 5 == 0
    return pl.DataFrame(
        {
            "advert": np.arange(600),
            "part": "test",
            "label": positive.astype(np.int8),
            "cluster": np.arange(600) // 3,
            "weight": 1.0,
            "oracle_log_odds": (generator.normal(0, 1000, 600) + 3000 * positive).astype(np.int32),
            "unit_log_odds": (generator.normal(0, 1000, 600) + 1000 * positive).astype(np.int32),
        }
    )


def oracle(scores: pl.Series | np.ndarray, rows: pl.DataFrame | None = None) -> dict[str, float | None]:
    rows = frame() if rows is None else rows
    predictions = frame().select("advert", pl.Series("score", scores, dtype=pl.Float64))
    return evaluate(TASK, Answers(kinds.SCORES, "advert", rows), predictions, replicates=0).oracle


def test_a_constant_score_has_no_share_and_the_oracle_all() -> None:
    assert oracle(np.zeros(600))["share"] == pytest.approx(0.0, abs=1e-12)
    found = oracle(frame()["oracle_log_odds"].cast(pl.Float64))
    assert found["share"] == pytest.approx(1.0)
    assert found["prior"] == pytest.approx(0.05)


def test_the_share_is_the_way_from_the_prior_to_the_oracle() -> None:
    found = oracle(frame()["unit_log_odds"].cast(pl.Float64))
    assert found["single_unit"] is not None
    assert found["oracle"] is not None
    assert found["share"] == pytest.approx((found["single_unit"] - 0.05) / (found["oracle"] - 0.05))
    assert 0.5 < (found["single_unit_auroc"] or 0) < (found["oracle_auroc"] or 0)


def test_an_oracle_no_better_than_the_prior_gives_no_share() -> None:
    rows = frame().with_columns(oracle_log_odds=pl.lit(0, dtype=pl.Int32))
    assert oracle(frame()["unit_log_odds"].cast(pl.Float64), rows)["share"] is None


def test_without_log_odds_there_is_no_oracle() -> None:
    assert oracle(np.zeros(600), frame().drop("oracle_log_odds", "unit_log_odds")) == {}
