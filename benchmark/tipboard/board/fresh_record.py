"""``fresh/cells.json``: which reproduced cell was run on a fresh world, bound by digests to both of its results.

Whoever takes a fresh result away, edits it or puts another in its place has the whole board refused, so a released
score is not shown without the one that may speak against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipbench.runs.results import Result, digest_of, read_result
from tipcore.errors import UsageError
from tipdata.release import Release

from tipboard.board.collection import place_of
from tipboard.board.entries import Entry

CELLS = "cells.json"

Place = tuple[str, str, str, int]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FreshCell(_Record):
    """A reproduced cell and its run on a fresh world."""

    task: str
    split: str
    seed: int
    reproduced: str = Field(description="digest of the predictions on the release")
    fresh: str | None = Field(
        description="digest of the file of the result; null: that world has no such split"
    )

    @property
    def file(self) -> str:
        """Of the fresh result, below the folder."""
        return f"{self.task}/{self.split}/s{self.seed}.json"


class FreshRecord(_Record):
    """All cells of an entry."""

    schema_version: int = Field(default=1, ge=1, le=1)
    entry: str
    cells: tuple[FreshCell, ...]


def store_record(folder: Path, entry: str, reproduced: Sequence[Result]) -> None:
    """Write the record of the fresh results that a folder holds, of these reproduced ones."""
    cells = [
        FreshCell(
            task=one.task, split=one.split, seed=one.seed, reproduced=one.predictions.digest, fresh=None
        )
        for one in reproduced
    ]
    found = [cell.model_copy(update={"fresh": _digest(folder / cell.file)}) for cell in cells]
    text = FreshRecord(entry=entry, cells=tuple(found)).model_dump_json(indent=1)
    (folder / CELLS).write_text(f"{text}\n", encoding="utf-8")


def check_fresh(folder: Path, entry: Entry) -> None:
    """Check that every reproduced result has what was found on a fresh world beside it, as it was written.

    Results that were reproduced without a fence, as before 0.5.0, were run on no fresh world and need none.

    Args:
        folder: of the fresh results.
        entry: a submission.

    Raises:
        UsageError: where one is missing, edited, of another entry, version or size, or nobody's.
    """
    for said in _problems(folder, entry):
        raise UsageError(f"{folder}: {said}; run `tipbench board reproduce {entry.id}` again.")


def _problems(folder: Path, entry: Entry) -> Iterator[str]:
    again = {place_of(one): one for one in entry.results if one.verified and one.fence is not None}
    if not again and not folder.exists():
        return
    try:
        record = FreshRecord.model_validate_json((folder / CELLS).read_bytes())
    except FileNotFoundError:
        yield "the results on a fresh world are missing"
        return
    except (OSError, ValidationError):
        yield f"{CELLS} is not what was written there"
        return
    if record.entry != entry.id:
        yield f"the results on a fresh world are of {record.entry} and not of {entry.id}"
    cells = {(one.task, one.split, entry.method, one.seed): one for one in record.cells}
    for place, result in again.items():
        if place not in cells or cells[place].reproduced != result.predictions.digest:
            yield f"{_named(result)} was reproduced without a run on a fresh world"
    for cell in cells.values():
        if _digest(folder / cell.file) != cell.fresh:
            yield f"{cell.file} is not the file that was written there"
    yield from _strangers(folder, again, cells)


def _strangers(
    folder: Path, again: Mapping[Place, Result], cells: Mapping[Place, FreshCell]
) -> Iterator[str]:
    for path in sorted(folder.rglob("s*.json")):
        fresh = read_result(path)
        name = path.relative_to(folder).as_posix()
        place = place_of(fresh)
        if place not in again or place not in cells or cells[place].file != name:
            yield f"{name} is of no result that was reproduced"
        elif not _is_of(fresh, again[place]):
            yield f"{name} is of {fresh.data} and not of a fresh world as {_named(again[place])} needs"


def _is_of(fresh: Result, released: Result) -> bool:
    """Return whether a result is of a world of the same version and size, method and meaning of scores."""
    try:
        there, here = Release.called(fresh.data), Release.called(released.data)
    except UsageError:
        return False
    same = (there.version, there.size, fresh.versions, fresh.primary)
    return bool(there.world) and same == (here.version, here.size, released.versions, released.primary)


def _named(result: Result) -> str:
    return f"{result.task}, split {result.split}, seed {result.seed}"


def _digest(path: Path) -> str | None:
    return digest_of(path.read_bytes()) if path.is_file() else None
