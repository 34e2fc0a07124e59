"""Claims about what an aggregation of votes decides at one half."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics import crowd
from tipbench.metrics.crowd import METRICS, decided
from tipbench.metrics.inputs import MetricInputs, inputs_of
from tipbench.metrics.registry import measured

GROUPS = ("independent", "business", "migrant", "spam")
TASK: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="advert",
    primary="average_precision",
    prevalence=None,
    metrics=("average_precision", "harm_gap", *(metric.name for metric in METRICS)),
    groups=GROUPS,
)
OTHER: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="advert",
    primary="average_precision",
    prevalence=None,
    metrics=("auroc",),
    groups=GROUPS,
)

#        harmful   lawful, brigade 7   lawful, brigade 8 (two)  spam
SCORES = [0.9, 0.5, 0.8, 0.5, 0.1, 0.2, 0.9, 0.9, 0.6]
FRAME = pl.DataFrame(
    {
        "advert": np.arange(9),
        "part": ["test"] * 9,
        "label": pl.Series([1, 1, 0, 0, 0, 0, 0, 0, 0], dtype=pl.Int8),
        "cluster": [1, 2, 3, 3, 3, 4, 5, 5, 6],
        "weight": [1.0] * 9,
        "group": ["trafficking"] * 2 + ["independent"] * 4 + ["business"] * 2 + ["spam"],
        "migrant": [False] * 2 + [True] * 3 + [False] * 4,
        "brigade": pl.Series([None, None, 7, 7, 7, None, 8, 8, None], dtype=pl.Int64),
    }
)


def inputs(
    scores: list[float] | np.ndarray = SCORES, frame: pl.DataFrame = FRAME, task: Any = TASK
) -> MetricInputs:
    predictions = pl.DataFrame({"advert": frame["advert"], "score": pl.Series(scores, dtype=pl.Float64)})
    return inputs_of(task, Answers(kinds.SCORES, "advert", frame), predictions)


def values(one: MetricInputs) -> dict[str, float]:
    return {n: v[0] for n, v in crowd.measure(one).metrics(np.ones((1, one.clusters.count))).items()}


def test_the_metrics_are_what_a_hand_counts() -> None:
    found = values(inputs())
    assert found["accuracy"] == pytest.approx((1 + 0.5 + 0 + 0.5 + 1 + 1 + 0 + 0 + 0) / 9)
    assert found["false_positive_rate"] == pytest.approx((1 + 0.5 + 0 + 0 + 1 + 1) / 6)
    assert found["brigaded_false_positive_rate"] == pytest.approx((1 + 0.5 + 0 + 1 + 1) / 5)
    # Brigade 8 condemned both of its two targets, which are too few to count.
    assert found["worst_brigade"] == pytest.approx(1.5 / 3)


def test_groups_have_their_own_rate_and_spam_is_apart() -> None:
    groups = crowd.measure(inputs()).groups
    rate = {name: entry["false_positive_rate"] for name, entry in groups.items()}
    assert rate == {
        "independent": pytest.approx(1.5 / 4),
        "business": 1.0,
        "migrant": pytest.approx(0.5),
        "lawful": pytest.approx(3.5 / 6),
        "spam": 1.0,
        "brigaded": pytest.approx(3.5 / 5),
    }


def test_a_tie_counts_half_and_a_constant_half_is_a_coins_toss() -> None:
    assert decided(np.array([0.4, 0.5, 0.6])).tolist() == [0.0, 0.5, 1.0]
    found = values(inputs([0.5] * 9))
    per_find = found.pop("accusations_per_find")
    assert found == dict.fromkeys(
        (m.name for m in METRICS if m.name != "accusations_per_find"), pytest.approx(0.5)
    )
    assert per_find == found["false_positive_rate"] / 0.5 * 1.5, "three lawful operations, two to be found"


def test_only_a_task_that_names_them_gets_them() -> None:
    assert list(measured(inputs(task=OTHER)).metrics(np.ones((1, 6)))) == ["auroc"]
    assert "accuracy" in measured(inputs()).metrics(np.ones((1, 6)))


def test_without_groups_or_brigades_only_what_can_be_known_is_given() -> None:
    assert set(values(inputs(frame=FRAME.drop("brigade")))) == {
        "accuracy",
        "false_positive_rate",
        "accusations_per_find",
        "worst_group_accused",
    }
    assert set(values(inputs(frame=FRAME.drop("brigade", "group", "migrant")))) == {"accuracy"}


def test_scores_that_are_no_probabilities_are_not_judged_at_one_half() -> None:
    answers = Answers(kinds.SCORES, "advert", FRAME)
    predictions = pl.DataFrame({"advert": np.arange(9), "score": [2 * s for s in SCORES]})
    scores = evaluate(TASK, answers, predictions, replicates=0).scores
    assert scores["accuracy"].value is None
    assert scores["accuracy"].note == "scores outside [0, 1]"


def test_no_brigade_with_enough_targets_withholds_the_worst() -> None:
    measured = crowd.measure(inputs(frame=FRAME.with_columns(brigade=pl.lit(None, dtype=pl.Int64))))
    assert "worst_brigade" in measured.withheld


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(9)
    shuffled = inputs(np.array(SCORES)[order], FRAME[order.tolist()])
    assert values(shuffled) == pytest.approx(values(inputs()))


def test_families_that_speak_of_one_group_are_put_together() -> None:
    valid = FRAME.with_columns(part=pl.lit("valid"), advert=pl.col("advert") + 100)
    answers = Answers(kinds.SCORES, "advert", pl.concat([FRAME, valid]))
    predictions = pl.DataFrame({"advert": answers.frame["advert"], "score": SCORES + SCORES})
    lawful = evaluate(TASK, answers, predictions, replicates=0).groups["lawful"]
    assert {"false_positive_rate", "false_accusations_per_unit", "units"} <= set(lawful)
