"""Predictions of a method for a sealed round: fitted on an open release, checked, written as a team hands them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from tipbench.config.methods import instantiate
from tipbench.fence import FILE_BYTES
from tipbench.fence.session import Limits
from tipbench.kinds.refusals import check_predictions
from tipbench.method import check_shape, is_oracle
from tipbench.runs.methods import fenced_method
from tipbench.runs.results import parquet_bytes
from tipbench.runs.streams import streamed_predictions
from tipbench.task import Source, Task
from tipbench.tasks import task_of
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

from tipboard.rounds.folds import SealedFold, sealed_fold
from tipboard.rounds.submissions import check_steps
from tipboard.rounds.truth import key_column


@dataclass(frozen=True)
class Ask:
    """What is run. ``method``: ``_target_`` and its arguments. ``fence``: limits of the fence that the method is put
    behind; None runs it in this process."""

    task: str
    method: dict[str, Any]
    split: str = "auto"
    labels: str = "auto"
    access: str = "auto"
    seed: int = 0
    fence: Limits | None = None


def predict(ask: Ask, round_folder: Path, release: str | Source) -> tuple[pl.DataFrame, SealedFold]:
    """Fit on the release's train and valid, predict the round's units; the predictions, by key, and the fold.

    Raises:
        UsageError: for an oracle, what :func:`tipboard.rounds.folds.sealed_fold` refuses, predictions that are not
        of the task's format, and where no fence can be built.
        MethodError: where a fenced method raised something.
    """
    if ask.fence is None:
        return _predict(ask, instantiate(ask.method), round_folder, release)
    with TemporaryDirectory(prefix="tipbench-fence-") as folder:
        method = fenced_method(
            ask.method, Path(folder), ask.fence, [round_folder.resolve()], size=FILE_BYTES["small"]
        )
        try:
            return _predict(ask, method, round_folder, release)
        finally:
            method.close()


def _predict(
    ask: Ask, method: Any, round_folder: Path, release: str | Source
) -> tuple[pl.DataFrame, SealedFold]:
    task, target = task_of(ask.task), ask.method["_target_"]
    check_shape(task, method, target)
    if is_oracle(method):
        raise UsageError(
            f"{target} is shown hidden truth, which a sealed round has none of: choose a method."
        )
    sealed = sealed_fold(
        task, round_folder, release, ask.split, ask.labels, ask.access, frozenset(method.needs)
    )
    fold, stream = sealed.fold, sealed.stream
    method.fit(fold, ask.seed)
    made = method.predict(fold) if stream is None else streamed_predictions(method, fold, stream, target)
    checked = check_predictions(sealed.blank, _of_units(task, made, sealed.units))
    check_steps(task, checked, sealed.round)
    sealed.notes.extend(note for note in getattr(method, "notes", ()) if note not in sealed.notes)
    return checked, sealed


def _of_units(task: Task, made: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return predictions about the sealed units: methods also predict the open valid part, and after every stop."""
    by = task.kind.key(task.unit)
    keys = units.select(pl.col(key_column(task)).alias(by))
    return made.join(keys, on=by, how="semi", maintain_order="left")


def write_predictions(path: Path, predictions: pl.DataFrame) -> None:
    """A parquet file, written beside its place and renamed. Raises UsageError where that cannot be."""
    if path.suffix != ".parquet":
        raise UsageError(
            f"--to {path} is not a .parquet file: name one, such as TEAM/TASK/sealed/s0.parquet."
        )
    write_file_atomically(path, parquet_bytes(predictions), advice="give another --to")
