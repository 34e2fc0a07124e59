"""What a team hands in: a submission whose data is the round and whose only split is ``sealed``.

It is read and checked as every submission is (:mod:`tipboard.submissions.check`): by its authors against the published
units, by the host against the answers, of which only the keys are used until the round closes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import PredictionsRefused, check_predictions
from tipbench.task import Task
from tipcore.errors import UsageError
from tipcore.table_files import UNREADABLE, error_line, read_parquet

from tipboard.rounds.folds import blank_answers
from tipboard.rounds.record import Round, read_round
from tipboard.submissions.check import SubmissionTruth, TruthOf, check
from tipboard.submissions.files import limits_of
from tipboard.submissions.record import SubmissionRecord
from tipboard.submissions.terms import SEALED_SPLIT

SPLIT = SEALED_SPLIT
FILE = re.compile(rf"([a-z_]+)/{SPLIT}/s(\d+)\.parquet")

AnswersOf = Callable[[str], Answers]
"""A task's answers by its name."""


@dataclass(frozen=True)
class Submission:
    """A folder that was found well-formed. ``files``: by name the clean file, which the caller owns; ``given`` and
    ``kept``: by name the digests of what was handed in and of the clean file."""

    folder: Path
    record: SubmissionRecord
    files: Mapping[str, Path]
    given: dict[str, str]
    kept: dict[str, str]


def read_submission(folder: Path, described: Round, answers_of: AnswersOf, workdir: Path) -> Submission:
    """Return a submission whose every file can be scored.

    Args:
        folder: with ``submission.json``.
        described: the round.
        answers_of: the answers of a task, of which only the keys are used.
        workdir: an empty folder for clean copies of the predictions.

    Raises:
        UsageError, Refused: for anything that is not as it should be; nothing that is said depends on the truth.
    """
    truth = round_truth(described, answers_of)
    checked = check(folder, truth=truth, limits=limits_of(described.size), workdir=workdir, quiet=True)
    return Submission(
        folder,
        checked.record,
        files={one.entry.file: one.predictions for one in checked.scored if one.predictions is not None},
        given={one.entry.file: one.entry.digest for one in checked.scored},
        kept={one.entry.file: one.result.predictions.digest for one in checked.scored},
    )


def published_truth(round_folder: Path) -> TruthOf:
    """Return what an author can check a submission against without the secret: the published units.

    Raises UsageError for a folder that is not a round.
    """
    described = read_round(round_folder)
    return round_truth(described, lambda task: blank_answers(task, round_folder))


def round_truth(described: Round, answers_of: AnswersOf) -> TruthOf:
    """Return keys of a round's units for :func:`tipboard.submissions.check.check`; nothing is scored."""

    def answers(task: Task) -> Answers:
        if task.name not in described.tasks:
            raise UsageError(f"{task.name} is not a task of the round: it has {', '.join(described.tasks)}.")
        return answers_of(task.name)

    def prepared(task: Task, split: str) -> Prepared:
        name = f"round/{described.name}"
        return Prepared(task, [], answers(task), data=name, split=split, labels="", access="")

    def of(record: SubmissionRecord) -> SubmissionTruth:
        if record.data != f"round/{described.name}":
            raise UsageError(f"data: it is {record.data} and this is round/{described.name}.")
        return SubmissionTruth(
            record.data,
            prepared,
            units=lambda task: answers(task).frame.height,
            check=lambda task, predictions: check_steps(task, predictions, described),
            scored=False,
        )

    return of


def read_file(path: Path) -> pl.DataFrame:
    """Return predictions from a parquet file. Raises UsageError for a file that is none."""
    try:
        return read_parquet(path)
    except UNREADABLE as error:
        raise UsageError(f"{path} is not a whole parquet file: {error_line(error)}.") from None


def check_steps(task: Task, predictions: pl.DataFrame, described: Round) -> None:
    """Refuse alarms after the end of the prefix. Raises PredictionsRefused."""
    length = described.prefixes.get(task.name)
    if length is None or not {"step", task.unit} <= set(predictions.columns):
        return
    if not predictions.schema["step"].is_integer():
        return
    late = predictions.filter(pl.col("step") > length)
    if late.height:
        raise PredictionsRefused(
            f"{late.height:,} steps are beyond {length}, where every prefix ends (first: {task.unit} "
            f"{late[task.unit][0]}): leave null where there is no alarm by then."
        )


def score_predictions(task: Task, answers: Answers, predictions: pl.DataFrame) -> Evaluation:
    """Return the scores of checked predictions, as the open track's are made."""
    return evaluate(task, answers, check_predictions(answers, predictions))
