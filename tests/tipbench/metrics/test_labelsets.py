"""Metrics of label sets against scikit-learn, against their definitions, and as properties."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from made_answers import labelled, task_of_scores
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    hamming_loss,
    precision_score,
    recall_score,
)
from tipbench import kinds
from tipbench.evaluation.comparison import compare
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.harm import NO_FINDS
from tipbench.metrics.labelsets import CAPACITY, LABELSET_METRICS, URGENCY_METRICS, measure_labelsets
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.ranking import NO_VALID_PART, reach_capacity
from tipcore.errors import UsageError

LABELSET_NAMES = ("shelter", "legal", "wages")
TASK = task_of_scores(
    *("contact", tuple(metric.name for metric in (*LABELSET_METRICS, *URGENCY_METRICS))),
    **{"kind": kinds.LABELSETS, "primary": "macro_average_precision"},
)


def frames(labels: np.ndarray, scores: np.ndarray, **more) -> tuple[Answers, pl.DataFrame]:
    """Answers and predictions of labels (rows, 3), nan where unknown, and scores (rows, 3)."""
    rows = len(labels)
    columns = {
        f"label_{n}": pl.Series(labels[:, k]).fill_nan(None).cast(pl.Int8)
        for k, n in enumerate(LABELSET_NAMES)
    }
    fixed = {
        "contact": np.arange(rows),
        "part": ["test"] * rows,
        "cluster": more.pop("cluster", np.arange(rows)),
        "weight": more.pop("weight", np.ones(rows)),
    }
    urgent = more.pop("score_urgency", None)
    answers = Answers(kinds.LABELSETS, "contact", pl.DataFrame({**fixed, **columns, **more}))
    given = {f"score_{n}": scores[:, k] for k, n in enumerate(LABELSET_NAMES)}
    given |= {} if urgent is None else {"score_urgency": np.asarray(urgent, dtype=float)}
    return answers, pl.DataFrame({"contact": np.arange(rows), **given})


def score(labels: np.ndarray, scores: np.ndarray, **more) -> Evaluation:
    return evaluate(TASK, *frames(labels, scores, **more), replicates=0)


def value_of(found: Evaluation, name: str) -> float:
    measured = found.scores[name].value
    assert measured is not None
    return measured


@st.composite
def cases(draw, largest: int = 30):
    """Labels and scores with many ties; every label has both classes."""
    rows = draw(st.integers(2, largest))
    labels = draw(npst.arrays(np.float64, (rows, 3), elements=st.sampled_from([0.0, 1.0])))
    labels[0], labels[1] = 1.0, 0.0
    scores = draw(npst.arrays(np.float64, (rows, 3), elements=st.integers(0, 4).map(lambda k: k / 4)))
    return labels, scores


@given(cases())
def test_the_metrics_are_those_of_scikit_learn(inputs) -> None:
    labels, scores = inputs
    found = score(labels, scores)
    given = scores >= 0.5
    expected = {
        "macro_average_precision": average_precision_score(labels, scores, average="macro"),
        "hamming_loss": hamming_loss(labels.astype(int), given.astype(int)),
        "micro_f1": f1_score(labels.astype(int), given.astype(int), average="micro"),
    }
    assert {name: value_of(found, name) for name in expected} == pytest.approx(expected, abs=1e-12)


def test_headline_weights_are_sample_weights() -> None:
    generator = np.random.default_rng(0)
    labels = (generator.random((400, 3)) < 0.3).astype(float)
    scores, weight = generator.random((400, 3)).round(1), generator.random(400) + 0.1
    found = score(labels, scores, weight=weight)
    by_label = [average_precision_score(labels[:, k], scores[:, k], sample_weight=weight) for k in range(3)]
    assert value_of(found, "macro_average_precision") == pytest.approx(np.mean(by_label), abs=1e-12)
    wrong = ((scores >= 0.5) != labels).mean(axis=1)
    assert value_of(found, "hamming_loss") == pytest.approx(np.average(wrong, weights=weight), abs=1e-12)
    assert found.groups["label=legal"]["average_precision"] == pytest.approx(by_label[1], abs=1e-12)
    assert found.groups["label=legal"]["prevalence"] == pytest.approx(
        np.average(labels[:, 1], weights=weight)
    )


@given(cases())
def test_a_constant_score_is_chance(inputs) -> None:
    labels, scores = inputs
    urgency = {"urgency": labels[:, 0].astype(np.int8) * 2, "score_urgency": [0.5] * len(labels)}
    found = score(labels, np.full_like(scores, 0.2), **urgency)
    assert value_of(found, "macro_average_precision") == pytest.approx(labels.mean(), abs=1e-12)
    assert value_of(found, "urgent_recall") == pytest.approx(CAPACITY, abs=1e-12)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(inputs, random) -> None:
    labels, scores = inputs
    urgency, slot = (labels.sum(axis=1) // 2 * 2).astype(np.int8), np.arange(len(labels)) % 3
    order = list(range(len(labels)))
    random.shuffle(order)
    one, other = (
        score(labels[at], scores[at], urgency=urgency[at], slot=slot[at], score_urgency=scores[at, 0])
        for at in (slice(None), order)
    )
    assert {n: s.value for n, s in one.scores.items()} == pytest.approx(
        {n: s.value for n, s in other.scores.items()}, abs=1e-12
    )


@given(cases(), st.integers(0, 1000))
def test_a_multiplicity_is_a_repetition_of_the_cluster_rows(inputs, seed: int) -> None:
    labels, scores = inputs
    generator = np.random.default_rng(seed)
    codes, times = generator.integers(0, 4, len(labels)), generator.integers(0, 3, 4)
    rows = np.repeat(np.arange(len(labels)), times[codes])
    if not any(0 < labels[rows, k].sum() < len(rows) for k in range(3)):
        return
    measured = measure_labelsets(make_inputs(TASK, *frames(labels, scores, cluster=codes)))
    present = np.unique(codes)
    drawn = measured.metrics(times[present][None].astype(float))
    copied = score(labels[rows], scores[rows])
    for name, one in copied.scores.items():
        expected = np.nan if one.value is None else one.value
        assert drawn[name][0] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_labels_that_are_not_known_are_left_out_one_by_one() -> None:
    generator = np.random.default_rng(1)
    labels = (generator.random((60, 3)) < 0.4).astype(float)
    scores = generator.random((60, 3))
    labels[generator.random((60, 3)) < 0.3] = np.nan
    found = score(labels, scores)
    known = ~np.isnan(labels)
    by_label = [average_precision_score(labels[known[:, k], k], scores[known[:, k], k]) for k in range(3)]
    assert value_of(found, "macro_average_precision") == pytest.approx(np.mean(by_label), abs=1e-12)
    wrong = (scores >= 0.5) != (labels == 1)
    assert value_of(found, "hamming_loss") == pytest.approx(wrong[known].mean(), abs=1e-12)


def test_a_label_of_one_class_is_left_out_of_the_mean() -> None:
    labels = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=float)
    scores = np.array([[0.9, 0.1, 0.2], [0.1, 0.9, 0.3], [0.8, 0.1, 0.4]])
    found = score(labels, scores)
    assert value_of(found, "macro_average_precision") == pytest.approx((1.0 + 1 / 3) / 2)
    assert found.groups["label=legal"]["average_precision"] is None


def test_nothing_with_both_classes_is_no_score() -> None:
    found = score(np.ones((3, 3)), np.full((3, 3), 0.7))
    assert found.scores["macro_average_precision"].value is None
    assert "both classes" in (found.scores["macro_average_precision"].note or "")


def test_decisions_are_withheld_where_scores_are_no_probabilities() -> None:
    generator = np.random.default_rng(2)
    found = score((generator.random((30, 3)) < 0.5).astype(float), generator.normal(size=(30, 3)) * 3)
    assert found.scores["hamming_loss"].value is None
    assert found.scores["macro_average_precision"].value is not None


def test_capacity_is_a_fifth_of_each_slot() -> None:
    # Ten in one week (two are reached), five in the next (one is).
    slot = pl.Series([1] * 10 + [2] * 5)
    score = np.concatenate([np.arange(10), np.arange(5)]).astype(float)
    share = reach_capacity(score, slot, np.ones(15), CAPACITY)
    assert share.tolist() == [0] * 8 + [1, 1] + [0] * 4 + [1]


def test_a_unit_that_capacity_cuts_counts_in_part() -> None:
    share = reach_capacity(np.array([3.0, 2.0, 1.0]), pl.Series([7, 7, 7]), np.ones(3), CAPACITY)
    assert share.tolist() == pytest.approx([0.6, 0, 0])


@given(st.integers(1, 25), st.integers(0, 1000))
def test_ties_share_what_random_orders_would_give_on_average(size: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 3, size).astype(float)
    expected, rounds = np.zeros(size), 400
    for _ in range(rounds):
        order = np.lexsort((generator.random(size), -scores))
        expected[order] += np.clip(CAPACITY * size - np.arange(size), 0, 1) / rounds
    share = reach_capacity(scores, pl.Series([0] * size), np.ones(size), CAPACITY)
    assert share.sum() == pytest.approx(CAPACITY * size, abs=1e-12)
    assert np.abs(share - expected).max() < 0.13


@given(npst.arrays(np.float64, st.integers(1, 40), elements=st.integers(-3, 3).map(float)))
def test_a_monotone_transform_of_urgency_changes_nothing(scores) -> None:
    slot, weight = pl.Series(np.arange(len(scores)) % 4), np.ones(len(scores))
    shares = [reach_capacity(by, slot, weight, CAPACITY).tolist() for by in (np.exp(scores), scores)]
    assert shares[0] == shares[1]


def test_urgent_recall_is_by_language_where_languages_are_large_enough() -> None:
    rows = 200
    urgency = np.array([2, 0] * 100, dtype=np.int8)
    language = ["fr"] * 100 + ["zh"] * 60 + ["ar"] * 40
    # French speakers who are urgent rank first, everybody else is alike.
    scores = np.where((np.array(language) == "fr") & (urgency == 2), 1.0, 0.0)
    more = {"urgency": urgency, "language": language, "score_urgency": scores}
    found = score(np.tile([[1.0, 0, 1], [0, 1, 0]], (100, 1)), np.full((rows, 3), 0.5), **more)
    assert found.groups["language=fr"] == pytest.approx({"urgent_recall": 0.8, "positive_clusters": 50})
    assert found.groups["language=ar"] == pytest.approx({"urgent_recall": 0.0, "positive_clusters": 20})
    assert value_of(found, "protection_gap") == pytest.approx(0.8)
    assert value_of(found, "urgent_recall") == pytest.approx(0.4)


def test_without_urgency_there_is_no_urgent_recall() -> None:
    found = score(np.array([[1.0, 0, 1], [0, 1, 0]]), np.full((2, 3), 0.5))
    assert "urgent_recall" not in found.scores


def test_the_oracle_share_lies_between_chance_and_the_posterior() -> None:
    generator = np.random.default_rng(3)
    odds = generator.normal(size=(500, 3)) * 2
    labels = (generator.random((500, 3)) < 1 / (1 + np.exp(-odds))).astype(float)
    columns = {f"oracle_log_odds_{n}": odds[:, k] for k, n in enumerate(LABELSET_NAMES)}
    perfect = score(labels, 1 / (1 + np.exp(-odds)), **columns)
    assert perfect.oracle["share"] == pytest.approx(1.0)
    chance = score(labels, np.full((500, 3), 0.5), **columns)
    assert chance.oracle["share"] == pytest.approx(0.0, abs=1e-12)
    assert chance.oracle["prior"] == pytest.approx(labels.mean())


def test_what_rests_on_fewer_than_twenty_people_has_a_value_and_no_interval() -> None:
    """A person may be in several rows: clusters count, not rows."""
    generator = np.random.default_rng(5)
    rows = 400
    labels = (generator.random((rows, 3)) < 0.4).astype(float)
    labels[:, 2] = np.arange(rows) < 30
    urgency = np.where(np.arange(rows) < 30, 2, 0).astype(np.int8)
    given = {"urgency": urgency, "score_urgency": generator.random(rows)}
    people = {15: np.concatenate([np.arange(30) // 2, np.arange(30, rows)]), 30: np.arange(rows)}
    for positive, cluster in people.items():
        answered = frames(labels, generator.random((rows, 3)), cluster=cluster, **given)
        found = evaluate(TASK, *answered, replicates=50).scores
        for name in ("macro_average_precision", "urgent_recall"):
            assert found[name].value is not None
            assert (found[name].low is None) == (positive < 20), name
        assert found["hamming_loss"].low is not None


def test_who_tells_nobody_apart_serves_all_languages_by_lot_and_has_no_protection_gap() -> None:
    """Within a slot: a score that is constant there and differs between slots ranks nobody either."""
    rows = 200
    labels, slot = np.tile([[1.0], [0.0]], (rows // 2, 3)), np.arange(rows) % 4
    language = np.array(["en", "es"])[np.arange(rows) // 100]
    more = {"urgency": np.full(rows, 2, np.int8), "slot": slot, "language": language}
    silent = score(labels, labels, score_urgency=slot / 4, **more).scores["protection_gap"]
    assert (silent.value, silent.note) == (None, NO_FINDS)
    spoken = score(labels, labels, score_urgency=np.arange(rows) / rows, **more).scores["protection_gap"]
    assert spoken.value == pytest.approx(0.4)


TUNED = task_of_scores(
    *("contact", ("macro_average_precision", "macro_f1")),
    **{"kind": kinds.LABELSETS, "primary": "macro_average_precision"},
)


def halves(seed: int = 0) -> tuple[np.ndarray, np.ndarray, Answers, pl.DataFrame]:
    """Labels and scores of 400 rows, the first half of which is valid; the third label is rare."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((400, 3)) < [0.4, 0.3, 0.05]).astype(float)
    scores = (labels + generator.random((400, 3))).round(1)
    answers, given = frames(labels, scores)
    part = pl.Series("part", ["valid"] * 200 + ["test"] * 200)
    return labels, scores, replace(answers, frame=answers.frame.with_columns(part)), given


