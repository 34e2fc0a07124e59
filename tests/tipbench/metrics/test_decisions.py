"""F1 at the threshold of the valid part, and recall by typology."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_answers import labelled, scored, task_of_scores
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics import decisions
from tipbench.metrics.bootstrap import compute_observed
from tipbench.metrics.decisions import (
    AUDIT_BUDGET,
    AUDIT_PRECISION,
    AUDIT_RECALL,
    CROWD_METRICS,
    decide,
    measure_audits,
)
from tipbench.metrics.metric import NO_POSITIVE, MetricInputs, MetricValues
from tipbench.metrics.ranking import find_f1_threshold
from tipbench.metrics.registry import measure_all

RISK = task_of_scores("payment", ("average_precision", "f1"), prevalence=0.002)


def scored_of_minority(
    part: list[str], label: list[int], score: list[float], typology: list[str | None] | None = None
) -> Evaluation:
    more = {} if typology is None else {"typology": typology}
    frame = labelled(label, "payment", part=part, **more)
    predictions = frame.select("payment", score=pl.Series(score, dtype=pl.Float64))
    return evaluate(RISK, Answers(kinds.SCORES, "payment", frame), predictions, replicates=0)


def f1(label: np.ndarray, flagged: np.ndarray) -> float:
    return 2 * (label & flagged).sum() / (label.sum() + flagged.sum())


examples = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40).filter(
    lambda rows: any(label for label, _ in rows)
)


@given(examples)
def test_no_other_threshold_does_better_and_it_is_the_highest_of_equals(rows: list[tuple[bool, int]]) -> None:
    label = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)
    chosen = find_f1_threshold(score, label, np.ones(len(score)))
    values = {float(t): f1(label, score >= t) for t in np.unique(score)}
    best = max(values.values())
    assert values[chosen] == pytest.approx(best)
    assert chosen == max(t for t, value in values.items() if value >= best - 1e-12)


@given(examples)
def test_a_monotone_transform_and_the_order_of_rows_change_nothing(rows: list[tuple[bool, int]]) -> None:
    label = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)
    flagged = score >= find_f1_threshold(score, label, np.ones(len(score)))
    other = np.exp(score)
    assert (flagged == (other >= find_f1_threshold(other, label, np.ones(len(other))))).all()
    ones = np.ones(len(score))
    assert find_f1_threshold(score[::-1], label[::-1], ones) == find_f1_threshold(score, label, ones)


def test_f1_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    generator = np.random.default_rng(0)
    label = (generator.random(800) < 0.1).astype(int)
    score = label * 0.3 + generator.random(800)
    part = np.where(np.arange(800) < 300, "valid", "test")
    valid = part == "valid"
    flagged = score >= find_f1_threshold(score[valid], label[valid] == 1, np.ones(len(score[valid])))
    found = scored_of_minority(part.tolist(), label.tolist(), score.tolist()).scores["f1"].value
    assert found == pytest.approx(f1_score(label[~valid], flagged[~valid]), abs=1e-12)


def test_without_a_positive_in_valid_there_is_no_threshold_and_it_is_said() -> None:
    scores = scored_of_minority(["valid", "valid", "test", "test"], [0, 0, 1, 0], [0.1, 0.2, 0.3, 0.4]).scores
    found = scores["f1"]
    assert found.value is None
    assert "no positive in the valid part" in str(found.note)
    assert "no valid part" in str(scored_of_minority(["test", "test"], [1, 0], [0.3, 0.4]).scores["f1"].note)


def test_recall_is_told_by_typology() -> None:
    part = ["valid"] * 3 + ["test"] * 4
    typology = ["funnel", None, None, "funnel", "funnel", "layering", None]
    found = scored_of_minority(
        part, [1, 0, 0, 1, 1, 1, 0], [0.5, 0.2, 0.1, 0.9, 0.3, 0.8, 0.1], typology
    ).groups
    assert found["typology=funnel"]["recall_at_f1"] == pytest.approx(0.5)
    # One percent of three rows of valid is none of them: the budget's threshold is just above the highest there.
    layering = {"recall": 1.0, "recall_at_f1": 1.0, "positives": 1, "positive_clusters": 1}
    assert found["typology=layering"] == layering


GROUPS = ("independent", "business", "migrant", "spam")
CROWD_NAMES = tuple(metric.name for metric in CROWD_METRICS)
CROWD_TASK = task_of_scores(metrics=("average_precision", "harm_gap", *CROWD_NAMES), groups=GROUPS)
OTHER = task_of_scores(metrics=("auroc",), groups=GROUPS)

#        harmful   lawful, brigade 7   lawful, brigade 8 (two)  spam
CROWD_SCORES = [0.9, 0.5, 0.8, 0.5, 0.1, 0.2, 0.9, 0.9, 0.6]
CROWD_FRAME = labelled(
    [1, 1, 0, 0, 0, 0, 0, 0, 0],
    cluster=[1, 2, 3, 3, 3, 4, 5, 5, 6],
    group=["trafficking"] * 2 + ["independent"] * 4 + ["business"] * 2 + ["spam"],
    migrant=[False] * 2 + [True] * 3 + [False] * 4,
    brigade=pl.Series([None, None, 7, 7, 7, None, 8, 8, None], dtype=pl.Int64),
)


def inputs(
    scores: Any = CROWD_SCORES, frame: pl.DataFrame = CROWD_FRAME, task: Any = CROWD_TASK
) -> MetricInputs:
    return scored(frame, scores, task)


def values(one: MetricInputs) -> dict[str, float]:
    return compute_observed(decisions.measure_crowd(one).metrics, one.clusters.count)


def test_the_metrics_are_what_a_hand_counts() -> None:
    found = values(inputs())
    assert found["accuracy"] == pytest.approx((1 + 0.5 + 0 + 0.5 + 1 + 1 + 0 + 0 + 0) / 9)
    assert found["false_positive_rate"] == pytest.approx((1 + 0.5 + 0 + 0 + 1 + 1) / 6)
    assert found["brigaded_false_positive_rate"] == pytest.approx((1 + 0.5 + 0 + 1 + 1) / 5)
    # Brigade 8 condemned both of its two targets, which are too few to count.
    assert found["worst_brigade"] == pytest.approx(1.5 / 3)


def test_groups_have_their_own_rate_and_spam_is_apart() -> None:
    groups = decisions.measure_crowd(inputs()).groups
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
    assert decide(np.array([0.4, 0.5, 0.6])).tolist() == [0.0, 0.5, 1.0]
    found = values(inputs([0.5] * 9))
    per_find = found.pop("accusations_per_find")
    assert found == dict.fromkeys(set(CROWD_NAMES) - {"accusations_per_find"}, pytest.approx(0.5))
    assert per_find == found["false_positive_rate"] / 0.5 * 1.5, "three lawful operations, two to be found"


def test_only_a_task_that_names_them_gets_them() -> None:
    assert list(measure_all(inputs(task=OTHER)).metrics(np.ones((1, 6)))) == ["auroc"]
    assert "accuracy" in measure_all(inputs()).metrics(np.ones((1, 6)))


def test_without_groups_or_brigades_only_what_can_be_known_is_given() -> None:
    assert set(values(inputs(frame=CROWD_FRAME.drop("brigade")))) == {
        "accuracy",
        "false_positive_rate",
        "accusations_per_find",
        "worst_group_accused",
    }
    assert set(values(inputs(frame=CROWD_FRAME.drop("brigade", "group", "migrant")))) == {"accuracy"}


def test_scores_that_are_no_probabilities_are_not_judged_at_one_half() -> None:
    answers = Answers(kinds.SCORES, "advert", CROWD_FRAME)
    predictions = pl.DataFrame({"advert": np.arange(9), "score": [2 * s for s in CROWD_SCORES]})
    scores = evaluate(CROWD_TASK, answers, predictions, replicates=0).scores
    assert scores["accuracy"].value is None
    assert scores["accuracy"].note == "scores outside [0, 1]"


def test_no_brigade_with_enough_targets_withholds_the_worst() -> None:
    measured = decisions.measure_crowd(
        inputs(frame=CROWD_FRAME.with_columns(brigade=pl.lit(None, dtype=pl.Int64)))
    )
    assert "worst_brigade" in measured.withheld


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(9)
    shuffled = inputs(np.array(CROWD_SCORES)[order], CROWD_FRAME[order.tolist()])
    assert values(shuffled) == pytest.approx(values(inputs()))


def test_families_that_speak_of_one_group_are_put_together() -> None:
    valid = CROWD_FRAME.with_columns(part=pl.lit("valid"), advert=pl.col("advert") + 100)
    answers = Answers(kinds.SCORES, "advert", pl.concat([CROWD_FRAME, valid]))
    predictions = pl.DataFrame({"advert": answers.frame["advert"], "score": CROWD_SCORES + CROWD_SCORES})
    lawful = evaluate(CROWD_TASK, answers, predictions, replicates=0).groups["lawful"]
    assert {"false_positive_rate", "false_accusations_per_unit", "units"} <= set(lawful)


PRECISION, RECALL = AUDIT_NAMES = AUDIT_PRECISION.name, AUDIT_RECALL.name
AUDIT_BUDGET_TASK = task_of_scores(
    "firm",
    ("average_precision", *AUDIT_NAMES),
    prevalence=0.05,
    groups=("direct", "agency_supplied", "small"),
)


def scored_of_audit_budget(label: Any, slot: Any, score: Any) -> tuple[MetricValues, dict[str, float]]:
    place = np.arange(len(label))
    group = np.where(place % 2 == 0, "direct", "agency_supplied")
    more = {"slot": np.asarray(slot, dtype=np.int64), "group": group, "small": place < len(label) // 2}
    inputs = scored(labelled(label, "firm", **more), np.asarray(score, dtype=float), AUDIT_BUDGET_TASK)
    found = measure_audits(inputs)
    return found, compute_observed(found.metrics, inputs.clusters.count)


def test_each_region_audits_its_own_top_twentieth() -> None:
    """Two regions of twenty firms, one audit each: one finds, one does not."""
    label, slot = np.zeros(40), np.repeat([0, 1], 20)
    label[[0, 1, 25]] = 1
    score = np.linspace(0, 0.5, 40)
    score[0] = 1.0
    found, values = scored_of_audit_budget(label, slot, score)
    assert values == {PRECISION: pytest.approx(1 / 2), RECALL: pytest.approx(1 / 3)}
    audited = {name: group["audited"] for name, group in found.groups.items()}
    # The other audit is of the last firm: odd, so agency-supplied, and in the second half, so not small.
    assert audited == {"direct": 0, "agency_supplied": 1 / 18, "small": 0, "lawful": 1 / 37}


def test_without_slots_nothing_is_said_and_without_a_positive_no_recall() -> None:
    inputs = scored(labelled([1, 0], "firm"), [0.5, 0.5], AUDIT_BUDGET_TASK)
    assert list(compute_observed(measure_all(inputs).metrics, 2)) == ["average_precision"]
    assert scored_of_audit_budget([0] * 20, [0] * 20, [0.1] * 20)[0].withheld == {RECALL: NO_POSITIVE}


firms = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 6)), min_size=4, max_size=60
).filter(lambda rows: any(row[0] for row in rows))


@given(firms)
def test_scores_count_by_order_alone_and_not_by_the_order_of_rows(rows: list[tuple[int, int, int]]) -> None:
    label, slot, score = (np.array(column) for column in zip(*rows, strict=True))
    values = scored_of_audit_budget(label, slot, score)[1]
    assert scored_of_audit_budget(label, slot, np.exp(score / 3))[1] == pytest.approx(values)
    assert scored_of_audit_budget(label[::-1], slot[::-1], score[::-1])[1] == pytest.approx(values)
    assert 0 <= values[RECALL] <= 1


@given(firms)
def test_a_constant_score_is_chance_and_none_beats_the_perfect_one(rows: list[tuple[int, int, int]]) -> None:
    label, slot, score = (np.array(column) for column in zip(*rows, strict=True))
    chance = scored_of_audit_budget(label, slot, np.zeros(len(label)))[1]
    assert chance[RECALL] == pytest.approx(AUDIT_BUDGET)
    best, any_other = (scored_of_audit_budget(label, slot, one)[1] for one in (label, score))
    assert best[RECALL] >= any_other[RECALL] - 1e-12
    assert best[PRECISION] >= any_other[PRECISION] - 1e-12
