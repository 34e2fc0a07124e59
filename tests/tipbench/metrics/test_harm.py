"""Harm by group against counts made by hand: row loops over the frame, as the definitions read."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from made_answers import labelled, task_of_scores
from made_answers import scored as scored_rows
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import compute_observed
from tipbench.metrics.harm import (
    ACCUSATION_METRICS,
    ALL_FLAGGED,
    CHANCE,
    FAR_OVER,
    FAR_UNDER,
    FEW_FINDS,
    FEWEST_FINDS,
    NO_FINDS,
    NO_LAWFUL,
    NO_OPERATION,
    SEVERAL_FOLDS,
    TOO_FEW_TO_FIND,
    measure_accusations,
    measure_harm,
    merge_small_groups,
)
from tipbench.metrics.ranking import NO_VALID_PART
from tipbench.metrics.registry import metric_of
from tipbench.tasks import tasks

HARM_TASK = task_of_scores(prevalence=0.05, groups=("independent", "business", "migrant", "spam"))
RISK, ONSET = tasks()["advert_risk"], tasks()["recruitment_onset"]
KINDS = ["trafficking", "business", "independent", "spam"]


def world(seed: int = 0, operations: int = 240, with_valid: bool = True) -> tuple[pl.DataFrame, pl.Series]:
    """A frame of test and valid adverts and their scores; migrant adverts score higher."""
    generator = np.random.default_rng(seed)
    kind = generator.choice(KINDS, operations, p=[0.4, 0.25, 0.25, 0.1])
    migrant = generator.random(operations) < 0.4
    form = generator.choice(["labour", "sexual", "marriage"], operations, p=[0.4, 0.3, 0.3])
    operation = np.repeat(np.arange(operations), generator.integers(1, 8, operations))
    trafficking = kind[operation] == "trafficking"
    parts = np.where(generator.random(operation.size) < 0.3, "valid", "test") if with_valid else "test"
    frame = labelled(
        trafficking,
        part=parts,
        cluster=operation,
        weight=1.0 / generator.integers(1, 5, operation.size),
        group=kind[operation],
        migrant=migrant[operation],
        form=form[operation],
        sex=np.where(migrant, "female", "male")[operation],
        language=np.where(migrant, "ru", "en")[operation],
    ).with_columns(pl.when(pl.col("label") == 1).then(name).alias(name) for name in ("form", "sex"))
    scores = generator.normal(size=operation.size) + 1.0 * trafficking + 1.5 * migrant[operation]
    return frame, pl.Series("score", np.round(scores, 2))


def measured_of_harm(frame: pl.DataFrame, scores: pl.Series, task: Any = HARM_TASK, by: Any = measure_harm):
    inputs = scored_rows(frame, scores, task)
    found = by(inputs)
    return found, compute_observed(found.metrics, inputs.clusters.count)


def flagged_rows(frame: pl.DataFrame, scores: pl.Series, budget: float = 0.01) -> list[dict]:
    """The test rows with ``flagged``, at the lowest valid score at which the budget holds."""
    rows = frame.with_columns(scores).to_dicts()
    valid = [row for row in rows if row["part"] == "valid"]
    total = sum(row["weight"] for row in valid)
    fits = [
        row["score"]
        for row in valid
        if sum(other["weight"] for other in valid if other["score"] >= row["score"]) <= budget * total
    ]
    threshold = min(fits)
    return [{**row, "flagged": row["score"] >= threshold} for row in rows if row["part"] == "test"]


def share_flagged(rows: list[dict]) -> float:
    return sum(row["weight"] for row in rows if row["flagged"]) / sum(row["weight"] for row in rows)


def test_false_accusations_are_counted_by_advert_and_by_operation() -> None:
    frame, scores = world(operations=600)
    found, values = measured_of_harm(frame, scores)
    rows = flagged_rows(frame, scores)
    lawful = [row for row in rows if row["group"] in ("business", "independent")]
    members = {
        "business": [row for row in rows if row["group"] == "business"],
        "independent": [row for row in rows if row["group"] == "independent"],
        "migrant": [row for row in lawful if row["migrant"]],
        "lawful": lawful,
        "spam": [row for row in rows if row["group"] == "spam"],
    }
    rates = {}
    for group, group_rows in members.items():
        rates[group] = share_flagged(group_rows)
        operations = {row["cluster"] for row in group_rows}
        accused = {row["cluster"] for row in group_rows if row["flagged"]}
        entry = found.groups[group]
        assert entry["false_accusations_per_unit"] == pytest.approx(rates[group], abs=1e-12)
        assert entry["false_accusations_per_operation"] == pytest.approx(len(accused) / len(operations))
        assert (entry["units"], entry["operations"]) == (len(group_rows), len(operations))
    worst = max(rates[group] for group in ("business", "independent", "migrant"))
    assert values["harm_gap"] == pytest.approx(worst - rates["lawful"], abs=1e-12)
    assert values["harm_gap"] > 0


def six_lawful_units() -> tuple[pl.DataFrame, pl.Series]:
    """Valid fixes 0.9 as the threshold of the budget (one unit in a hundred) and 0.5 as that of half the positives.

    In the test part lie six lawful units, one whose migrant mark is null; one unit of no known group; one positive.
    """
    more = {"cluster": range(100, 200), "group": "independent", "migrant": False}
    valid = labelled([1, 1, 1] + 97 * [0], "score", part="valid", **more)
    valid = valid.with_columns(score=pl.Series([0.9, 0.5, 0.3] + 97 * [0.1]))
    rows = [
        (0.9, 0, 1, 0.5, "business", True),
        (0.2, 0, 1, 0.5, "business", True),
        (0.4, 0, 2, 1.0, "business", False),
        (0.89, 0, 3, 1.0, "independent", False),
        (0.5, 0, 4, 1.0, "independent", None),
        (0.1, 0, 5, 2.0, "independent", True),
        (0.99, 0, 6, 1.0, None, True),
        (0.95, 1, 7, 1.0, "trafficking", True),
    ]
    schema = ["score", "label", "cluster", "weight", "group", "migrant"]
    test = pl.DataFrame(rows, schema, orient="row").with_columns(part=pl.lit("test"))
    frame = pl.concat([valid, test.cast({"label": pl.Int8}).select(valid.columns)]).with_row_index("advert")
    return frame.drop("score"), frame["score"]


def test_a_unit_at_the_threshold_is_accused_and_one_of_no_known_group_is_in_none() -> None:
    """By hand. At 0.9 only a business advert of weight 1/2 is accused: 1/4 of business, 1/12 of all lawful. At 0.5
    two independents of weight 1 are, too."""
    found, values = measured_of_harm(*six_lawful_units())
    names = ["units", "operations"] + [
        f"false_accusations_per_{per}{point}"
        for point in ("", "_at_recall_50")
        for per in ("unit", "operation")
    ]
    shown = {group: [entry[name] for name in names] for group, entry in found.groups.items()}
    assert shown == {
        "business": [3, 2, 1 / 4, 1 / 2, 1 / 4, 1 / 2],
        "independent": [3, 3, 0, 0, 2 / 4, 2 / 3],
        "migrant": [3, 2, pytest.approx(1 / 6), 1 / 2, pytest.approx(1 / 6), 1 / 2],
        "lawful": [6, 5, pytest.approx(1 / 12), 1 / 5, pytest.approx(5 / 12), 3 / 5],
        "spam": [0, 0, None, None, None, None],
    }
    assert values["harm_gap"] == pytest.approx(1 / 4 - 1 / 12, abs=1e-12)
    assert found.withheld == {"harm_gap": FAR_OVER}, "one of so few units is more than three times the budget"


def test_terse_writers_are_a_group_beside_migrants_and_may_be_the_worst_off() -> None:
    """By hand: of three lawful terse units of weight 2 1/2 only one of weight 1/2 is accused at 0.9. The positive and
    the unit of no known group are terse too, and do not count."""
    frame, score = six_lawful_units()
    terse = (score == 0.9) | score.is_in([0.4, 0.89, 0.95, 0.99])
    frame = frame.with_columns(terse=terse & (pl.col("part") == "test"))
    found, values = measured_of_harm(frame, score)
    assert found.groups["terse"]["false_accusations_per_unit"] == pytest.approx(1 / 5)
    assert (found.groups["terse"]["units"], found.groups["terse"]["operations"]) == (3, 3)
    assert values["harm_gap"] == pytest.approx(1 / 4 - 1 / 12), "of business"
    accused = frame.with_columns(terse=(score == 0.9) & (pl.col("part") == "test"))
    assert measured_of_harm(accused, score)[1]["harm_gap"] == pytest.approx(1 - 1 / 12), "of terse writers"


def test_a_test_part_without_lawful_units_has_no_harm_gap_and_says_why() -> None:
    frame, scores = six_lawful_units()
    nobody = pl.when(pl.col("part") == "valid").then("group").alias("group")
    found, _ = measured_of_harm(frame.with_columns(nobody), scores)
    assert found.withheld == {"harm_gap": "no lawful unit in the test part"}


def test_spam_is_part_of_no_lawful_total_or_gap() -> None:
    frame, scores = world()
    spam = frame["group"] == "spam"
    test = frame["part"] == "test"
    accused = pl.select(pl.when(spam & test).then(99.0).otherwise(scores).alias("score")).to_series()
    before, gap_before = measured_of_harm(frame, scores)
    after, gap_after = measured_of_harm(frame, accused)
    assert after.groups["spam"]["false_accusations_per_unit"] == 1.0
    assert after.groups["lawful"] == before.groups["lawful"]
    assert gap_after["harm_gap"] == gap_before["harm_gap"]


def test_the_protection_gap_is_the_widest_difference_of_recall_within_an_attribute() -> None:
    frame, scores = world(operations=600)
    found, values = measured_of_harm(frame, scores)
    rows = [row for row in flagged_rows(frame, scores) if row["label"] == 1]
    gaps = []
    for attribute in ("form", "sex", "language"):
        recalls = []
        for value in sorted({row[attribute] for row in rows}):
            group = [row for row in rows if row[attribute] == value]
            assert len({row["cluster"] for row in group}) >= 20
            recall = share_flagged(group)
            assert found.groups[f"{attribute}={value}"]["recall"] == pytest.approx(recall, abs=1e-12)
            recalls.append(recall)
        gaps.append(max(recalls) - min(recalls))
        assert found.groups[attribute]["protection_gap"] == pytest.approx(gaps[-1], abs=1e-12)
    assert values["protection_gap"] == pytest.approx(max(gaps), abs=1e-12)


def test_groups_under_twenty_positive_clusters_are_merged_into_other() -> None:
    attribute = pl.Series(["a"] * 30 + ["b"] * 12 + ["c"] * 11 + [None] * 5)
    groups = merge_small_groups(attribute, np.ones(58, dtype=bool), np.arange(58))
    assert {name: int(rows.sum()) for name, rows in groups.items()} == {"a": 30, "other": 23}
    # Rows of one cluster do not make a group large.
    assert set(merge_small_groups(pl.Series(["a"] * 30), np.ones(30, bool), np.arange(30) % 19)) == {"other"}


def test_a_group_of_exactly_twenty_positive_clusters_stands_alone_and_makes_a_gap() -> None:
    """Twenty clusters of each form: every one of the one form is found, and none of the other."""
    attribute = pl.Series(20 * ["labour"] + 20 * ["sexual"])
    groups = merge_small_groups(attribute, np.ones(40, dtype=bool), np.arange(40))
    assert {name: int(rows.sum()) for name, rows in groups.items()} == {"labour": 20, "sexual": 20}
    frame, scores = six_lawful_units()
    positives = labelled([1] * 40, cluster=range(1000, 1040), form=attribute)
    positives = positives.with_columns(advert=pl.col("advert") + 1000)
    exploited = pl.concat([frame.drop("group", "migrant"), positives], how="diagonal_relaxed")
    found, values = measured_of_harm(exploited, pl.concat([scores, pl.Series(20 * [0.95] + 20 * [0.2])]))
    assert found.groups["form=labour"] == {"recall": 1.0, "positive_clusters": 20}
    assert found.groups["form=sexual"] == {"recall": 0.0, "positive_clusters": 20}
    assert values["protection_gap"] == 1.0


def test_too_few_positive_clusters_leave_no_protection_gap() -> None:
    frame, scores = world(operations=30)
    found, _ = measured_of_harm(frame, scores)
    assert found.withheld["protection_gap"] == "too few clusters"
    assert "recall" in found.groups["form=other"]


def test_a_small_rest_is_reported_and_decides_no_gap() -> None:
    frame, scores = world(operations=240)
    rare = (pl.col("cluster") % 8 == 0) & (pl.col("label") == 1)
    form = pl.when(rare).then(pl.lit("rare")).otherwise(pl.lit("usual")).alias("form")
    found, _ = measured_of_harm(frame.select("advert", "part", "label", "cluster", "weight", form), scores)
    other, usual = (found.groups[f"form={name}"]["positive_clusters"] or 0 for name in ("other", "usual"))
    assert 0 < other < 20 <= usual
    assert found.withheld["protection_gap"] == "too few clusters"
    assert "form" not in found.groups


def test_a_positive_unit_is_accused_rightly_whatever_its_group() -> None:
    frame, scores = world()
    mislabelled = frame.with_columns(
        group=pl.when(pl.col("label") == 1).then(pl.lit("business")).otherwise("group")
    )
    before, gap_before = measured_of_harm(frame, scores)
    after, gap_after = measured_of_harm(mislabelled, scores)
    assert after.groups["business"] == before.groups["business"]
    assert gap_after == gap_before


def test_harm_is_null_without_a_valid_part_and_absent_without_groups() -> None:
    frame, scores = world(with_valid=False)
    found, _ = measured_of_harm(frame, scores)
    assert found.withheld == {"harm_gap": NO_VALID_PART, "protection_gap": NO_VALID_PART}
    bare, values = measured_of_harm(frame.select("advert", "part", "label", "cluster", "weight"), scores)
    assert not bare.withheld
    assert not values


def test_marks_overlap_the_kinds_that_share_out_the_lawful_and_a_task_without_spam_has_none() -> None:
    """Firms of two kinds, some small: the worst group of the gap may be a mark, and lawful is the sum of the kinds."""
    task = task_of_scores(prevalence=0.05, groups=("business", "independent", "small"))
    frame, _ = world(operations=600)
    frame = frame.filter(pl.col("group") != "spam").with_columns(small=pl.col("cluster") % 3 == 0)
    scores = np.where(frame["small"], 1.0, 0.0) + np.arange(frame.height) / frame.height / 2
    found, values = measured_of_harm(frame, pl.Series(scores), task)
    assert set(found.groups) >= {"business", "independent", "small", "lawful"}
    assert "spam" not in found.groups
    units = {name: group.get("units") or 0 for name, group in found.groups.items()}
    assert units["lawful"] == units["business"] + units["independent"]
    assert 0 < units["small"] < units["lawful"]
    rate = {name: found.groups[name]["false_accusations_per_unit"] or 0.0 for name in ("small", "lawful")}
    assert values["harm_gap"] == pytest.approx(rate["small"] - rate["lawful"])


GAPS = ("harm_gap", "protection_gap")
FINDS_OPERATIONS = 400
UNIT = np.arange(FINDS_OPERATIONS)


def answers(valid: bool = True) -> Answers:
    """An operation per unit, one in ten trafficking, half of these of each form; the same again as valid."""
    unit = np.arange(FINDS_OPERATIONS * (2 if valid else 1))
    positive = unit % 10 == 0
    frame = labelled(
        positive,
        part=np.where(unit < FINDS_OPERATIONS, "test", "valid"),
        group=np.where(positive, "trafficking", np.where(unit % 2 == 1, "independent", "business")),
        form=np.where(unit % 20 == 0, "labour", "sexual"),
    ).with_columns(pl.when(pl.col("label") == 1).then("form").alias("form"))
    return Answers(kinds.SCORES, "advert", frame)


def scored(score: np.ndarray, truth: Answers | None = None, **more: Any) -> Evaluation:
    truth = truth or answers()
    given = truth.frame.select("advert").with_columns(score=pl.Series(score, dtype=pl.Float64))
    return evaluate(RISK, truth, given, replicates=0, **more)


def flagging(test: np.ndarray) -> np.ndarray:
    """Scores of which valid fixes a threshold of 1 and of the test part these units [units] reach it."""
    valid = np.zeros(FINDS_OPERATIONS)
    valid[:4] = 1.0
    return np.concatenate([test.astype(float), valid])


def first_of(step: int, count: int) -> np.ndarray:
    """The first units of the test part of which one in ``step`` is taken."""
    return np.isin(UNIT, step * np.arange(count))


@pytest.mark.parametrize(
    ("flagged", "reason"),
    [
        pytest.param(np.zeros(FINDS_OPERATIONS), NO_FINDS, id="nothing is flagged"),
        pytest.param(UNIT % 10 == 1, NO_FINDS, id="only the lawful are"),
        pytest.param(first_of(10, FEWEST_FINDS - 1), FEW_FINDS, id="four operations are found"),
        pytest.param(np.ones(FINDS_OPERATIONS), ALL_FLAGGED, id="everything is flagged"),
        pytest.param(UNIT != 1, FAR_OVER, id="all but one are"),
        pytest.param(UNIT % 10 == 0, FAR_OVER, id="every positive one is, and ten times the budget"),
    ],
)
def test_gaps_of_a_method_that_is_silent_are_withheld_with_the_reason(
    flagged: np.ndarray, reason: str
) -> None:
    found = scored(flagging(flagged))
    for name in GAPS:
        assert (found.scores[name].value, found.scores[name].note) == (None, reason)
    assert found.groups["form"] == {"protection_gap": None}
    assert found.groups["independent"]["false_accusations_per_unit"] is not None


def weighing(weight: float, rows: pl.Expr) -> Answers:
    """The answers, in which these rows weigh so much."""
    made = answers().frame.with_columns(weight=pl.when(rows).then(weight).otherwise(1.0))
    return Answers(kinds.SCORES, "advert", made)


def test_gaps_need_a_share_within_a_factor_of_three_of_the_budget() -> None:
    """Twelve of four hundred are three in a hundred; five that weigh a fifth each are one of 396, under a 300th."""
    most, more = (scored(flagging(first_of(10, count))).scores["harm_gap"] for count in (12, 13))
    assert (most.value, more.value, more.note) == (0.0, None, FAR_OVER)
    light = pl.col("advert").is_in([0, 10, 20, 30, 40])
    fewer, fewest = (
        scored(flagging(first_of(10, FEWEST_FINDS)), weighing(weight, light)).scores["harm_gap"]
        for weight in (0.3, 0.2)
    )
    assert (fewer.value, fewest.value, fewest.note) == (0.0, None, FAR_UNDER)


def test_gaps_need_that_positives_are_flagged_a_third_more_often_than_others() -> None:
    """Five that weigh a tenth are .5 of 35.5, or .0141; of 360 others three are .0083, four .0111: 1.27 times less."""
    light = weighing(0.1, pl.col("advert").is_in([0, 10, 20, 30, 40]))
    better, chance = (
        scored(flagging(first_of(10, FEWEST_FINDS) | np.isin(UNIT, lawful)), light)
        for lawful in ([1, 2, 3], [1, 2, 3, 4])
    )
    for name in GAPS:
        assert better.scores[name].value is not None
        assert (chance.scores[name].value, chance.scores[name].note) == (None, CHANCE)


@pytest.mark.parametrize("spared", [1, 60])
def test_alarms_for_all_but_some_of_the_lawful_have_no_gap(spared: int) -> None:
    lawful = [unit for unit in range(FINDS_OPERATIONS) if unit % 10][:spared]
    found = alarms([None if unit in lawful else 3 for unit in range(FINDS_OPERATIONS)])
    assert [found.scores[name].note for name in GAPS] == [CHANCE, CHANCE]
    assert found.scores["accusations_per_find"].value == (360 - spared) / 40


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
    found = scored(np.full(2 * FINDS_OPERATIONS, constant))
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
    found = alarms([step] * FINDS_OPERATIONS)
    assert [found.scores[name].note for name in GAPS] == [reason, reason]
    assert found.scores["accusations_per_find"].value == (None if step is None else 360 / 40)


def test_alarms_that_find_enough_have_gaps_and_a_price() -> None:
    """All forty are found, and one in ten of the independents is accused."""
    found = alarms([3 if unit % 10 == 0 or unit % 20 == 1 else None for unit in UNIT])
    assert found.scores["accusations_per_find"].value == 20 / 40
    assert found.scores["worst_group_accused"].value == pytest.approx(20 / 200)
    assert found.scores["protection_gap"].value == 0.0


def test_thresholds_of_an_open_entry_are_fixed_on_the_test_and_never_on_scores_of_valid() -> None:
    """An author who gives all of valid the highest score would flag nothing; the top 1% of the test are flagged."""
    score = np.concatenate([np.linspace(0.0, 1.0, FINDS_OPERATIONS), np.ones(FINDS_OPERATIONS)])
    silent, charged = scored(score), scored(score, open_entry=True)
    assert silent.scores["harm_gap"].note == NO_FINDS
    point = charged.curves["operating_points"]["budget_1pct"]
    assert point["flagged_share"] == pytest.approx(0.01)
    assert point["threshold"] == pytest.approx(score[FINDS_OPERATIONS - 4], abs=1e-6)
    honest = scored(np.concatenate([score[:FINDS_OPERATIONS], score[:FINDS_OPERATIONS]]), open_entry=True)
    assert (honest.scores, honest.groups, honest.curves) == (charged.scores, charged.groups, charged.curves)


def test_an_open_entry_without_a_valid_part_has_thresholds_and_nobody_else_has() -> None:
    score = np.linspace(0.0, 1.0, FINDS_OPERATIONS)
    truth = answers(valid=False)
    assert scored(score, truth).scores["harm_gap"].note == NO_VALID_PART
    points = scored(score, truth, open_entry=True).curves["operating_points"]
    assert points["budget_1pct"]["flagged_share"] == 0.01


ACCUSATIONS_NAMES = [metric.name for metric in ACCUSATION_METRICS]
ACCUSATIONS_OPERATIONS = [  # (operation, group, scores of its adverts)
    (1, "trafficking", [0.9, 0.1]),
    (2, "trafficking", [0.7]),
    (3, "trafficking", [0.5, 0.5]),
    (4, "trafficking", [0.3]),
    (5, "trafficking", [0.2]),
    (11, "independent", [0.8, 0.9]),
    (12, "independent", [0.5, 0.1]),
    (13, "independent", [0.4]),
    (21, "business", [0.6, 0.95]),
    (22, "business", [0.1]),
    (31, "spam", [0.99]),
]
"""At .9 one trafficking operation of five is found, at .5 three are."""


def frame(
    operations: list[tuple[int, str, list[float]]] = ACCUSATIONS_OPERATIONS,
) -> tuple[pl.DataFrame, pl.Series]:
    rows = [(cluster, group, score) for cluster, group, scores in operations for score in scores]
    clusters, groups, scores = map(list, zip(*rows, strict=True))
    label = [group == "trafficking" for group in groups]
    made = labelled(label, cluster=clusters, group=groups, weight=1.0 / (1 + np.arange(len(rows)) % 3))
    return made, pl.Series("score", scores)


def measured_of_accusations(made: pl.DataFrame, scores: pl.Series):
    return measured_of_harm(made, scores, RISK, measure_accusations)


def test_lawful_operations_ever_accused_are_counted_for_each_that_had_to_be_found() -> None:
    """By hand. A fifth of five is one: at .9 operations 11 and 21 are accused. Half of five, rounded up, is three: at
    .5 also 12; of the independents two in three, of businesses one in two. Spam counts nowhere."""
    found, values = measured_of_accusations(*frame())
    assert values == pytest.approx(dict(zip(ACCUSATIONS_NAMES, (2 / 1, 3 / 3, 2 / 3), strict=True)))
    assert found.groups["independent"] == pytest.approx(
        {"operations_accused_20": 1 / 3, "operations_accused_50": 2 / 3}
    )
    assert found.groups["lawful"] == pytest.approx(
        {"operations_accused_20": 0.4, "operations_accused_50": 0.6}
    )
    assert "spam" not in found.groups


def test_a_constant_score_accuses_everyone_and_ties_buy_nothing() -> None:
    made, scores = frame()
    _, values = measured_of_accusations(made, pl.Series("score", np.zeros(len(scores))))
    assert values == dict(zip(ACCUSATIONS_NAMES, (5 / 1, 5 / 3, 1.0), strict=True))


def test_a_monotone_transform_of_scores_and_the_order_of_rows_change_nothing() -> None:
    made, scores = frame()
    _, values = measured_of_accusations(made, scores)
    assert measured_of_accusations(made, (scores * 3).exp())[1] == values
    order = pl.Series(np.random.default_rng(1).permutation(made.height))
    assert measured_of_accusations(made[order], scores[order])[1] == values


def test_many_units_of_an_operation_are_one_find_and_one_accusation() -> None:
    repeated = [(cluster, group, scores * 5) for cluster, group, scores in ACCUSATIONS_OPERATIONS]
    assert measured_of_accusations(*frame(repeated))[1] == measured_of_accusations(*frame())[1]


def test_what_had_to_be_found_is_that_of_each_draw() -> None:
    """Without the operations 3, 4 and 5 half of two is one, at .9."""
    made, scores = frame()
    clusters = made["cluster"].unique().sort()
    drawn = np.array([(~clusters.is_in([3, 4, 5])).to_numpy(), np.zeros(len(clusters))], dtype=float)
    values = measure_accusations(scored_rows(made, scores, RISK)).metrics(drawn)
    assert values["accusations_per_find_50"][0] == 2.0
    assert values["worst_group_accused_50"][0] == 0.5
    assert all(np.isnan(values[name][1]) for name in ACCUSATIONS_NAMES)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pl.lit(None, dtype=pl.Int64).alias("cluster"), NO_OPERATION),
        ((pl.col("advert") % 2).alias("fold"), SEVERAL_FOLDS),
        (pl.lit(None, dtype=pl.String).alias("group"), NO_LAWFUL),
    ],
)
def test_where_operations_cannot_be_counted_all_are_withheld_with_a_reason(
    change: pl.Expr, reason: str
) -> None:
    made, scores = frame()
    found, values = measured_of_accusations(made.with_columns(change), scores)
    assert found.withheld == dict.fromkeys(ACCUSATIONS_NAMES, reason)
    assert all(np.isnan(value) for value in values.values())


@pytest.mark.parametrize(
    ("there", "withheld"),
    [(8, ACCUSATIONS_NAMES), (9, ACCUSATIONS_NAMES[:1]), (20, ACCUSATIONS_NAMES[:1]), (21, [])],
)
def test_where_under_five_operations_have_to_be_found_what_they_cost_is_withheld(
    there: int, withheld: list[str]
) -> None:
    """Half of eight is four, of nine is five, rounded up; a fifth of twenty is four, of twenty-one is five."""
    found = [(cluster, "trafficking", [cluster / 100]) for cluster in range(there)]
    made, scores = frame([*found, (101, "independent", [0.1]), (102, "business", [0.2])])
    scored = evaluate(
        RISK, Answers(kinds.SCORES, "advert", made), made.select("advert", scores), replicates=0
    ).scores
    notes = {name: scored[name].note for name in ACCUSATIONS_NAMES if scored[name].value is None}
    assert notes == dict.fromkeys(withheld, TOO_FEW_TO_FIND)


def test_a_task_whose_answers_know_no_groups_has_none_of_them() -> None:
    made, scores = frame()
    bare = Answers(kinds.SCORES, "advert", made.drop("group"))
    assert not set(ACCUSATIONS_NAMES) & set(
        evaluate(RISK, bare, made.select("advert", scores), replicates=0).scores
    )


def test_every_ranking_task_with_groups_lists_them_and_all_stand_beside_the_score() -> None:
    ranked = [task for task in tasks().values() if task.kind is kinds.SCORES]
    assert len(ranked) == 5
    assert all(set(ACCUSATIONS_NAMES) < set(task.metrics) for task in ranked)
    assert all(metric_of(name).beside and metric_of(name).lower_is_better for name in ACCUSATIONS_NAMES)


def crowd(scores: list[float], labels: list[int]) -> Any:
    """One queued advert an operation, negative ones by turns of independents and of businesses."""
    turns = ("independent", "business")
    groups = ["trafficking" if label else turns[at % 2] for at, label in enumerate(labels)]
    made = labelled(labels, group=groups, brigade=pl.Series([None] * len(labels), dtype=pl.Int64))
    answers = Answers(kinds.SCORES, "advert", made)
    given = made.select("advert").with_columns(score=pl.Series(scores, dtype=pl.Float64))
    return evaluate(tasks()["flag_aggregation"], answers, given, replicates=0)


def test_at_one_half_a_crowd_is_charged_for_whom_it_condemns_and_a_tie_is_half_an_operation() -> None:
    """Two found and one half; of the lawful an independent condemned, and a business by half."""
    found = crowd([0.9, 0.8, 0.5, 0.1, 0.7, 0.5, 0.2, 0.2], [1, 1, 1, 1, 0, 0, 0, 0])
    assert found.scores["accusations_per_find"].value == pytest.approx(1.5 / 2.5)
    assert found.scores["worst_group_accused"].value == 0.5
    assert found.groups["business"]["operations_accused"] == 0.25


@pytest.mark.parametrize(("condemned", "reason"), [(0, NO_FINDS), (4, FEW_FINDS)])
def test_a_crowd_that_finds_nothing_or_little_has_no_best_share_of_accused(
    condemned: int, reason: str
) -> None:
    scores = [1.0] * condemned + [0.0] * (20 - condemned) + [0.0] * 20
    found = crowd(scores, [1] * 20 + [0] * 20)
    for name in ("accusations_per_find", "worst_group_accused"):
        assert (found.scores[name].value, found.scores[name].note) == (None, reason)


def test_a_crowd_that_condemns_everyone_is_told_what_that_costs() -> None:
    found = crowd([1.0] * 8, [1, 1, 0, 0, 0, 0, 0, 0])
    assert found.scores["accusations_per_find"].value == 3.0
    assert found.scores["worst_group_accused"].value == 1.0