def test_macro_f1_is_at_the_threshold_that_is_best_on_valid() -> None:
    labels, scores, answers, given = halves()
    expected = []
    for label, score_ in zip(labels.T, scores.T, strict=True):
        by_threshold = {t: f1_score(label[:200], score_[:200] >= t) for t in sorted(set(score_[:200]))[::-1]}
        best = max(by_threshold, key=lambda t: by_threshold[t])
        expected.append(f1_score(label[200:], score_[200:] >= best))
    found = evaluate(TUNED, answers, given, replicates=50)
    assert value_of(found, "macro_f1") == pytest.approx(np.mean(expected), abs=1e-12)
    assert found.groups["label=legal"]["f1"] == pytest.approx(expected[1], abs=1e-12)
    assert found.scores["macro_f1"].low is not None


def test_macro_f1_is_withheld_without_a_valid_part() -> None:
    labels = np.tile([[1.0, 0, 1], [0, 1, 0]], (30, 1))
    found = evaluate(TUNED, *frames(labels, labels), replicates=0).scores["macro_f1"]
    assert (found.value, found.note) == (None, NO_VALID_PART)


def test_labels_that_too_few_clusters_have_are_left_out_of_both_means() -> None:
    labels, _, answers, given = halves()
    few = int(labels[200:, 2].sum())
    tasks: list[Any] = [SimpleNamespace(**{**vars(TUNED), "label_clusters": n}) for n in (few, few + 1, 201)]
    of_all, without, none = (evaluate(task, answers, given, replicates=0) for task in tasks)
    for metric, of_label in (("macro_average_precision", "average_precision"), ("macro_f1", "f1")):
        by_label: Any = [of_all.groups[f"label={name}"][of_label] for name in LABELSET_NAMES]
        assert value_of(of_all, metric) == pytest.approx(np.mean(by_label))
        assert value_of(without, metric) == pytest.approx(np.mean(by_label[:2]))
    assert without.groups["label=wages"]["average_precision"] is None
    assert none.scores["macro_average_precision"].note == "no label has 201 clusters of the test part"


