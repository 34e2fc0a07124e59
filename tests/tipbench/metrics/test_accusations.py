"""What a find costs the lawful, against counts made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.accusations import METRICS, NO_LAWFUL, NO_OPERATION, SEVERAL_FOLDS, measure
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.finds import FEW_FINDS, NO_FINDS
from tipbench.metrics.inputs import inputs_of
from tipbench.metrics.registry import metric_of
from tipbench.tasks import tasks

TASK = tasks()["advert_risk"]
NAMES = [metric.name for metric in METRICS]
OPERATIONS = [  # (operation, group, scores of its adverts)
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


def frame(operations: list[tuple[int, str, list[float]]] = OPERATIONS) -> tuple[pl.DataFrame, pl.Series]:
    rows = [(cluster, group, score) for cluster, group, scores in operations for score in scores]
    made = pl.DataFrame(rows, ["cluster", "group", "score"], orient="row").with_row_index("advert")
    made = made.with_columns(
        pl.col("advert").cast(pl.Int64),
        part=pl.lit("test"),
        label=(pl.col("group") == "trafficking").cast(pl.Int8),
        weight=1.0 / (1 + pl.col("advert") % 3),
    )
    return made.drop("score"), made["score"]


def measured(made: pl.DataFrame, scores: pl.Series, task: Any = TASK):
    inputs = inputs_of(task, Answers(kinds.SCORES, "advert", made), made.select("advert", scores))
    found = measure(inputs)
    return found, observed(found.metrics, inputs.clusters.count)


def test_lawful_operations_ever_accused_are_counted_for_each_that_had_to_be_found() -> None:
    """By hand. A fifth of five is one: at .9 operations 11 and 21 are accused. Half of five, rounded up, is three: at
    .5 also 12; of the independents two in three, of businesses one in two. Spam counts nowhere."""
    found, values = measured(*frame())
    assert values == pytest.approx(dict(zip(NAMES, (2 / 1, 3 / 3, 2 / 3), strict=True)))
    assert found.groups["independent"] == pytest.approx(
        {"operations_accused_20": 1 / 3, "operations_accused_50": 2 / 3}
    )
    assert found.groups["lawful"] == pytest.approx(
        {"operations_accused_20": 0.4, "operations_accused_50": 0.6}
    )
    assert "spam" not in found.groups


def test_a_constant_score_accuses_everyone_and_ties_buy_nothing() -> None:
    made, scores = frame()
    _, values = measured(made, pl.Series("score", np.zeros(len(scores))))
    assert values == dict(zip(NAMES, (5 / 1, 5 / 3, 1.0), strict=True))


def test_a_monotone_transform_of_scores_and_the_order_of_rows_change_nothing() -> None:
    made, scores = frame()
    _, values = measured(made, scores)
    assert measured(made, (scores * 3).exp())[1] == values
    order = pl.Series(np.random.default_rng(1).permutation(made.height))
    assert measured(made[order], scores[order])[1] == values


def test_many_units_of_an_operation_are_one_find_and_one_accusation() -> None:
    repeated = [(cluster, group, scores * 5) for cluster, group, scores in OPERATIONS]
    assert measured(*frame(repeated))[1] == measured(*frame())[1]


def test_what_had_to_be_found_is_that_of_each_draw() -> None:
    """Without the operations 3, 4 and 5 half of two is one, at .9."""
    made, scores = frame()
    inputs = inputs_of(TASK, Answers(kinds.SCORES, "advert", made), made.select("advert", scores))
    clusters = sorted(made["cluster"].unique())
    drawn = np.array(
        [[0.0 if cluster in (3, 4, 5) else 1.0 for cluster in clusters], np.zeros(len(clusters))]
    )
    values = measure(inputs).metrics(drawn)
    assert values["accusations_per_find_50"][0] == 2.0
    assert values["worst_group_accused_50"][0] == 0.5
    assert all(np.isnan(values[name][1]) for name in NAMES)


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
    found, values = measured(made.with_columns(change), scores)
    assert found.withheld == dict.fromkeys(NAMES, reason)
    assert all(np.isnan(value) for value in values.values())


def test_a_task_whose_answers_know_no_groups_has_none_of_them() -> None:
    made, scores = frame()
    bare = Answers(kinds.SCORES, "advert", made.drop("group"))
    assert not set(NAMES) & set(evaluate(TASK, bare, made.select("advert", scores), replicates=0).scores)


def test_every_ranking_task_with_groups_lists_them_and_all_stand_beside_the_score() -> None:
    ranked = [task for task in tasks().values() if task.kind is kinds.SCORES]
    assert len(ranked) == 5
    assert all(set(NAMES) < set(task.metrics) for task in ranked)
    assert all(metric_of(name).beside and metric_of(name).lower_is_better for name in NAMES)


def crowd(scores: list[float], labels: list[int]) -> Any:
    """One queued advert an operation, negative ones by turns of independents and of businesses."""
    groups = [
        "trafficking" if label else ("independent", "business")[at % 2] for at, label in enumerate(labels)
    ]
    made = pl.DataFrame(
        {"advert": range(len(labels)), "label": pl.Series(labels, dtype=pl.Int8), "group": groups}
    )
    made = made.with_columns(
        part=pl.lit("test"), cluster="advert", weight=1.0, brigade=pl.lit(None, dtype=pl.Int64)
    )
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
