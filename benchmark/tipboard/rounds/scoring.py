"""Taking submissions in until a round closes, and scoring all of them afterwards.

Before the close nobody learns a score. After it every submission is scored and shown, in the order taken in; of each
team and task the *last* counts, so that nothing is gained by sending three and keeping the luckiest.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from tipbench.evaluation.evaluation import Evaluation
from tipbench.kinds.answers import Answers
from tipbench.tasks import tasks
from tipbench.version import __version__
from tipdata.core.atomic import write_file_atomically
from tipdata.core.engine import run_all
from tipdata.core.errors import UsageError
from tipdata.core.tables import TIERS

from tipboard.rounds.components import check_wheel
from tipboard.rounds.host import open_secret, published_folder, read_answers
from tipboard.rounds.ledger import SUBMISSIONS, HandedIn, Ledger, locked, write_ledger
from tipboard.rounds.record import DOMAIN, SCORES, Round, to_json
from tipboard.rounds.submissions import FILE, Submission, read_file, read_submission, score_predictions


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
    files: dict[str, str] = Field(description="path -> SHA-256 of the predictions")
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


@dataclass(frozen=True)
class TakenIn:
    """A submission that was taken in: the team's n-th submission."""

    folder: Path
    team: str
    turn: int


def take_in(
    secret: Path, folders: Sequence[Path], now: datetime, team: str | None = None
) -> tuple[Round, list[TakenIn]]:
    """Check submissions and keep copies of them, unscored.

    Args:
        now: the time, with its zone.
        team: who hands them in, where not as their ``submission.json`` says.

    Raises:
        UsageError: with another tipbench than the round's, after the close or the reveal, for a malformed submission
        (which does not count), a fourth one, and one that the team handed in before. Those before it in the list are
        taken in.
    """
    described, _ = open_secret(secret)
    check_wheel(described, "take submissions in")

    @cache
    def answers_of(name: str) -> Answers:
        return read_answers(secret, name)

    done = []
    for folder in folders:
        _check_open(described, now)
        with tempfile.TemporaryDirectory(prefix="tipbench-seal-") as work:
            found = read_submission(folder, described, answers_of, Path(work))
            with locked(secret) as ledger:
                _check_not_revealed(ledger, described)
                done.append(_enter(secret, ledger, found, team or found.record.team, described, now))
    return described, done


def _check_open(described: Round, now: datetime) -> None:
    if now.date() > described.closes:
        raise UsageError(
            f"round {described.name} closed on {described.closes}: no submission is taken in any more."
        )


def _check_not_revealed(ledger: Ledger, described: Round) -> None:
    if ledger.revealed is not None:
        raise UsageError(
            f"round {described.name} was revealed on {ledger.revealed} and is retired: start a new one."
        )


def _enter(
    secret: Path, ledger: Ledger, found: Submission, team: str, described: Round, now: datetime
) -> TakenIn:
    earlier = ledger.of_team(team)
    files = found.digests
    if same := next((entry for entry in earlier if entry.files == files), None):
        raise UsageError(f"{found.folder} is {team}'s submission {same.turn} again: nothing was counted.")
    most = described.rules.submissions
    if len(earlier) >= most:
        raise UsageError(
            f"{team} has handed in {most} of {most} submissions to round {described.name}: no more are taken in."
        )
    number, turn = len(ledger.entries) + 1, len(earlier) + 1
    kept = secret / SUBMISSIONS / str(number)
    shutil.rmtree(kept, ignore_errors=True)  # left by one who was interrupted before the ledger knew
    for name, (clean, _) in found.files.items():
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clean, kept / name)
    accesses = {one.access for one in found.record.predictions}
    entry = HandedIn(
        number=number,
        team=team,
        turn=turn,
        method=found.record.method,
        access=max(accesses, key=TIERS.index),
        taken_in=now,
        files=files,
    )
    write_ledger(secret, ledger.model_copy(update={"entries": [*ledger.entries, entry]}))
    return TakenIn(found.folder, team, turn)


def score_round(
    secret: Path, now: datetime, public: Path | None = None, quiet: bool = True
) -> tuple[Scores, Path]:
    """Score everything that was taken in and publish it as ``scores.json``; the scores and the file.

    Raises UsageError with another tipbench than the round's, before the close, after the reveal, and where nothing was
    taken in.
    """
    described, _ = open_secret(secret)
    check_wheel(described, "score it")
    if now.date() <= described.closes:
        raise UsageError(
            f"round {described.name} is open until the end of {described.closes} (UTC): scores are shown after it; "
            "give folders of submissions to take in."
        )
    to = published_folder(secret, public, described) / SCORES
    with locked(secret) as ledger:
        _check_not_revealed(ledger, described)
        if not ledger.entries:
            raise UsageError(
                f"round {described.name} closed without a submission: there is nothing to score."
            )
        work = partial(_scored, secret, ledger, described)
        entries = run_all(work, ledger.entries, engine="sequential", label="submissions", quiet=quiet)
        scores = Scores(name=described.name, commitment=described.commitment, entries=entries)
        write_file_atomically(to, to_json(scores))
        write_ledger(secret, ledger.model_copy(update={"scored": now.date()}))
    return scores, to


def _scored(secret: Path, ledger: Ledger, described: Round, entry: HandedIn) -> ScoredEntry:
    found: dict[str, dict[str, dict[str, ShownScore]]] = {}
    for name in entry.files:
        matched = _matched(entry, name)
        path = secret / SUBMISSIONS / str(entry.number) / name
        task = tasks()[matched[1]]
        evaluation = score_predictions(task, read_answers(secret, task.name), read_file(path))
        found.setdefault(task.name, {})[f"s{matched[2]}"] = rounded(evaluation, described.rules.decimals)
    later = [other for other in ledger.of_team(entry.team) if other.turn > entry.turn]
    return ScoredEntry(
        team=entry.team,
        turn=entry.turn,
        counts=sorted(_tasks(entry) - {name for other in later for name in _tasks(other)}),
        method=entry.method,
        access=entry.access,
        taken_in=entry.taken_in,
        files=entry.files,
        scores=found,
    )


def _matched(entry: HandedIn, name: str) -> re.Match[str]:
    matched = FILE.fullmatch(name)
    if matched is None:
        raise UsageError(
            f"{name} of submission {entry.number} is not a file of predictions: restore the ledger."
        )
    return matched


def _tasks(entry: HandedIn) -> set[str]:
    return {_matched(entry, name)[1] for name in entry.files}


def rounded(evaluation: Evaluation, decimals: int) -> dict[str, ShownScore]:
    """Return values and ends of intervals to so many decimals, and nothing else: no groups, curves or references."""

    def short(value: float | None) -> Any:
        return None if value is None else round(value, decimals)

    return {
        name: ShownScore(value=short(one.value), low=short(one.low), high=short(one.high), note=one.note)
        for name, one in evaluation.scores.items()
    }
