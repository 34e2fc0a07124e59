"""``fresh/cells.json``: which reproduced cell was run on which fresh world, bound by digests to both of its results.

Whoever takes a fresh result away, edits it, edits what was reproduced, or puts another in its place has the whole board
refused, so a released score is not shown without the one that may speak against it. Nothing here is secret: who keeps
the board can write all of it anew, and others can do so by hand. What they cannot make up is that the predictions score
so on a world of that number, which ``board check scores=true`` makes again (:mod:`tipboard.board.rescoring`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result, digest_of
from tipcore.errors import UsageError
from tipdata.release import Release

from tipboard.board.collection import DRAWS, Seat, name_of, seat_of
from tipboard.board.entries import Entry

CELLS = "cells.json"

FIRST_FENCED = 2
"""The version of result files since which a reproduced result names its fence: that of tipbench 0.5.0."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FreshCell(_Record):
    """A reproduced cell and its run on a fresh world."""

    task: str
    split: str
    seed: int
    world: str = Field(description="the fresh world, as the name of its release")
    reproduced: str = Field(description="digest of the result.json on the release")
    fresh: str | None = Field(description="digest of its result.json; null: that world has no such split")

    @property
    def name(self) -> str:
        """What messages call either result."""
        return name_of(seat_of(self))


class FreshRecord(_Record):
    """All cells of an entry."""

    schema_version: int = Field(default=2, ge=2, le=2)
    entry: str
    draws: str | None = Field(description="digest of the file of the reproduced draws")
    cells: tuple[FreshCell, ...]
    digest: str = Field(default="", description="of all the rest")

    def compute_digest(self) -> str:
        """Return the digest of all but itself."""
        return digest_of(self.model_dump_json(exclude={"digest"}).encode())


def worlds_of(folder: Path) -> dict[Seat, str]:
    """Return the fresh world of every cell that the record of a folder names; none where there is no record."""
    record = read_fresh_record(folder) if (folder / CELLS).is_file() else None
    return {} if record is None else {seat_of(cell): cell.world for cell in record.cells}


def store_record(fresh: Path, reproduced: Path, entry: str, worlds: Mapping[Seat, str]) -> None:
    """Write the record of the fresh and reproduced results that two folders hold.

    Args:
        fresh: the folder of the fresh results, in which the record is written.
        reproduced: that of the reproduced ones.
        entry: its id.
        worlds: the fresh world of each cell.
    """
    cells, here, elsewhere = [], _digests_in(reproduced), _digests_in(fresh)
    for (task, split, seed), world in sorted(worlds.items()):
        again, there = here[task, split, seed], elsewhere.get((task, split, seed))
        cells.append(FreshCell(task=task, split=split, seed=seed, world=world, reproduced=again, fresh=there))
    record = FreshRecord(entry=entry, draws=_digest(reproduced / DRAWS), cells=tuple(cells))
    text = record.model_copy(update={"digest": record.compute_digest()}).model_dump_json(indent=1)
    (fresh / CELLS).write_text(f"{text}\n", encoding="utf-8")


def check_fresh(fresh: Path, reproduced: Path, entry: Entry) -> None:
    """Check that every reproduced result is as it was written, with what was found on a fresh world beside it.

    Results that were reproduced without a fence, as before 0.5.0, were run on no fresh world and need none.

    Args:
        fresh: the folder of the fresh results.
        reproduced: that of the reproduced ones.
        entry: a submission.

    Raises:
        UsageError: where one is missing, edited, of another entry, version or size, or nobody's.
    """
    for said in _problems(fresh, reproduced, entry):
        raise UsageError(f"{fresh}: {said}; run `tipbench board reproduce {entry.id}` again.")


def _problems(folder: Path, reproduced: Path, entry: Entry) -> Iterator[str]:
    again = {seat_of(one): one for one in entry.results if one.verified and not _is_older(one)}
    for result in again.values():
        if result.fence is None:
            yield f"{_describe(result)} was reproduced without a fence"
    if not again and not folder.exists():
        return
    if not (folder / CELLS).exists():
        yield "the results on a fresh world are missing"
        return
    if (record := read_fresh_record(folder)) is None:
        yield f"{CELLS} is not what was written there"
        return
    if record.entry != entry.id:
        yield f"the results on a fresh world are of {record.entry} and not of {entry.id}"
    if record.digest != record.compute_digest():
        yield f"{CELLS} is not what was written there"
    cells = {seat_of(one): one for one in record.cells}
    for place, result in again.items():
        if place not in cells:
            yield f"{_describe(result)} was reproduced without a run on a fresh world"
    there, here = _digests_in(folder), _digests_in(reproduced)
    for place, cell in cells.items():
        if there.get(place) != cell.fresh:
            yield f"{cell.name} is not the result that was written there"
        if here.get(place) != cell.reproduced:
            yield f"{reproduced.name}/{cell.name} is not the result that was written with it"
    if _digest(reproduced / DRAWS) != record.draws:
        yield f"{reproduced.name}/{DRAWS} is not the file that was written with it"
    yield from _strangers(folder, again, cells)


def _strangers(folder: Path, again: Mapping[Seat, Result], cells: Mapping[Seat, FreshCell]) -> Iterator[str]:
    seen: set[Seat] = set()
    for fresh in _results_in(folder):
        place, name = seat_of(fresh), name_of(seat_of(fresh))
        if place not in again or place not in cells or place in seen:
            yield f"{name} is of no result that was reproduced"
        elif fresh.data != cells[place].world or not _is_of(fresh, again[place]):
            yield f"{name} is of {fresh.data} and not of a fresh world as {_describe(again[place])} needs"
        seen.add(place)


def _results_in(folder: Path) -> list[Result]:
    return read_results(folder / RESULTS) if (folder / RESULTS).is_file() else []


def _digests_in(folder: Path) -> dict[Seat, str]:
    """Return the digest of each result of a folder, as its ``result.json`` would be."""
    return {seat_of(one): digest_of(one.to_json().encode()) for one in _results_in(folder)}


def _is_older(result: Result) -> bool:
    """Return whether a result is of a tipbench that reproduced without a fence."""
    return result.fence is None and result.schema_version < FIRST_FENCED


def read_fresh_record(folder: Path) -> FreshRecord | None:
    """Return the record of a folder; None where it is none."""
    try:
        return FreshRecord.model_validate_json((folder / CELLS).read_bytes())
    except (OSError, ValidationError):
        return None


def _is_of(fresh: Result, released: Result) -> bool:
    """Return whether a result is of a world of the same version and size, method and meaning of scores."""
    try:
        there, here = Release.from_name(fresh.data), Release.from_name(released.data)
    except UsageError:
        return False
    same = (there.version, there.size, fresh.versions, fresh.primary, fresh.method)
    known = (here.version, here.size, released.versions, released.primary, released.method)
    return bool(there.world) and same == known


def _describe(result: Result) -> str:
    return f"{result.task}, split {result.split}, seed {result.seed}"


def _digest(path: Path) -> str | None:
    return digest_of(path.read_bytes()) if path.is_file() else None


SECRET_BITS = 96
"""Of the number of a world."""


def draw_world(data: str) -> Release:
    """Return a world of the same version and size as a release, by a number that nobody knew before."""
    version, _, size = data.partition("/")
    return Release.of(version, size, 1 + secrets.randbits(SECRET_BITS))
