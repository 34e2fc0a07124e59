"""Score a run on the valid part too: what methods are tuned by, so that nobody tunes on the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Score, check_predictions, primary_score
from tipbench.runs.cell import Cell
from tipbench.runs.predicting import predicted
from tipbench.runs.results import Result, read_valid
from tipbench.task import Task

NO_VALID = "no validation score: the split has no valid part"
NO_TRUTH_THERE = "no validation score: nothing in the valid part can be scored ({})"
FAILED = "no validation score: {} failed when it was asked for the valid part ({}: {})"


@dataclass(frozen=True)
class Validated:
    """The primary metric on the valid part; predictions that had to be asked for, None where the test's hold them."""

    score: Score
    predictions: pl.DataFrame | None = None


def validate(
    prepared: Prepared,
    cell: Cell,
    predictions: pl.DataFrame,
    ask: Callable[[Prepared], pl.DataFrame],
) -> Validated:
    """Return the primary metric on the valid part, scored on the truth just as the test is.

    Args:
        prepared: the folds that the method was fitted on; their task is the one that the data were mapped to.
        cell: replicates of the interval and the method's name are read of it.
        predictions: those of the run, which hold the valid part where the task predicts it.
        ask: given the folds with valid in the place of the test, returns predictions for it.
    """
    task = prepared.task
    try:
        valid = prepared.validation
    except UsageError as error:
        return Validated(Score(None, note=NO_TRUTH_THERE.format(str(error).rstrip("."))))
    if valid is None:
        return Validated(Score(None, note=NO_VALID))
    if "valid" in task.predicted_parts:
        made = check_predictions(valid.answers, of_units(valid, predictions))
        return Validated(_score(task, valid, made, cell))
    try:
        made = check_predictions(valid.answers, ask(valid))
    except Exception as error:  # the run's own score is there and is not lost for it
        return Validated(Score(None, note=FAILED.format(cell.target, type(error).__name__, _line(error))))
    return Validated(_score(task, valid, made, cell), made)


def asked_of(method: Any, cell: Cell) -> Callable[[Prepared], pl.DataFrame]:
    """Return what asks a fitted method for the valid part."""
    return lambda valid: predicted(method, valid, 0, cell.target)


def kept_of(cell: Cell, result: Result) -> Callable[[Prepared], pl.DataFrame]:
    """Return what reads the predictions of the valid part that a run left, and raises UsageError where it left none."""

    def read(_: Prepared) -> pl.DataFrame:
        kept = read_valid(cell.folder, result)
        if kept is None:
            raise UsageError("the run left none")
        return kept

    return read


def of_units(prepared: Prepared, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return the predictions of the units that there is truth about."""
    key = prepared.answers.kind.key(prepared.answers.unit)
    if key not in predictions.columns:
        return predictions  # the check of predictions says what is missing
    wanted = prepared.answers.frame.select(pl.col(prepared.answers.unit).alias(key))
    return predictions.join(wanted, on=key, how="semi", maintain_order="left")


def _score(task: Task, valid: Prepared, checked: pl.DataFrame, cell: Cell) -> Score:
    replicates = cell.config["replicates"]
    return primary_score(task, valid.answers, checked, replicates=replicates, checked=True)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or "no message"
