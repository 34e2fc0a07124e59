"""Take submissions in until a round closes: checked, scored once without anyone seeing it, and kept.

What could not be scored at the close is refused here, so that no submission can stop a round.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from tipbench.kinds.answers import Answers
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipdata.core.tables import TIERS

from tipboard.rounds.chain import Voiding, day_of, head_of, intake_of, link_hash, voids_of
from tipboard.rounds.components import check_wheel
from tipboard.rounds.host import open_secret, read_answers
from tipboard.rounds.ledger import SUBMISSIONS, HandedIn, Ledger, check_not_revealed, locked, write_ledger
from tipboard.rounds.record import Round
from tipboard.rounds.scores import shown_of
from tipboard.rounds.submissions import Submission, read_submission
from tipboard.submissions.check import SCORING_FAILS, not_finite
from tipboard.submissions.messages import Problem, Refused, legal_text

MOST_REASON = 300
"""Characters of the reason why a submission is void."""


@dataclass(frozen=True)
class TakenIn:
    """A submission that was taken in: the team's n-th submission. ``receipt``: the hash of its link of the chain."""

    folder: Path
    team: str
    turn: int
    receipt: str


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

    answers_of = cache(partial(read_answers, secret))
    done = []
    for folder in folders:
        _check_open(described, now)
        with tempfile.TemporaryDirectory(prefix="tipbench-seal-") as work:
            found = read_submission(folder, described, answers_of, Path(work))
            _check_scorable(found, described, answers_of)
            with locked(secret) as ledger:
                check_not_revealed(ledger, described)
                _check_not_scored(ledger, described)
                done.append(_enter(secret, ledger, found, team or found.record.team, described, now))
    return described, done


def _check_open(described: Round, now: datetime) -> None:
    if day_of(now) < described.opens:
        raise UsageError(
            f"round {described.name} opens on {described.opens}: set the clock of this computer."
        )
    if day_of(now) > described.closes:
        raise UsageError(
            f"round {described.name} closed on {described.closes}: no submission is taken in any more."
        )


def _check_not_scored(ledger: Ledger, described: Round) -> None:
    if ledger.scored is not None:
        raise UsageError(
            f"round {described.name} was scored on {ledger.scored}: no submission is taken in any more."
        )


def _check_scorable(found: Submission, described: Round, answers_of: Callable[[str], Answers]) -> None:
    """Score a submission and throw the scores away: what would fail at the close is refused now. Raises Refused."""
    problems = []
    for name, path in found.files.items():
        task = task_of(name.partition("/")[0])
        try:
            shown_of(task, answers_of(task.name), path, described)
        except SCORING_FAILS as error:
            problems.append(Problem(name, not_finite(error)))
    if problems:
        raise Refused(found.folder, problems)


def _enter(
    secret: Path, ledger: Ledger, found: Submission, team: str, described: Round, now: datetime
) -> TakenIn:
    earlier = ledger.of_team(team)
    files = found.given
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
    for name, clean in found.files.items():
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
        kept=found.kept,
    )
    link = intake_of(entry, number, head_of(ledger.chain, described.commitment))
    both = {"entries": [*ledger.entries, entry], "chain": [*ledger.chain, link]}
    write_ledger(secret, ledger.model_copy(update=both))
    return TakenIn(found.folder, team, turn, link_hash(link))


def void_entry(secret: Path, number: int, reason: str, now: datetime) -> Voiding:
    """Let a submission count for nothing, with a reason that is shown; it stays one of its team's.

    Raises UsageError for a number that no submission has, one that is void, a reason that is not one short line, and
    after the reveal.
    """
    described, _ = open_secret(secret)
    reason = _legal_reason(reason)
    with locked(secret) as ledger:
        check_not_revealed(ledger, described)
        known = {entry.number: entry for entry in ledger.entries}
        if number not in known:
            has = f"it has 1 to {len(known)}" if known else "nothing was taken in"
            raise UsageError(f"round {described.name} has no submission {number}: {has}.")
        if number in voids_of(ledger.chain):
            raise UsageError(f"submission {number} is void already: the reason that was given first stays.")
        head = head_of(ledger.chain, described.commitment)
        void = Voiding(number=number, previous=head, reason=reason, at=now)
        write_ledger(secret, ledger.model_copy(update={"chain": [*ledger.chain, void]}))
    return void


def _legal_reason(given: str) -> str:
    reason = given.strip()
    if not reason:
        raise UsageError("reason= says nothing: give the reason in one line; everyone will read it.")
    if len(reason) > MOST_REASON:
        raise UsageError(f"reason= has {len(reason)} characters: give it in at most {MOST_REASON}.")
    try:
        return legal_text(reason)
    except ValueError as error:
        raise UsageError(f"reason= {error}: give it in one line of plain text.") from None
