"""Tasks and rows of a ground truth, made up for tests of metrics."""

from types import SimpleNamespace
from typing import Any

import polars as pl
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.metric import MetricInputs, make_inputs


def task_of_scores(unit: str = "advert", metrics: tuple[str, ...] = (), **more: Any) -> Any:
    """What scoring reads of a task."""
    told = {"kind": kinds.SCORES, "primary": "average_precision", "prevalence": None, "groups": ()}
    return SimpleNamespace(unit=unit, metrics=metrics, **{**told, "label_clusters": 0, **more})


def labelled(label: Any, unit: str = "advert", **columns: Any) -> pl.DataFrame:
    """Rows of the test part, each a cluster of its own and of weight one where the columns do not say otherwise."""
    rows = len(label)
    given = {"part": "test", "label": pl.Series(label).cast(pl.Int8), "cluster": range(rows), "weight": 1.0}
    return pl.DataFrame({unit: range(rows), **given, **columns})


def scored(frame: pl.DataFrame, scores: Any, task: Any) -> MetricInputs:
    """The rows beside their scores."""
    given = frame.select(task.unit, score=pl.Series(scores, dtype=pl.Float64))
    return make_inputs(task, Answers(task.kind, task.unit, frame), given)
