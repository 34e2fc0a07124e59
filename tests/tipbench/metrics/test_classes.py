"""Claims about units of one class among several: what is right, class by class, and what a tie is worth."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from tipbench import kinds
from tipbench.evaluation.comparison import compare
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipcore.errors import UsageError

NAMES = ("blue", "green", "red")
TASK: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="item",
    primary="average_precision",
    prevalence=None,
    metrics=("average_precision", "accuracy", "macro_f1"),
    groups=(),
)


def answers(truth: list[int] | np.ndarray, part: str = "test") -> Answers:
    """Items of these classes, -1 where none is known."""
    classes = pl.Series(truth)
    labels = [
        pl.when(classes >= 0).then(classes == k).cast(pl.Int8).alias(f"label_{name}")
        for k, name in enumerate(NAMES)
    ]
    frame = pl.DataFrame({"item": np.arange(len(classes)), "part": part, "cluster": np.arange(len(classes))})
    return Answers(kinds.CLASSES, "item", frame.with_columns(*labels, weight=pl.lit(1.0)))


def given(scores: np.ndarray) -> pl.DataFrame:
    columns = {f"score_{name}": scores[:, k] for k, name in enumerate(NAMES)}
    return pl.DataFrame({"item": np.arange(len(scores)), **columns})


def drawn(seed: int = 0, items: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """True classes, the third of them rare; and scores that are right more often than not."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, items, p=[0.6, 0.33, 0.07])
    return truth, rng.random((items, 3)) + 0.4 * np.eye(3)[truth]


def scored(truth: list[int] | np.ndarray, scores: np.ndarray, replicates: int = 0) -> Evaluation:
    return evaluate(TASK, answers(truth), given(scores), replicates=replicates)


def value(found: Evaluation, name: str) -> float:
    number = found.scores[name].value
    assert number is not None
    return number


def test_both_metrics_and_each_class_are_those_of_an_independent_library() -> None:
    truth, scores = drawn()
    found, said = scored(truth, scores), scores.argmax(axis=1)
    assert value(found, "accuracy") == pytest.approx(accuracy_score(truth, said), abs=1e-12)
    assert value(found, "macro_f1") == pytest.approx(f1_score(truth, said, average="macro"), abs=1e-12)
    for k, name in enumerate(NAMES):
        group = found.groups[f"class={name}"]
        assert group["precision"] == pytest.approx(precision_score(truth == k, said == k), abs=1e-12)
        assert group["recall"] == pytest.approx(recall_score(truth == k, said == k), abs=1e-12)
        assert group["units"] == (truth == k).sum()


def test_accuracy_leads_and_nothing_is_said_of_average_precision() -> None:
    found = scored(*drawn())
    assert list(found.scores) == ["accuracy", "macro_f1"]
    assert found.primary_draws is not None
    assert found.primary_draws.value == value(found, "accuracy")


def test_a_constant_is_right_by_chance_and_a_tie_is_a_coins_toss() -> None:
    truth, _ = drawn()
    assert value(scored(truth, np.full((300, 3), 0.2)), "accuracy") == pytest.approx(1 / 3)
    two = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    # Half right, half right, none (the item is blue), all right.
    assert value(scored([0, 1, 0, 2], two), "accuracy") == pytest.approx(2 / 4)


def test_a_class_that_nobody_has_and_nobody_is_given_is_left_out_of_the_mean() -> None:
    scores = np.eye(3)[[0, 1, 1, 1]]
    # blue: F1 2/3, green: F1 4/5; red has no F1.
    assert value(scored([0, 0, 1, 1], scores), "macro_f1") == pytest.approx((2 / 3 + 4 / 5) / 2)
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
        assert score.low < value(scored(truth, scores), name) < score.high
    few = scored(truth[:12], scores[:12], 200)
    assert few.scores["accuracy"].low is None
    assert few.scores["accuracy"].note == "too few clusters"


def test_items_of_no_known_class_and_of_other_parts_are_not_scored() -> None:
    truth, scores = drawn()
    hidden = truth.copy()
    hidden[::2] = -1
    found = scored(hidden, scores)
    assert value(found, "accuracy") == pytest.approx((scores.argmax(axis=1) == truth)[1::2].mean())
    assert "150 test rows have no known class and are not scored" in found.warnings
    unknown = scored(np.full(300, -1), scores)
    assert unknown.scores["accuracy"].value is None
    assert unknown.scores["accuracy"].note == "no truth"


def test_methods_are_compared_by_accuracy() -> None:
    truth, scores = drawn()
    frames = {"good": given(scores), "constant": given(np.full((300, 3), 0.2))}
    [one] = compare(TASK, answers(truth), frames, "constant", replicates=200)
    assert one.metric == "accuracy"
    assert one.significant


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (given(drawn()[1]).drop("score_red"), "no column score_red among .*; classes need item, score_blue"),
        (given(drawn()[1]).with_columns(score_pink=pl.lit(0.1)), "score_pink of no known label"),
        (
            given(drawn()[1]).with_columns(score_red=pl.lit(float("nan"))),
            "300 of 300 values of score_red are NaN",
        ),
        (given(drawn()[1]).head(7), "293 missing"),
    ],
)
def test_malformed_predictions_are_refused_with_counts(frame: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        evaluate(TASK, answers(drawn()[0]), frame)
