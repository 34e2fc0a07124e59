"""Folds that are made by hand, and what a method predicts of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score
from tipbench.data.fold import Fold
from tipbench.tasks import task_of


def make_fold(
    task: str,
    units: pl.DataFrame,
    labels: Any = None,
    parts: Sequence[str] | None = None,
    train: float = 0.0,
    **tables: pl.DataFrame,
) -> Fold:
    """Return a fold over the rows of a task's table of units.

    ``parts``: of each unit; else the first share is ``train`` and all others are test. ``labels``: of each unit, 0
    where none are given; those of test are hidden.
    """
    problem = task_of(task)
    share = np.where(np.arange(units.height) < units.height * train, "train", "test")
    part = units.select(problem.unit, pl.Series("part", share if parts is None else parts))
    label = pl.Series("label", np.zeros(units.height) if labels is None else labels, dtype=pl.Int64)
    known = part.with_columns(label).filter(pl.col("part") != "test")
    shown = {problem.table: units, **tables}
    return Fold(problem, {name: frame.lazy() for name, frame in shown.items()}, part, known)


def predict(method: Any, fold: Fold, seed: int = 0) -> pl.DataFrame:
    """Fit a method and return its predictions, sorted by unit."""
    method.fit(fold, seed)
    return method.predict(fold).sort(fold.task.unit)


def auroc(method: Any, fold: Fold, label: np.ndarray) -> float:
    """Return the AUROC of a method whose units are numbered as ``label``."""
    found = predict(method, fold)
    return float(roc_auc_score(label[found[fold.task.unit].to_numpy()], found["score"]))