CLASSES_NAMES = ("blue", "green", "red")
CLASSES_TASK = task_of_scores("item", ("average_precision", "accuracy", "macro_f1"))


def answers(truth: list[int] | np.ndarray) -> Answers:
    """Items of these classes, -1 where none is known."""
    classes = pl.Series(truth)
    labels = [
        pl.when(classes >= 0).then(classes == k).cast(pl.Int8).alias(f"label_{name}")
        for k, name in enumerate(CLASSES_NAMES)
    ]
    frame = labelled([0] * len(classes), "item").drop("label")
    return Answers(kinds.CLASSES, "item", frame.with_columns(*labels))


def given_of_classes(scores: np.ndarray) -> pl.DataFrame:
    columns = {f"score_{name}": scores[:, k] for k, name in enumerate(CLASSES_NAMES)}
    return pl.DataFrame({"item": np.arange(len(scores)), **columns})


def drawn(seed: int = 0, items: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """True classes, the third of them rare; and scores that are right more often than not."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, items, p=[0.6, 0.33, 0.07])
    return truth, rng.random((items, 3)) + 0.4 * np.eye(3)[truth]


def scored(truth: list[int] | np.ndarray, scores: np.ndarray, replicates: int = 0) -> Evaluation:
    return evaluate(CLASSES_TASK, answers(truth), given_of_classes(scores), replicates=replicates)


def test_both_metrics_and_each_class_are_those_of_an_independent_library() -> None:
    truth, scores = drawn()
    found, said = scored(truth, scores), scores.argmax(axis=1)
    assert value_of(found, "accuracy") == pytest.approx(accuracy_score(truth, said), abs=1e-12)
    assert value_of(found, "macro_f1") == pytest.approx(f1_score(truth, said, average="macro"), abs=1e-12)
    for k, name in enumerate(CLASSES_NAMES):
        group = found.groups[f"class={name}"]
        assert group["precision"] == pytest.approx(precision_score(truth == k, said == k), abs=1e-12)
        assert group["recall"] == pytest.approx(recall_score(truth == k, said == k), abs=1e-12)
        assert group["units"] == (truth == k).sum()


def test_accuracy_leads_and_nothing_is_said_of_average_precision() -> None:
    found = scored(*drawn())
    assert list(found.scores) == ["accuracy", "macro_f1"]
    assert found.primary_draws is not None
    assert found.primary_draws.value == value_of(found, "accuracy")


def test_a_constant_is_right_by_chance_and_a_tie_is_a_coins_toss() -> None:
    truth, _ = drawn()
    assert value_of(scored(truth, np.full((300, 3), 0.2)), "accuracy") == pytest.approx(1 / 3)
    two = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    # Half right, half right, none (the item is blue), all right.
    assert value_of(scored([0, 1, 0, 2], two), "accuracy") == pytest.approx(2 / 4)


def test_a_class_that_nobody_has_and_nobody_is_given_is_left_out_of_the_mean() -> None:
    scores = np.eye(3)[[0, 1, 1, 1]]
    # blue: F1 2/3, green: F1 4/5; red has no F1.
    assert value_of(scored([0, 0, 1, 1], scores), "macro_f1") == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert scored([0, 0, 1, 1], scores).groups["class=red"] == {
        "precision": None,
        "recall": None,
        "units": 0.0,
    }


def test_intervals_hold_the_value_and_come_of_as_many_items_as_they_need() -> None:
    truth, scores = drawn()
    for name in ("accuracy", "macro_f1"):
        score = scored(truth, scores, 200).scores[name]
        assert score.low is not None
        assert score.high is not None
        assert score.low < value_of(scored(truth, scores), name) < score.high
    few = scored(truth[:12], scores[:12], 200)
    assert few.scores["accuracy"].low is None
    assert few.scores["accuracy"].note == "too few clusters"


def test_items_of_no_known_class_and_of_other_parts_are_not_scored() -> None:
    truth, scores = drawn()
    hidden = truth.copy()
    hidden[::2] = -1
    found = scored(hidden, scores)
    assert value_of(found, "accuracy") == pytest.approx((scores.argmax(axis=1) == truth)[1::2].mean())
    assert "150 test rows have no known class and are not scored" in found.warnings
    unknown = scored(np.full(300, -1), scores)
    assert unknown.scores["accuracy"].value is None
    assert unknown.scores["accuracy"].note == "no truth"


def test_methods_are_compared_by_accuracy() -> None:
    truth, scores = drawn()
    frames = {"good": given_of_classes(scores), "constant": given_of_classes(np.full((300, 3), 0.2))}
    [one] = compare(CLASSES_TASK, answers(truth), frames, "constant", replicates=200)
    assert one.metric == "accuracy"
    assert one.significant


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (
            given_of_classes(drawn()[1]).drop("score_red"),
            "no column score_red among .*; classes need item, score_blue",
        ),
        (given_of_classes(drawn()[1]).with_columns(score_pink=pl.lit(0.1)), "score_pink of no known label"),
        (
            given_of_classes(drawn()[1]).with_columns(score_red=pl.lit(float("nan"))),
            "300 of 300 values of score_red are NaN",
        ),
        (given_of_classes(drawn()[1]).head(7), "293 missing"),
    ],
)
def test_malformed_predictions_are_refused_with_counts(frame: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        evaluate(CLASSES_TASK, answers(drawn()[0]), frame)
