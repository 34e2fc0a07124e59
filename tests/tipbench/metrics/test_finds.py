"""Silence earns nothing: who finds nobody, or flags everybody, has no gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.finds import ALL_FLAGGED, FEW_FINDS, FEWEST_FINDS, NO_FINDS
from tipbench.metrics.harm import NO_VALID_PART
from tipbench.tasks import tasks

RISK, ONSET = tasks()["advert_risk"], tasks()["recruitment_onset"]
GAPS = ("harm_gap", "protection_gap")
FOUND, OPERATIONS = 40, 400


def answers(valid: bool = True) -> Answers:
    """An operation per unit, one in ten trafficking, half of these of each form; the same again as valid."""
    unit = np.arange(OPERATIONS * (2 if valid else 1))
    positive = unit % 10 == 0
    frame = pl.DataFrame(
        {
            "advert": unit,
            "part": np.where(unit < OPERATIONS, "test", "valid"),
            "label": positive.astype(np.int8),
            "cluster": unit,
            "weight": 1.0,
            "group": np.where(positive, "trafficking", np.where(unit % 2 == 1, "independent", "business")),
            "form": np.where(unit % 20 == 0, "labour", "sexual"),
        }
    ).with_columns(pl.when(pl.col("label") == 1).then("form").alias("form"))
    return Answers(kinds.SCORES, "advert", frame)


def scored(score: np.ndarray, truth: Answers | None = None, **more: Any) -> Evaluation:
    truth = truth or answers()
    given = truth.frame.select("advert").with_columns(score=pl.Series(score, dtype=pl.Float64))
    return evaluate(RISK, truth, given, replicates=0, **more)


def flagging(test: np.ndarray) -> np.ndarray:
    """Scores of which valid fixes a threshold of 1 and of the test part these units [units] reach it."""
    valid = np.zeros(OPERATIONS)
    valid[:4] = 1.0
    return np.concatenate([test.astype(float), valid])


def first_of(step: int, count: int) -> np.ndarray:
    """The first units of the test part of which one in ``step`` is taken."""
    return np.isin(np.arange(OPERATIONS), step * np.arange(count))


@pytest.mark.parametrize(
    ("flagged", "reason"),
    [
        (np.zeros(OPERATIONS), NO_FINDS),
        (np.arange(OPERATIONS) % 10 == 1, NO_FINDS),
        (first_of(10, FEWEST_FINDS - 1), FEW_FINDS),
        (np.ones(OPERATIONS), ALL_FLAGGED),
    ],
    ids=["nothing is flagged", "only the lawful are", "four operations are found", "everything is flagged"],
)
def test_gaps_of_a_method_that_is_silent_are_withheld_with_the_reason(
    flagged: np.ndarray, reason: str
) -> None:
    found = scored(flagging(flagged))
    for name in GAPS:
        assert (found.scores[name].value, found.scores[name].note) == (None, reason)
    assert found.groups["form"] == {"protection_gap": None}
    assert found.groups["independent"]["false_accusations_per_unit"] is not None


def test_five_finds_are_enough_for_a_gap() -> None:
    found = scored(flagging(first_of(10, FEWEST_FINDS)))
    assert found.scores["harm_gap"].value == 0.0
    assert found.scores["protection_gap"].value == pytest.approx(3 / 20 - 2 / 20)


def test_where_there_are_few_operations_half_of_them_are_enough() -> None:
    few = answers()
    kept = ~((pl.col("label") == 1) & (pl.col("part") == "test") & (pl.col("advert") >= 60))
    mask = few.frame.select(kept).to_series()
    few = Answers(kinds.SCORES, "advert", few.frame.filter(mask))
    two, three = (
        scored(flagging(first_of(10, count))[mask.to_numpy()], few).scores["harm_gap"] for count in (2, 3)
    )
    assert (two.value, two.note) == (None, FEW_FINDS)
    assert three.value == 0.0


@pytest.mark.parametrize("constant", [0.0, 0.05, 1.0])
def test_a_constant_score_has_no_gap(constant: float) -> None:
    """``prior``, ``never``, and whatever else says the same of all: the budget holds no part of a block of ties."""
    found = scored(np.full(2 * OPERATIONS, constant))
    assert {found.scores[name].note for name in GAPS} == {NO_FINDS}


def alarms(step: list[int | None]) -> Evaluation:
    """Alarms in the test part of a task that is streamed."""
    frame = answers(valid=False).frame.with_columns(
        onset=pl.when(pl.col("label") == 1).then(3).cast(pl.Int32), conversation="advert"
    )
    given = pl.DataFrame({"conversation": frame["conversation"], "step": pl.Series(step, dtype=pl.Int32)})
    return evaluate(ONSET, Answers(kinds.ALARMS, "conversation", frame.drop("advert")), given, replicates=0)


@pytest.mark.parametrize(("step", "reason"), [(None, NO_FINDS), (3, ALL_FLAGGED)])
def test_who_never_alarms_and_who_always_does_has_no_gap(step: int | None, reason: str) -> None:
    found = alarms([step] * OPERATIONS)
    assert [found.scores[name].note for name in GAPS] == [reason, reason]
    assert found.scores["accusations_per_find"].value == (None if step is None else 360 / 40)


def test_alarms_that_find_enough_have_gaps_and_a_price() -> None:
    """All forty are found, and one in ten of the independents is accused."""
    unit = np.arange(OPERATIONS)
    alarmed = (unit % 10 == 0) | (unit % 20 == 1)
    found = alarms([3 if one else None for one in alarmed])
    assert found.scores["accusations_per_find"].value == 20 / 40
    assert found.scores["worst_group_accused"].value == pytest.approx(20 / 200)
    assert found.scores["protection_gap"].value == 0.0


def test_thresholds_of_an_open_entry_are_fixed_on_the_test_and_never_on_scores_of_valid() -> None:
    """An author who gives all of valid the highest score would flag nothing; the top 1% of the test are flagged."""
    score = np.concatenate([np.linspace(0.0, 1.0, OPERATIONS), np.ones(OPERATIONS)])
    silent, charged = scored(score), scored(score, open_entry=True)
    assert silent.scores["harm_gap"].note == NO_FINDS
    point = charged.curves["operating_points"]["budget_1pct"]
    assert point["flagged_share"] == pytest.approx(0.01)
    assert point["threshold"] == pytest.approx(score[OPERATIONS - 4], abs=1e-6)
    honest = scored(np.concatenate([score[:OPERATIONS], score[:OPERATIONS]]), open_entry=True)
    assert (honest.scores, honest.groups, honest.curves) == (charged.scores, charged.groups, charged.curves)


def test_an_open_entry_without_a_valid_part_has_thresholds_and_nobody_else_has() -> None:
    score = np.linspace(0.0, 1.0, OPERATIONS)
    truth = answers(valid=False)
    assert scored(score, truth).scores["harm_gap"].note == NO_VALID_PART
    assert (
        scored(score, truth, open_entry=True).curves["operating_points"]["budget_1pct"]["flagged_share"]
        == 0.01
    )
