"""``ledger.json``: who handed in what and when, and whether the round was scored and revealed.

It is read and written under a file lock, so that two hands at once cannot both be a team's third.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from tipcore import operating_system
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

from tipboard.rounds.chain import Entered, Link
from tipboard.rounds.record import Round, read, to_json

LEDGER, LOCK, SUBMISSIONS = "ledger.json", ".ledger.lock", "submissions"


class HandedIn(Entered):
    """One submission that was taken in."""

    number: int = Field(description="of all submissions, from 1; its folder below submissions/")


class Ledger(BaseModel):
    """All submissions of a round, in the order taken in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entries: list[HandedIn] = Field(default_factory=list)
    chain: list[Link] = Field(
        default_factory=list, description="what was taken in and voided, each bound to the last"
    )
    scored: date | None = None
    revealed: date | None = None

    def of_team(self, team: str) -> list[HandedIn]:
        """Return the entries of a team, whatever the case and spacing that its name was written in."""
        return [entry for entry in self.entries if same_team(entry.team) == same_team(team)]


def same_team(name: str) -> str:
    """Return what two spellings of one team's name have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_ledger(folder: Path) -> Ledger:
    """Return the ledger of a host's folder; an empty one before the first submission. Raises UsageError for a broken
    one."""
    path = folder / LEDGER
    return read(path, Ledger, "host's folder") if path.is_file() else Ledger()


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Put a ledger in place of the one that is there, whole or not at all."""
    write_file_atomically(folder / LEDGER, to_json(ledger))


@contextmanager
def locked(folder: Path) -> Iterator[Ledger]:
    """The ledger while nobody else can change it."""
    with operating_system.file_lock(folder / LOCK):
        yield read_ledger(folder)


def check_not_revealed(ledger: Ledger, described: Round) -> None:
    """Refuse a round that is over. Raises UsageError."""
    if ledger.revealed is not None:
        raise UsageError(
            f"round {described.name} was revealed on {ledger.revealed} and is retired: start a new one."
        )
