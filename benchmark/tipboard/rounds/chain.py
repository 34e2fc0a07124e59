"""The chain of a round: each submission that was taken in, and each that was voided, bound to all before it.

A link's hash is SHA-256 of its canonical JSON, which holds the hash of the link before; the first holds the round's
commitment. So nothing can be dropped, moved, re-timed or rewritten without other hashes from there on. A team keeps the
hash of its link as a receipt; whoever was told the last one (the head) can tell whether all that led to it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from tipcore.sources import value_digest

from tipboard.rounds.record import HEX, SCORES


class Entered(BaseModel):
    """What is known of a submission once it was taken in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: str
    turn: int = Field(description="of the team's, from 1")
    method: str
    access: str = Field(description="as declared; nobody can check it")
    taken_in: datetime
    files: dict[str, str] = Field(description="path -> SHA-256 of the predictions as they were handed in")
    kept: dict[str, str] = Field(
        default={},
        description="path -> SHA-256 of the copy that is scored and published at the reveal",
    )


class _Link(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(ge=1, description="of the submission")
    previous: str = Field(pattern=HEX, description="hash of the link before; of the first, the commitment")


class Intake(_Link):
    """A submission was taken in."""

    event: Literal["taken in"] = "taken in"
    team: str
    turn: int
    taken_in: datetime
    handed_in: str = Field(pattern=HEX, description="SHA-256 over method, access, and digests of all files")


class Voiding(_Link):
    """A submission was made to count for nothing."""

    event: Literal["void"] = "void"
    reason: str
    at: datetime


Link = Annotated[Intake | Voiding, Field(discriminator="event")]


def link_hash(link: Intake | Voiding) -> str:
    """Return the hash of a link, which is the receipt of whom it is about."""
    return value_digest(link.model_dump(mode="json"))


def head_of(chain: Sequence[Intake | Voiding], commitment: str) -> str:
    """Return the hash that the next link is to follow."""
    return link_hash(chain[-1]) if chain else commitment


def intake_of(entry: Entered, number: int, previous: str) -> Intake:
    """Return the link of a submission."""
    given = {"method": entry.method, "access": entry.access, "files": entry.files, "kept": entry.kept}
    return Intake(
        number=number,
        previous=previous,
        team=entry.team,
        turn=entry.turn,
        taken_in=entry.taken_in,
        handed_in=value_digest(given),
    )


def voids_of(chain: Iterable[Intake | Voiding]) -> dict[int, Voiding]:
    """Return by number the submissions that are void; the first word on one is the last."""
    found: dict[int, Voiding] = {}
    for link in chain:
        if isinstance(link, Voiding):
            found.setdefault(link.number, link)
    return found


def void_note(link: Voiding, closes: date) -> str:
    """Return what is shown of a void submission; that it was voided late, where scores could be known by then."""
    if day_of(link.at) <= closes:
        return f"void: {link.reason}"
    return f"void on {day_of(link.at)}, after the close, when scores could be known: {link.reason}"


def day_of(moment: datetime) -> date:
    """Return the day (UTC) of a moment."""
    try:
        return moment.astimezone(UTC).date()
    except OverflowError:  # at either end of the calendar
        return moment.date()


def chain_differences(
    chain: Sequence[Intake | Voiding], entries: Mapping[int, Entered], commitment: str
) -> list[str]:
    """Return where a chain is broken, or is not that of these submissions by number, which is from 1."""
    found, before, taken, void = [], commitment, 0, set[int]()
    for place, link in enumerate(chain, 1):
        if link.previous != before:
            found.append(f"{SCORES}: link {place} of the chain does not follow the one before")
        before = link_hash(link)
        if isinstance(link, Voiding):
            if link.number > taken or link.number in void:
                found.append(f"{SCORES}: link {place} voids submission {link.number}, which it cannot")
            void.add(link.number)
            continue
        taken += 1
        if link.number != taken:
            found.append(f"{SCORES}: link {place} is submission {link.number} where {taken} is next")
        elif (entry := entries.get(taken)) is None:
            found.append(f"{SCORES}: lacks submission {taken}")
        elif intake_of(entry, taken, link.previous) != link:
            found.append(f"{SCORES}: submission {taken} is not as the chain says that it was taken in")
    unknown = sorted(number for number in entries if not 1 <= number <= taken)
    return found + [f"{SCORES}: submission {number} is not in the chain" for number in unknown]
