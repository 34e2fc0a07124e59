"""``scores.json``: what a round's submissions score, as everyone is shown it and can compute it once it is revealed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from tipbench.evaluation.evaluation import Evaluation
from tipbench.kinds.answers import Answers
from tipbench.runs.results import digest_of
from tipbench.task import Task
from tipbench.tasks import tasks
from tipbench.version import __version__
from tipcore.errors import UsageError

from tipboard.rounds.damage import RESTORE, check_file
from tipboard.rounds.host import read_answers
from tipboard.rounds.ledger import HandedIn
from tipboard.rounds.record import DOMAIN, PREDICTIONS, SCORES, Round, read
from tipboard.rounds.submissions import FILE, read_file, score_predictions


class ShownScore(BaseModel):
    """A metric's value with its 95% interval, rounded; note says why one is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None


class ScoredEntry(BaseModel):
    """One submission's scores by task, seed and metric."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: str
    turn: int
    counts: list[str] = Field(description="tasks of which it is the team's last")
    method: str
    access: str = Field(description="as declared; nobody can check it")
    taken_in: datetime
    files: dict[str, str] = Field(description="path -> SHA-256 of the predictions as they were handed in")
    number: int | None = Field(default=None, description="of all submissions, from 1; absent in older files")
    kept: dict[str, str] = Field(
        default={}, description="path -> SHA-256 of the copy that was scored and is published at the reveal"
    )
    note: str | None = Field(
        default=None, description="why it has no scores: void, or it could not be scored"
    )
    scores: dict[str, dict[str, dict[str, ShownScore]]]


class Scores(BaseModel):
    """``scores.json``: all submissions to a round, in the order taken in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = DOMAIN
    name: str
    commitment: str
    evaluator: str = Field(
        default=__version__, description="version of the tipbench that scored it; 0.3.0 in older files"
    )
    entries: list[ScoredEntry]


def shown_of(task: Task, answers: Answers, path: Path, described: Round) -> dict[str, ShownScore]:
    """Return the scores of a file as they are shown. Raises one of
    :data:`tipboard.submissions.problems.SCORING_FAILS` where JSON cannot hold them."""
    shown = rounded(score_predictions(task, answers, read_file(path)), described.rules.decimals)
    for name, one in shown.items():
        if not all(value is None or math.isfinite(value) for value in (one.value, one.low, one.high)):
            raise ValueError(f"{name} is not finite")
    return shown


def scores_of(
    entry: HandedIn | ScoredEntry, folder: Path, described: Round, answers_of: Callable[[str], Answers]
) -> dict[str, dict[str, dict[str, ShownScore]]]:
    """Return the scores of an entry's kept files by task, seed and metric, as they are shown.

    Raises MachineFault for a file that is damaged or not there, and otherwise as :func:`shown_of`.
    """
    found: dict[str, dict[str, dict[str, ShownScore]]] = {}
    for name in entry.files:
        place = matched(entry, name)
        kept = entry.kept.get(name)
        check_file(folder / name, kept and kept.removeprefix("sha256:"), RESTORE)
        task = tasks()[place[1]]
        shown = shown_of(task, answers_of(task.name), folder / name, described)
        found.setdefault(task.name, {})[f"s{place[2]}"] = shown
    return found


def matched(entry: HandedIn | ScoredEntry, name: str) -> re.Match[str]:
    found = FILE.fullmatch(name)
    if found is None:
        raise UsageError(
            f"{name} of submission {entry.number} is not a file of predictions: restore the ledger."
        )
    return found


def tasks_of(entry: HandedIn) -> set[str]:
    return {matched(entry, name)[1] for name in entry.files}


def rounded(evaluation: Evaluation, decimals: int) -> dict[str, ShownScore]:
    """Return values and ends of intervals to so many decimals, and nothing else: no groups, curves or references."""

    def short(value: float | None) -> Any:
        return None if value is None else round(value, decimals)

    return {
        name: ShownScore(value=short(one.value), low=short(one.low), high=short(one.high), note=one.note)
        for name, one in evaluation.scores.items()
    }


def score_differences(folder: Path, described: Round) -> list[str]:
    """Return where ``scores.json`` of a revealed round is not what its published predictions score.

    Submissions are numbered from 1 without a gap, so that none can be dropped. A file from before predictions were
    published says no numbers, and nothing can be compared.
    """
    if not (folder / SCORES).is_file():
        return []
    scores: Scores = read(folder / SCORES, Scores, "scored round")
    if any(entry.number is None for entry in scores.entries):
        return []
    there = {int(one.name) for one in (folder / PREDICTIONS).glob("*") if one.name.isdigit()}
    numbers = {entry.number for entry in scores.entries if entry.number is not None}
    lacking = sorted((there | set(range(1, max(numbers, default=0) + 1))) - numbers)
    found = [f"{SCORES}: lacks submission {number}" for number in lacking]
    answers_of = cache(partial(read_answers, folder))
    for entry in scores.entries:
        found += _entry_differences(folder / PREDICTIONS / str(entry.number), entry, described, answers_of)
    return found


def _entry_differences(
    place: Path, entry: ScoredEntry, described: Round, answers_of: Callable[[str], Answers]
) -> list[str]:
    where = f"{PREDICTIONS}/{entry.number}"
    for name, digest in entry.kept.items():
        if not (place / name).is_file():
            return [f"{where}/{name}: is missing"]
        if digest_of((place / name).read_bytes()) != digest:
            return [f"{where}/{name}: is not what {SCORES} says was scored"]
    if entry.note is not None:
        return []
    made = scores_of(entry, place, described, answers_of)
    return (
        []
        if made == entry.scores
        else [f"{SCORES}: the scores of submission {entry.number} are not those of {where}"]
    )
