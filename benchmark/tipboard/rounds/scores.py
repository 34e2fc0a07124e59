"""``scores.json``: what a round's submissions score, as everyone is shown it and can compute it once it is revealed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from tipbench.evaluation.evaluation import Evaluation
from tipbench.kinds.answers import Answers
from tipbench.metrics.scores import Score
from tipbench.task import Task
from tipbench.tasks import task_of
from tipbench.version import __version__
from tipcore.errors import UsageError

from tipboard.rounds.chain import Entered, Link, Voiding
from tipboard.rounds.damage import RESTORE, check_file
from tipboard.rounds.ledger import same_team
from tipboard.rounds.record import DOMAIN, Round
from tipboard.rounds.submissions import FILE, read_file, score_predictions
from tipboard.submissions.check import SCORING_FAILS

Found = dict[str, dict[str, dict[str, Score]]]
"""Scores by task, seed and metric."""


class ScoredEntry(Entered):
    """One submission's scores by task, seed and metric."""

    counts: list[str] = Field(description="tasks of which it is the team's last")
    number: int | None = Field(default=None, description="of all submissions, from 1")
    note: str | None = Field(
        default=None, description="why it has no scores: void, or it could not be scored"
    )
    scores: Found


class Scores(BaseModel):
    """``scores.json``: all submissions to a round, in the order taken in, and the chain that they are bound in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = DOMAIN
    name: str
    commitment: str
    evaluator: str = Field(default=__version__, description="version of the tipbench that scored it")
    entries: list[ScoredEntry]
    chain: list[Link] = Field(default=[], description="what was taken in and voided")


def shown_of(task: Task, answers: Answers, path: Path, described: Round) -> dict[str, Score]:
    """Return the scores of a file as they are shown. Raises one of
    :data:`tipboard.submissions.check.SCORING_FAILS` where JSON cannot hold them."""
    shown = rounded(score_predictions(task, answers, read_file(path)), described.rules.decimals)
    for name, one in shown.items():
        if not all(value is None or math.isfinite(value) for value in (one.value, one.low, one.high)):
            raise ValueError(f"{name} is not finite")
    return shown


def outcome_of(
    entry: Entered, folder: Path, described: Round, answers_of: Callable[[str], Answers]
) -> tuple[Found, str | None]:
    """Return the scores of an entry's kept files as they are shown, or none and why it could not be scored.

    Raises MachineFault for a file that is damaged or not there, UsageError for one that is no file of predictions.
    """
    try:
        return _scores_of(entry, folder, described, answers_of), None
    except SCORING_FAILS as error:
        return {}, f"could not be scored ({type(error).__name__})"


def _scores_of(entry: Entered, folder: Path, described: Round, answers_of: Callable[[str], Answers]) -> Found:
    found: Found = {}
    for name in entry.files:
        if (place := FILE.fullmatch(name)) is None:
            raise UsageError(f"{folder / name} is not a file of predictions: restore the ledger.")
        kept = entry.kept.get(name)
        check_file(folder / name, kept and kept.removeprefix("sha256:"), RESTORE)
        task = task_of(place[1])
        shown = shown_of(task, answers_of(task.name), folder / name, described)
        found.setdefault(task.name, {})[f"s{place[2]}"] = shown
    return found


def places_of(entry: Entered) -> set[tuple[str, str]]:
    """Return task and seed of each of an entry's files."""
    return {(found[1], f"s{found[2]}") for name in entry.files if (found := FILE.fullmatch(name))}


def counted(entry: ScoredEntry, entries: Iterable[ScoredEntry], voids: Mapping[int, Voiding]) -> list[str]:
    """Return the tasks that an entry has scores of and no later one of its team, void ones aside, has files of."""
    team = same_team(entry.team)
    later = [
        other
        for other in entries
        if same_team(other.team) == team and other.turn > entry.turn and other.number not in voids
    ]
    return sorted(entry.scores.keys() - {task for other in later for task, _ in places_of(other)})


def rounded(evaluation: Evaluation, decimals: int) -> dict[str, Score]:
    """Return values and ends of intervals to so many decimals, and nothing else: no groups, curves or references."""

    def short(value: float | None) -> Any:
        return None if value is None else round(value, decimals)

    return {
        name: Score.model_construct(
            value=short(one.value), low=short(one.low), high=short(one.high), note=one.note
        )
        for name, one in evaluation.scores.items()
    }
