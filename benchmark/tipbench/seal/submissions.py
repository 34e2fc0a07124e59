"""What a team hands in: ``submission.json`` and ``<task>/sealed/s<seed>.parquet``, checked before it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipdata.errors import UsageError

from tipbench.answers import Answers
from tipbench.evaluation import Evaluation, evaluate
from tipbench.predictions import check_predictions
from tipbench.seal.making import file_digest
from tipbench.seal.record import Round
from tipbench.task import Task, tasks

ABOUT, SPLIT = "submission.json", "sealed"
FILE = re.compile(rf"([a-z_]+)/{SPLIT}/s(\d+)\.parquet")
MIB = 1 << 20
LARGEST = {"tiny": 25 * MIB, "small": 25 * MIB, "full": 250 * MIB}
"""Bytes that a file of predictions may have."""


class About(BaseModel):
    """What a round needs to know of ``submission.json``, whatever else it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    team: str | None = Field(default=None, min_length=1, max_length=100)
    method: str = Field(min_length=1, max_length=200)
    access: str = "undeclared"


@dataclass(frozen=True)
class Predictions:
    """One file: which task and method seed it is for, its path below the folder, and its SHA-256."""

    task: str
    seed: int
    name: str
    digest: str


@dataclass(frozen=True)
class Submission:
    """A folder that was found well-formed."""

    folder: Path
    team: str
    about: About
    files: tuple[Predictions, ...]


def read_submission(
    folder: Path, described: Round, answers_of: Callable[[str], Answers], team: str | None = None
) -> Submission:
    """A submission whose every file can be scored.

    Args:
        answers_of: the answers of a task, of which only the keys are used.
        team: who hands it in, where the host knows better than the folder.

    Raises:
        UsageError: for anything that is not as it should be; nothing that is said depends on the truth.
    """
    about = _about(folder)
    who = team or about.team
    if who is None or not who.strip():
        raise UsageError(f'{folder / ABOUT} names no team: add "team", or say who it is with --team.')
    files = tuple(_files(folder, described))
    if not files:
        raise UsageError(f"{folder} has no predictions: put them at TASK/{SPLIT}/s0.parquet.")
    for one in files:
        _check(folder / one.name, tasks()[one.task], answers_of(one.task), described)
    return Submission(folder, who.strip(), about, files)


def _about(folder: Path) -> About:
    path = folder / ABOUT
    try:
        return About.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{folder} is no submission: give a folder that holds {ABOUT}.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise UsageError(f"{path} is malformed: {where}: {first['msg']}; correct it.") from None


def _files(folder: Path, described: Round) -> Iterator[Predictions]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise UsageError(f"{path} is a link: hand in the file itself.")
        if path.is_dir() or name == ABOUT:
            continue
        matched = FILE.fullmatch(name)
        if matched is None:
            raise UsageError(
                f"{path} is none of a round's files: predictions are at TASK/{SPLIT}/s0.parquet."
            )
        if matched[1] not in described.tasks:
            raise UsageError(
                f"{path}: {matched[1]} is no task of the round: it has {', '.join(described.tasks)}."
            )
        if path.stat().st_size > LARGEST[described.size]:
            raise UsageError(
                f"{path} is over {LARGEST[described.size] // MIB} MiB: keep scores as Float32 and drop other columns."
            )
        yield Predictions(matched[1], int(matched[2]), name, file_digest(path))


def read_file(path: Path) -> pl.DataFrame:
    """Predictions from a parquet file. Raises UsageError for a file that is none."""
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        said = (str(error).strip().splitlines() or ["no message"])[0][:160].rstrip(".")
        raise UsageError(f"{path} is no whole parquet file: {said}.") from None


def _check(path: Path, task: Task, answers: Answers, described: Round) -> None:
    predictions = read_file(path)
    try:
        checked = check_predictions(answers, predictions)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    check_steps(task, checked, described, str(path))


def check_steps(task: Task, predictions: pl.DataFrame, described: Round, where: str) -> None:
    """Refuse alarms after the end of the prefix. Raises UsageError."""
    length = described.prefixes.get(task.name)
    if length is None or "step" not in predictions.columns:
        return
    late = predictions.filter(pl.col("step") > length)
    if late.height:
        raise UsageError(
            f"{where}: {late.height:,} steps are beyond {length}, where every prefix ends (first: {task.unit} "
            f"{late[task.unit][0]}): leave null where there is no alarm by then."
        )


def score_predictions(task: Task, answers: Answers, predictions: pl.DataFrame) -> Evaluation:
    """The scores of checked predictions, as the open track's are made."""
    return evaluate(task, answers, check_predictions(answers, predictions))
