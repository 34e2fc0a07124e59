"""Early-detection metrics against counts made by hand, and against rows that are copied instead of weighted."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_answers import labelled, task_of_scores
from tipbench import kinds
from tipbench.evaluation.comparison import compare
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import compute_observed
from tipbench.metrics.early import EARLY_METRICS, latency_cost, measure_alarms, penalty
from tipbench.metrics.metric import MetricInputs, make_inputs

NAMES = tuple(metric.name for metric in EARLY_METRICS)
TASK = task_of_scores("chat", NAMES, kind=kinds.ALARMS, primary="f_latency")

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 40)),  # onset
        st.one_of(st.none(), st.integers(1, 60)),  # step
        st.integers(0, 5),  # cluster
        st.integers(1, 3),  # weight
    ),
    min_size=1,
    max_size=30,
)


def case_from(rows, **columns) -> MetricInputs:
    """Inputs of rows (onset, step, cluster, weight)."""
    onsets, given, clusters, weights = map(list, zip(*rows, strict=True))
    frame = labelled(
        [onset is not None for onset in onsets],
        "chat",
        onset=pl.Series(onsets, dtype=pl.Int32),
        cluster=clusters,
        weight=pl.Series(weights, dtype=pl.Float64),
        **columns,
    )
    steps = pl.Series("step", given, dtype=pl.Int32)
    return make_inputs(TASK, Answers(kinds.ALARMS, "chat", frame), frame.select("chat", steps))


def values(rows) -> dict[str, float]:
    inputs = case_from(rows)
    return compute_observed(measure_alarms(inputs).metrics, inputs.clusters.count)


def reference(rows) -> dict[str, float]:
    """The definitions, a row at a time; a row of weight two stands there twice."""
    rows = [(onset, step) for onset, step, _, weight in rows for _ in range(weight)]
    positives = sum(onset is not None for onset, _ in rows)
    delays, false, costs = [], 0, dict.fromkeys((5, 50), 0.0)
    for onset, step in rows:
        timely = False
        if onset is not None and step is not None and step >= onset - 5:
            timely = True
            delays.append(max(0, step - onset))
        elif step is not None:
            false += 1
        for o in costs:
            if timely:
                costs[o] += 1 - 1 / (1 + math.exp(delays[-1] + 1 - o))
            elif onset is not None:
                costs[o] += 1
            elif step is not None:
                costs[o] += positives / len(rows)
    true = len(delays)
    nan = math.nan
    f1 = 2 * true / (2 * true + false + positives - true) if positives else nan
    slow = [-1 + 2 / (1 + math.exp(-math.log(3) / 20 * d)) for d in delays]
    speed = 1 - float(np.median(slow)) if delays else nan
    return {
        "f_latency": f1 * speed if delays else f1,
        "erde_5": costs[5] / len(rows),
        "erde_50": costs[50] / len(rows),
        "precision": true / (true + false) if true + false else nan,
        "recall": true / positives if positives else nan,
        "f1": f1,
        "speed": speed,
        "median_delay": float(np.median(delays)) if delays else nan,
    }


@given(ROWS)
@example([(10, None, 0, 1), (None, None, 1, 1)])  # no alarm at all scores nothing, and not nan
def test_every_metric_is_that_of_its_definition(rows) -> None:
    assert values(rows) == pytest.approx(reference(rows), nan_ok=True, abs=1e-12)


@given(ROWS, st.data())
def test_a_cluster_drawn_twice_counts_as_if_its_rows_were_there_twice(rows, data) -> None:
    inputs = case_from(rows)
    drawn = data.draw(
        st.lists(st.integers(0, 3), min_size=inputs.clusters.count, max_size=inputs.clusters.count)
    )
    weighted = measure_alarms(inputs).metrics(np.array([drawn], dtype=np.float64))
    times = [drawn[code] for code in inputs.clusters.codes]
    copies = [row for row, n in zip(rows, times, strict=True) for _ in range(n)]
    expected = reference(copies) if copies else dict.fromkeys(weighted, math.nan)
    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(
        expected, nan_ok=True, abs=1e-9
    )


@given(ROWS, st.data())
def test_a_true_alarm_that_comes_later_is_never_worth_more(rows, data) -> None:
    found = [k for k, (onset, step, *_) in enumerate(rows) if onset and step and step >= onset - 5]
    if not found:
        return
    late = data.draw(st.sampled_from(found))
    onset, step, cluster, weight = rows[late]
    moved = [*rows[:late], (onset, step + data.draw(st.integers(1, 30)), cluster, weight), *rows[late + 1 :]]
    before, after = values(rows), values(moved)
    assert after["f_latency"] <= before["f_latency"] + 1e-12
    assert after["erde_5"] >= before["erde_5"] - 1e-12
    assert after["recall"] == pytest.approx(before["recall"])


def test_erde_by_hand() -> None:
    """Losada and Crestani (2016): lc_o(k) = 1 - 1 / (1 + e^(k - o)), one half at k = o; a false
    positive costs the share of positives. Of four units one is found with k = 5, one missed, one alarmed falsely
    and one let pass: (1/2 + 1 + 2/4 + 0) / 4."""
    assert latency_cost(np.array([4.0]), 5)[0] == 0.5
    rows = [(10, 14, 0, 1), (10, None, 1, 1), (None, 3, 2, 1), (None, None, 3, 1)]
    found = values(rows)
    assert found["erde_5"] == 0.5
    # lc_50(5) = 1 - 1 / (1 + e^-45) is next to nothing: (0 + 1 + 2/4) / 4.
    assert found["erde_50"] == pytest.approx(0.375)


def test_f_latency_by_hand() -> None:
    """Sadeque et al. (2018): F1 (1 - median penalty), penalty = -1 + 2 / (1 + e^(-p delay)) with p such
    that it is one half at the delay chosen, here 20. Delays 0, 20, 20 of four positives and one false alarm:
    F1 = 2 * 3 / (2 * 3 + 1 + 1) = 3/4, speed 1/2."""
    assert penalty(np.array([0, 20])).tolist() == pytest.approx([0.0, 0.5])
    rows = [(3, 3, 0, 1), (3, 23, 1, 1), (5, 25, 2, 1), (5, None, 3, 1), (None, 9, 4, 1)]
    found = values(rows)
    assert found["f1"] == 0.75
    assert found["speed"] == pytest.approx(0.5)
    assert found["f_latency"] == pytest.approx(0.375)
    assert found["median_delay"] == 20


@pytest.mark.parametrize(("step", "found"), [(4, 0.0), (5, 1.0), (10, 1.0)])
def test_an_alarm_more_than_five_steps_before_the_onset_is_false_and_its_unit_missed(
    step: int, found: float
) -> None:
    got = values([(10, step, 0, 1), (None, None, 1, 1)])
    assert (got["recall"], got["precision"], got["f_latency"]) == (found, found, found)
    assert got["erde_5"] == pytest.approx((latency_cost(np.array([0.0]), 5)[0] if found else 1.0) / 2)


def world(seed: int = 0, operations: int = 600) -> tuple[Answers, pl.DataFrame]:
    """Chats of operations of four kinds, and alarms that come too often among businesses."""
    generator = np.random.default_rng(seed)
    operation = np.repeat(np.arange(operations), generator.integers(1, 5, operations))
    kind = np.array(["trafficking", "business", "independent", "spam", "rare"])[
        np.where(operation >= operations - 10, 4, operation % 4)
    ]
    onset = np.where(
        (kind == "trafficking") & (operation % 3 > 0), generator.integers(3, 30, operation.size), -1
    )
    alarmed = generator.random(operation.size) < np.where(
        onset > 0, 0.7, np.where(kind == "business", 0.3, 0.1)
    )
    step = np.where(onset > 0, onset + generator.integers(-8, 20, operation.size), 5).clip(1)
    positive = onset > 0
    frame = labelled(
        positive,
        "chat",
        onset=onset.astype(np.int32),
        cluster=operation,
        weight=1 / generator.integers(1, 4, operation.size),
        group=kind,
        form=np.where(operation // 4 % 2 == 0, "labour", "sexual"),
    ).with_columns(pl.when(pl.col("label") == 1).then(name).alias(name) for name in ("onset", "form"))
    steps = pl.when(pl.Series(alarmed)).then(pl.Series(step.astype(np.int32)))
    return Answers(kinds.ALARMS, "chat", frame), frame.select("chat", step=steps)


def test_false_alarms_are_counted_by_group_and_trafficking_without_commitment_apart() -> None:
    answers, alarms = world()
    found = evaluate(TASK, answers, alarms, replicates=0)
    rows = answers.frame.join(alarms, on="chat").to_dicts()
    negatives = [row for row in rows if not row["label"]]
    groups = {
        **{
            kind: [r for r in negatives if r["group"] == kind]
            for kind in ("business", "independent", "spam", "rare")
        },
        "uncommitted": [r for r in negatives if r["group"] == "trafficking"],
        "lawful": [r for r in negatives if r["group"] in ("business", "independent", "rare")],
    }
    for group, members in groups.items():
        got = found.groups[group]
        alarmed = [row for row in members if row["step"] is not None]
        assert got["false_alarms_per_unit"] == pytest.approx(
            sum(row["weight"] for row in alarmed) / sum(row["weight"] for row in members)
        )
        operations = {row["cluster"] for row in members}
        assert got["false_alarms_per_operation"] == len({row["cluster"] for row in alarmed}) / len(operations)
        assert (got["units"], got["operations"]) == (len(members), len(operations))
    # "rare" has under twenty operations: it is shown, and not compared.
    worst, all_lawful = (found.groups[g]["false_alarms_per_unit"] for g in ("business", "lawful"))
    assert worst is not None
    assert all_lawful is not None
    gap = worst - all_lawful
    assert found.scores["harm_gap"].value == pytest.approx(gap)


def test_spam_uncommitted_trafficking_and_groups_under_twenty_operations_are_not_the_worst() -> None:
    answers, alarms = world()
    aside = answers.frame["group"].is_in(["spam", "trafficking", "rare"]) & (answers.frame["label"] == 0)
    right = (
        pl.when(aside)
        .then(5)
        .when(answers.frame["label"] == 1)
        .then(answers.frame["onset"])
        .otherwise("step")
    )
    everywhere = alarms.with_columns(step=right.cast(pl.Int32))
    found = evaluate(TASK, answers, everywhere, replicates=0)
    rate = {group: values.get("false_alarms_per_unit") for group, values in found.groups.items()}
    assert rate["spam"] == rate["uncommitted"] == rate["rare"] == 1.0
    assert rate["business"] is not None
    assert rate["lawful"] is not None
    assert found.scores["harm_gap"].value == pytest.approx(rate["business"] - rate["lawful"])


def test_protection_is_the_recall_of_timely_alarms_by_those_exploited() -> None:
    answers, alarms = world()
    found = evaluate(TASK, answers, alarms, replicates=0)
    rows = answers.frame.join(alarms, on="chat").filter(pl.col("label") == 1)
    timely = (pl.col("step") >= pl.col("onset") - 5).fill_null(False)
    recall = dict(
        rows.group_by("form").agg((pl.col("weight") * timely).sum() / pl.col("weight").sum()).iter_rows()
    )
    for form, value in recall.items():
        assert found.groups[f"form={form}"]["recall"] == pytest.approx(value)
    assert found.scores["protection_gap"].value == pytest.approx(abs(recall["labour"] - recall["sexual"]))


def test_the_result_says_what_its_metrics_depend_on() -> None:
    answers, alarms = world()
    about = evaluate(TASK, answers, alarms, replicates=0).curves["early"]
    assert about["p"] == pytest.approx(math.log(3) / 20)
    assert (about["half_speed_delay"], about["premature"], about["erde_o"]) == (20, 5, [5, 50])
    rows = answers.frame
    share = float(rows.filter(pl.col("label") == 1)["weight"].sum()) / float(rows["weight"].sum())
    assert about["cost_false_positive"] == pytest.approx(share)
    # No alarm of this world comes more than twenty steps late.
    recall = evaluate(TASK, answers, alarms, replicates=0).scores["recall"].value
    assert list(about["recall_by_delay"]) == ["0", "1", "2", "5", "10", "20", "50"]
    assert list(about["recall_by_delay"].values()) == sorted(about["recall_by_delay"].values())
    assert about["recall_by_delay"]["20"] == pytest.approx(recall)
    assert 0 < about["recall_by_delay"]["0"] < recall


def test_every_metric_has_an_interval_and_two_methods_are_compared_in_pairs() -> None:
    answers, alarms = world()
    found = evaluate(TASK, answers, alarms, replicates=100)
    assert next(iter(found.scores)) == "f_latency"
    for score in found.scores.values():
        assert score.value is not None
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.value <= score.high
    late = alarms.with_columns(pl.col("step") + 15)
    (one,) = compare(TASK, answers, {"early": alarms, "late": late}, "early", replicates=200)
    assert one.metric == "f_latency"
    assert one.significant
    assert one.difference is not None
    assert one.difference < 0


def test_unknown_labels_are_left_out_and_counted() -> None:
    answers, alarms = world()
    unknown = pl.col("chat") < 100
    frame = answers.frame.with_columns(
        pl.when(unknown).then(None).otherwise(name).alias(name) for name in ("label", "onset")
    )
    partly = evaluate(TASK, Answers(kinds.ALARMS, "chat", frame), alarms, replicates=0)
    assert "100 test rows have no known label and are not scored" in partly.warnings
    kept = Answers(kinds.ALARMS, "chat", answers.frame.filter(~unknown))
    assert partly.scores == evaluate(TASK, kept, alarms.filter(~unknown), replicates=0).scores


def test_a_test_part_without_a_positive_gives_no_score_and_says_so() -> None:
    found = evaluate(
        TASK,
        case_from([(None, 3, 0, 1), (None, None, 1, 1)]).answers,
        pl.DataFrame({"chat": [0, 1], "step": pl.Series([3, None], dtype=pl.Int32)}),
        replicates=0,
    )
    assert found.scores["f_latency"].value is None
    assert any("f_latency" in warning and "undefined" in warning for warning in found.warnings)
