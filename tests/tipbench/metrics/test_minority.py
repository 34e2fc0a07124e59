"""F1 at the threshold of the valid part, and recall by typology."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.minority import f1_threshold


@dataclass(frozen=True)
class Risk:
    kind: kinds.PredictionKind = kinds.SCORES
    unit: str = "payment"
    primary: str = "average_precision"
    prevalence: float | None = 0.002
    groups: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("average_precision", "f1")


def scored(
    part: list[str], label: list[int], score: list[float], typology: list[str | None] | None = None
) -> Evaluation:
    rows = len(part)
    frame = pl.DataFrame(
        {
            "payment": range(rows),
            "part": part,
            "label": pl.Series(label, dtype=pl.Int8),
            "cluster": range(rows),
            "weight": [1.0] * rows,
        }
    )
    if typology is not None:
        frame = frame.with_columns(pl.Series("typology", typology, dtype=pl.String))
    predictions = frame.select("payment", score=pl.Series(score, dtype=pl.Float64))
    return evaluate(Risk(), Answers(kinds.SCORES, "payment", frame), predictions, replicates=0)


def f1(label: np.ndarray, flagged: np.ndarray) -> float:
    return 2 * (label & flagged).sum() / (label.sum() + flagged.sum())


examples = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40).filter(
    lambda rows: any(label for label, _ in rows)
)


@given(examples)
def test_no_other_threshold_does_better_and_it_is_the_highest_of_equals(rows: list[tuple[bool, int]]) -> None:
    label = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)
    chosen = f1_threshold(score, label)
    values = {float(t): f1(label, score >= t) for t in np.unique(score)}
    best = max(values.values())
    assert values[chosen] == pytest.approx(best)
    assert chosen == max(t for t, value in values.items() if value >= best - 1e-12)


@given(examples)
def test_a_monotone_transform_and_the_order_of_rows_change_nothing(rows: list[tuple[bool, int]]) -> None:
    label = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)
    flagged = score >= f1_threshold(score, label)
    other = np.exp(score)
    assert (flagged == (other >= f1_threshold(other, label))).all()
    assert f1_threshold(score[::-1], label[::-1]) == f1_threshold(score, label)


def test_f1_is_that_of_the_test_part_at_the_valid_parts_threshold() -> None:
    part = ["valid"] * 4 + ["test"] * 5
    label = [1, 1, 0, 0, 1, 1, 0, 0, 0]
    found = scored(part, label, [0.9, 0.6, 0.5, 0.1, 0.7, 0.2, 0.6, 0.3, 0.1])
    # Threshold .6: two are flagged, one of them rightly; one of two positives is found.
    assert found.scores["f1"].value == pytest.approx(0.5)


def test_f1_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    generator = np.random.default_rng(0)
    label = (generator.random(800) < 0.1).astype(int)
    score = label * 0.3 + generator.random(800)
    part = np.where(np.arange(800) < 300, "valid", "test")
    valid = part == "valid"
    flagged = score >= f1_threshold(score[valid], label[valid] == 1)
    found = scored(part.tolist(), label.tolist(), score.tolist()).scores["f1"].value
    assert found == pytest.approx(f1_score(label[~valid], flagged[~valid]), abs=1e-12)


def test_a_constant_score_flags_everything() -> None:
    found = scored(["valid"] * 3 + ["test"] * 4, [1, 0, 0, 1, 0, 0, 0], [0.5] * 7)
    assert found.scores["f1"].value == pytest.approx(2 / 5)


def test_without_a_positive_in_valid_there_is_no_threshold_and_it_is_said() -> None:
    found = scored(["valid", "valid", "test", "test"], [0, 0, 1, 0], [0.1, 0.2, 0.3, 0.4]).scores["f1"]
    assert found.value is None
    assert "no positive in the valid part" in str(found.note)
    assert "no valid part" in str(scored(["test", "test"], [1, 0], [0.3, 0.4]).scores["f1"].note)


def test_recall_is_told_by_typology() -> None:
    part = ["valid"] * 3 + ["test"] * 4
    typology = ["funnel", None, None, "funnel", "funnel", "layering", None]
    found = scored(part, [1, 0, 0, 1, 1, 1, 0], [0.5, 0.2, 0.1, 0.9, 0.3, 0.8, 0.1], typology).groups
    assert found["typology=funnel"]["recall_at_f1"] == pytest.approx(0.5)
    # One percent of three rows of valid is none of them: the budget's threshold is just above the highest there.
    layering = {"recall": 1.0, "recall_at_f1": 1.0, "positives": 1, "positive_clusters": 1}
    assert found["typology=layering"] == layering


def test_tasks_that_do_not_name_it_are_not_given_it() -> None:
    @dataclass(frozen=True)
    class Other(Risk):
        metrics: tuple[str, ...] = ("average_precision",)

    frame = pl.DataFrame(
        {
            "payment": [0, 1, 2],
            "part": ["valid", "test", "test"],
            "label": pl.Series([1, 1, 0], dtype=pl.Int8),
            "cluster": [0, 1, 2],
            "weight": [1.0] * 3,
        }
    )
    predictions = pl.DataFrame({"payment": [0, 1, 2], "score": [0.1, 0.2, 0.3]})
    found = evaluate(Other(), Answers(kinds.SCORES, "payment", frame), predictions, replicates=0)
    assert "f1" not in found.scores
