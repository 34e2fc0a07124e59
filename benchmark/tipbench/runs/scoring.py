"""Score what does not come from a run's test: predictions that were made elsewhere, and the valid part of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.progress import Advance, no_progress
from tipcore.table_files import read_own_file
from tipdata.stages import all_tables

from tipbench.data.custom.config import OwnData
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, primary_score
from tipbench.evaluation.evaluation import evaluate as evaluate_answers
from tipbench.kinds import KINDS
from tipbench.kinds.refusals import PredictionsRefused, check_predictions
from tipbench.loading import prepare
from tipbench.metrics.scores import Score
from tipbench.runs.cells import Cell
from tipbench.task import Source, Task
from tipbench.tasks import task_of

if TYPE_CHECKING:
    import pandas as pd


NO_VALID = "no validation score: the split has no valid part"
NO_TRUTH_THERE = "no validation score: nothing in the valid part can be scored ({})"
FAILED = "no validation score: {} failed when it was asked for the valid part ({}: {})"


def validate(
    prepared: Prepared, cell: Cell, predictions: pl.DataFrame, ask: Callable[[Prepared], pl.DataFrame]
) -> tuple[Score, pl.DataFrame | None]:
    """Return the primary metric on the valid part, scored on the truth just as the test is, and the predictions that
    had to be asked for, None where the test's hold them.

    ``predictions``: those of the run, which hold the valid part where the task predicts it; otherwise ``ask`` returns
    predictions for folds that have the valid part as test.
    """
    task = prepared.task
    score = partial(primary_score, task, replicates=cell.config["replicates"], checked=True)
    try:
        valid = prepared.validation
    except UsageError as error:
        return Score(value=None, note=NO_TRUTH_THERE.format(str(error).rstrip("."))), None
    if valid is None:
        return Score(value=None, note=NO_VALID), None
    if "valid" in task.predicted_parts:
        made = check_predictions(valid.answers, valid.answers.keep_answered(predictions))
        return score(valid.answers, made), None
    try:
        made = check_predictions(valid.answers, ask(valid))
    except Exception as error:  # the run's own score is there and is not lost for it
        said = " ".join(str(error).split())[:200] or "no message"
        return Score(value=None, note=FAILED.format(cell.target, type(error).__name__, said)), None
    return score(valid.answers, made), made


READABLE = (".parquet", ".csv")
SCORED_PARTS = ("test", "valid")
UNVERIFIED = "unverified: whether these predictions were made step by step cannot be told from a file"


def evaluate(
    task: str | Task,
    predictions: pl.DataFrame | pd.DataFrame,
    release: str | Source | None = "tiny",
    split: str = "auto",
    *,
    part: str = "test",
    own: OwnData | Mapping[str, Any] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score predictions for a task on a release, or on a user's own data.

    Args:
        task: a task, or its name.
        predictions: a polars or pandas frame in the columns of the task's kind, such as ``[advert, score]``; see
        :func:`tipbench.kinds.refusals.check_predictions`. Of pandas, whole numbers may be of any integer
        type, and the unit may be the index.
        release: a size, ``version/size`` or an open release; not used with ``own``.
        split: as of :func:`tipbench.loading.prepare`; the test is scored on truth, so labels do not matter.
        part: ``test``, or ``valid`` to tune a method: then the units of valid are scored, on their truth.
        own: a user's own data, as its config has it.
        replicates, seed: of the cluster bootstrap.

    Raises:
        UsageError: for malformed predictions, what ``prepare`` refuses, and a part that is neither or not there.

    >>> evaluate("advert_risk", predictions, release="tiny", part="valid").scores["auroc"]  # doctest: +SKIP
    """
    chosen = task_of(task)
    if part not in SCORED_PARTS:
        raise UsageError(f"part={part} cannot be scored: choose one of {', '.join(SCORED_PARTS)}.")
    prepared = prepare(chosen, release=None if own is not None else release, own=own, split=split)
    frame = as_polars(chosen, predictions)
    if part == "valid":
        if prepared.validation is None:
            raise UsageError(
                f"split={prepared.split} of {prepared.data} has no valid part: choose another split."
            )
        prepared = prepared.validation
        if "valid" in chosen.predicted_parts and isinstance(frame, pl.DataFrame):
            frame = prepared.answers.keep_answered(frame)  # predictions of a run hold valid and test
    return evaluate_prepared(chosen, prepared, frame, replicates, seed)


