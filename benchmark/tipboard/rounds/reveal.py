"""The end of a round: its seed and answers are published, and it is retired."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

from tipboard.rounds.audit import read_scores
from tipboard.rounds.components import check_wheel
from tipboard.rounds.host import open_secret, published_folder
from tipboard.rounds.ledger import SUBMISSIONS, locked, write_ledger
from tipboard.rounds.make_round import ANSWERS, GALLERIES
from tipboard.rounds.record import PREDICTIONS, REVEALED, SCORES, Revealed, Round, to_json
from tipboard.rounds.scores import Scores


def reveal(secret: Path, now: datetime, public: Path | None = None) -> tuple[Round, Path]:
    """Publish the seed as ``revealed.json``, answers and predictions beside it; the round and the folder.

    Args:
        now: the time, with its zone.

    Raises:
        UsageError: with another tipbench than the round's, before the close, for submissions that are not scored yet
        or voids that are not shown yet, and for the folder of another round.
    """
    described, seed = open_secret(secret)
    check_wheel(described, "reveal it")
    if now.date() <= described.closes:
        raise UsageError(
            f"round {described.name} is open until the end of {described.closes} (UTC): reveal it after that."
        )
    to = published_folder(secret, public, described)
    with locked(secret) as ledger:
        if ledger.entries and ledger.scored is None:
            raise UsageError(
                f"round {described.name} has {len(ledger.entries)} submissions that are not scored, which cannot be "
                f"done once the seed is out: run `tipbench seal score {secret}` first."
            )
        if ledger.entries and ledger.revealed is None:
            shown = read_scores(to)
            if shown is None or shown.chain != ledger.chain:
                raise UsageError(
                    f"{to / SCORES} is not of all that was taken in and voided: run `tipbench seal score {secret}` "
                    "(again) first."
                )
        if not ledger.entries:  # so that a file that is missing is one that was taken away
            nothing = Scores(name=described.name, commitment=described.commitment, entries=[])
            write_file_atomically(to / SCORES, to_json(nothing))
        for folder, published in ((ANSWERS, ANSWERS), (GALLERIES, GALLERIES), (SUBMISSIONS, PREDICTIONS)):
            if (secret / folder).is_dir():
                shutil.copytree(secret / folder, to / published, dirs_exist_ok=True)
        # First that it is over, then the seed: whoever is stopped between the two has given nothing away.
        write_ledger(secret, ledger.model_copy(update={"revealed": ledger.revealed or now.date()}))
        known = Revealed(name=described.name, revealed=ledger.revealed or now.date(), seed=seed.hex())
        write_file_atomically(to / REVEALED, to_json(known))
    return described, to
