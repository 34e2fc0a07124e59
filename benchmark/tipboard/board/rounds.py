"""``results/rounds/<name>/``: sealed rounds that have closed, as their hosts published them.

A copy of the round's ``round.json``, its ``scores.json`` and, once it is over, ``revealed.json``: small files from
which anyone sees the terms and the scores, and with the seed can verify both (:mod:`tipboard.rounds`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.errors import UsageError

from tipboard.rounds.audit import audit
from tipboard.rounds.components import check_wheel
from tipboard.rounds.record import REVEALED, ROUND, SCORES, Revealed, Round, commitment_of, read, read_round
from tipboard.rounds.scores import Scores

ROUNDS = "rounds"


@dataclass(frozen=True)
class Closed:
    """A round that has closed: its terms, all that was handed in, and its seed where it is revealed."""

    round: Round
    scores: Scores
    revealed: Revealed | None


def read_closed(folder: Path) -> Closed:
    """Return a round with its scores.

    Raises UsageError for a folder that is not a round, is not scored yet, or whose files are of different rounds; for
    scores that are not what the chain says was handed in; and for a seed that is not the one committed to.
    """
    described = read_round(folder)
    if not (folder / SCORES).is_file():
        raise UsageError(
            f"round {described.name} is not scored: run `tipbench seal score` once it has closed."
        )
    scores: Scores = read(folder / SCORES, Scores, "scored round")
    if (scores.name, scores.commitment) != (described.name, described.commitment):
        raise UsageError(
            f"{folder / SCORES} is of another round than {folder / ROUND}: get both from its host."
        )
    if wrong := audit(scores, described):
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        raise UsageError(f"round {described.name} does not hold together: {wrong[0]}{more}; ask its host.")
    revealed = None
    if (folder / REVEALED).is_file():
        revealed = read(folder / REVEALED, Revealed, "revealed round")
        if commitment_of(bytes.fromhex(revealed.seed), described) != described.commitment:
            raise UsageError(
                f"{folder / REVEALED} is not the seed that the round committed to: ask its host."
            )
    return Closed(described, scores, revealed)


def keep_round(published: Path, results: Path) -> Path:
    """Copy what a board shows of a published round, in the place of what is there; where it is kept.

    Raises UsageError as :func:`read_closed` does, with another tipbench than the round's, where it cannot be written,
    and where another round has the name.
    """
    closed = read_closed(published)
    check_wheel(closed.round, "put it on a board")
    place = results / ROUNDS / closed.round.name
    if place.exists() and read_round(place).commitment != closed.round.commitment:
        raise UsageError(f"{place} is another round of the name {closed.round.name}: rename one of them.")
    with fill_folder_atomically(place, replace=True, advice="give another --to") as beside:
        for name in (ROUND, SCORES, REVEALED):
            if (published / name).is_file():
                (beside / name).write_bytes(read_small(published / name))
    return place


def read_small(path: Path) -> bytes:
    """Return a file's bytes. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None


def closed_rounds(results: Path) -> list[Closed]:
    """Return the rounds that are kept, the last to close first."""
    found = [read_closed(one) for one in whole_folders(results / ROUNDS)]
    return sorted(found, key=lambda one: (one.round.closes, one.round.name), reverse=True)