def as_polars(task: Task, frame: pl.DataFrame | pd.DataFrame) -> pl.DataFrame:
    """Return predictions in polars, from pandas with the unit from the index where it is there, keys in the width of
    the task's table, and NaN as null. Raises UsageError for keys that are not whole numbers."""
    if isinstance(frame, pl.DataFrame) or type(frame).__module__.partition(".")[0] != "pandas":
        return frame  # type: ignore[return-value] # the check of predictions refuses what is not a frame
    if frame.index.name is not None and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    found = pl.from_pandas(frame)
    whole = [  # pandas writes whole numbers beside missing ones as floats
        name
        for name in ("step", task.unit)
        if name in found.columns and found.schema[name].is_float() and (found[name] % 1 == 0).all()
    ]
    found = found.with_columns(pl.col(name).cast(pl.Int64) for name in whole)
    return _in_width(found, task, "the pandas frame")


def evaluate_prepared(
    task: Task,
    prepared: Prepared,
    predictions: pl.DataFrame,
    replicates: int = 1000,
    seed: int = 0,
    open_entry: bool = False,
    advance: Advance = no_progress,
) -> Evaluation:
    """Score predictions against answers that are there already; units of own data may be named as the user does.

    ``open_entry``, ``advance``: as of :func:`tipbench.evaluation.evaluation.evaluate`.
    """
    predictions = _numbered(task, prepared, predictions)
    answers = prepared.answers_to(predictions)
    how = {"replicates": replicates, "seed": seed, "open_entry": open_entry, "advance": advance}
    found = evaluate_answers(task, answers, predictions, **how)
    return replace(found, warnings=[UNVERIFIED, *found.warnings]) if task.stream else found


def _numbered(task: Task, prepared: Prepared, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return units that are given by the user's own ids, in the numbers that they stand for."""
    names = prepared.names
    if names is None:
        return predictions
    for key in (task.unit, "query", "candidate"):
        if key not in predictions.columns or predictions.schema[key] != pl.String:
            continue
        numbers = names.select(pl.col("name").alias(key), pl.col(task.unit).alias("_number"))
        joined = predictions.join(numbers, on=key, how="left", maintain_order="left")
        unknown = joined.filter(pl.col("_number").is_null())[key]
        if len(unknown):
            first = ", ".join(map(str, unknown.head(3)))
            raise PredictionsRefused(
                f"{len(unknown):,} of {predictions.height:,} rows name no {key} that the data "
                f"has ({first}); it has {names.height:,}, such as {names['name'][0]}."
            )
        predictions = joined.drop(key).rename({"_number": key})
    return predictions


def read_predictions_file(path: str, task: Task | None = None) -> pl.DataFrame:
    """Return a parquet or CSV file of predictions, read in a process of its own, which a damaged file may end.

    In CSV, keys are Int64 where all are integers, scores are numbers, and a column of steps without any is one without
    alarms; with ``task``, keys get the width of the task's table. Raises UsageError for a file that is absent, empty,
    of another kind, or not well-formed.
    """
    file = expand_home(path)
    if not file.is_file():
        raise UsageError(f"{path} is not a file: give the parquet or CSV file that holds the predictions.")
    if file.suffix.lower() not in READABLE:
        raise UsageError(f"{path} is neither .parquet nor .csv: convert it to one of them.")
    if not file.stat().st_size:
        raise UsageError(f"{path} is empty: give a file with predictions.")
    kind = file.suffix.lower()[1:]
    frame = read_own_file(file, kind)
    if kind == "parquet":
        return frame
    frame = frame if task is None else _in_width(frame, task, path)
    if "step" in frame.columns and frame["step"].null_count() == frame.height:
        return frame.with_columns(pl.col("step").cast(pl.Int32))
    numbers = [n for n in frame.columns if any(kind.is_number(n) for kind in KINDS.values())]
    # A column of nulls alone is read as text.
    return frame.with_columns(
        pl.col(n).cast(pl.Float64)
        for n in numbers
        if frame.schema[n].is_integer() or frame[n].null_count() == frame.height
    )


def _in_width(frame: pl.DataFrame, task: Task, path: str) -> pl.DataFrame:
    """Return integer keys in the width that the task's table has."""
    table = all_tables().get(task.table)
    key = None if table is None else table.schema.get(task.unit)
    if frame.schema.get(task.unit) != pl.Int64 or key is None:
        return frame
    try:
        return frame.with_columns(pl.col(task.unit).cast(key))
    except pl.exceptions.InvalidOperationError:
        raise UsageError(
            f"{path} has a {task.unit} that is not an {key}: give the keys of {task.name}."
        ) from None
