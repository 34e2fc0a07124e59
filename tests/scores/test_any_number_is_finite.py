"""Whatever is predicted, and whatever a test part holds, an evaluation says a finite number or none at all."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from made_up import made_up
from tipbench.evaluation.evaluation import evaluate
from tipbench.task import Task
from tipbench.tasks import tasks

MADE = [(task, name) for task in tasks().values() for name in made_up(task)]
ONE, THREE = (pl.int_range(pl.len()).over("part") < count for count in (1, 3))
ROWS = {"all": pl.lit(True), "one of each part": ONE, "three of each part": THREE}
OF_CLASS = {
    "no positive": (pl.col("part") != "test") | (pl.col("label") == 0),
    "no negative": (pl.col("part") != "test") | (pl.col("label") == 1),
}
SCORES = {
    "as they are": pl.col("score"),
    "all the same": pl.lit(0.5),
    "all zero": pl.lit(0.0),
    "upside down": 1 - pl.col("score"),
}


def strange(value: Any, place: str = "") -> Iterator[str]:
    """Yield where a document holds a number that is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{place} {value}"
    elif isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strange(inner, f"{place}/{key}")


@pytest.mark.parametrize(("task", "name"), MADE, ids=[f"{task.name}, {name}" for task, name in MADE])
def test_what_is_scored_of_little_truth_and_of_odd_scores_is_a_document(task: Task, name: str) -> None:
    answers, predictions = made_up(task)[name]
    if "part" not in answers.frame.columns or answers.unit not in predictions.columns:
        kept = {"all": (answers, predictions)}  # lists and links are of a gallery that goes with them
    else:
        kept = {}
        for which, rows in (ROWS | (OF_CLASS if answers.kind.labelled else {})).items():
            frame = answers.frame.filter(rows)
            wanted = pl.col(answers.unit).is_in(frame[answers.unit].implode())
            kept[which] = replace(answers, frame=frame), predictions.filter(wanted)
    for which, (truth, all_of_them) in kept.items():
        for scores in SCORES if "score" in predictions.columns else ["as they are"]:
            made = all_of_them
            if "score" in made.columns:
                made = made.with_columns(SCORES[scores].cast(pl.Float64).alias("score"))
            found = evaluate(task, truth, made, replicates=20).to_dict()
            assert not list(strange(found)), f"{which}, scores {scores}"
