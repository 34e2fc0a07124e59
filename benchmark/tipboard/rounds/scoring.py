"""Score all that was taken in, once a round has closed.

Before the close nobody learns a score. After it every submission is scored and shown, in the order taken in; of each
team and task the *last* counts, so that nothing is gained by sending three and keeping the luckiest. An entry that is
void, or that cannot be scored, says why and stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from tipbench.kinds.answers import Answers
from tipcore.atomic import write_file_atomically
from tipcore.engines import run_all
from tipcore.errors import UsageError

from tipboard.rounds.chain import Voiding, chain_differences, void_note, voids_of
from tipboard.rounds.components import check_wheel
from tipboard.rounds.host import open_secret, published_folder, read_answers
from tipboard.rounds.ledger import (
    LEDGER,
    SUBMISSIONS,
    HandedIn,
    check_not_revealed,
    locked,
    write_ledger,
)
from tipboard.rounds.record import SCORES, Round, to_json
from tipboard.rounds.scores import Found, ScoredEntry, Scores, counted, outcome_of


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
        check_not_revealed(ledger, described)
        if not ledger.entries:
            raise UsageError(
                f"round {described.name} closed without a submission: there is nothing to score."
            )
        by_number = {entry.number: entry for entry in ledger.entries}
        if broken := chain_differences(ledger.chain, by_number, described.commitment):
            raise UsageError(f"{secret / LEDGER} was altered ({broken[0].partition(': ')[2]}): restore it.")
        voids = voids_of(ledger.chain)
        work = partial(_scored, secret, voids, described, cache(partial(read_answers, secret)))
        scored = run_all(work, ledger.entries, engine="sequential", label="submissions", quiet=quiet)
        entries = [one.model_copy(update={"counts": counted(one, scored, voids)}) for one in scored]
        scores = Scores(
            name=described.name, commitment=described.commitment, entries=entries, chain=ledger.chain
        )
        write_file_atomically(to, to_json(scores))
        write_ledger(secret, ledger.model_copy(update={"scored": now.date()}))
    return scores, to


def _scored(
    secret: Path,
    voids: Mapping[int, Voiding],
    described: Round,
    answers_of: Callable[[str], Answers],
    entry: HandedIn,
) -> ScoredEntry:
    """Return an entry with its scores or with the reason why it has none, which is no matter of any other entry."""
    found: Found = {}
    if (void := voids.get(entry.number)) is not None:
        note: str | None = void_note(void, described.closes)
    else:
        found, note = outcome_of(entry, secret / SUBMISSIONS / str(entry.number), described, answers_of)
    return ScoredEntry(**entry.model_dump(), counts=[], note=note, scores=found)
