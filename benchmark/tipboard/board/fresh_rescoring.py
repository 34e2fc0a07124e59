"""Make fresh worlds once more by their numbers, which are no secret afterwards: what was found there is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tipbench.runs.results import Result
from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipdata.release import Release

from tipboard.board.collection import seat_of
from tipboard.board.entries import Entry
from tipboard.board.files import FRESH, REPRODUCED, store_results
from tipboard.board.fresh_record import record_of, store_record, worlds_of
from tipboard.board.fresh_worlds import has_split, made_world


@contextmanager
def opened(data: str) -> Iterator[None]:
    """Have a fresh world, by the name of its release, as long as this lasts; of a release do nothing."""
    release = Release.called(data)
    if not release.world:
        yield
        return
    with made_world(release, engine="sequential"):
        yield


def check_absent(submission: Path, entry: Entry) -> None:
    """Check that fresh worlds really have not the splits of which no result is there.

    Raises UsageError for one that has.
    """
    record = record_of(submission / FRESH)
    again = {seat_of(one): one for one in entry.results if one.verified}
    for cell in () if record is None else record.cells:
        if cell.fresh is None and seat_of(cell) in again:
            result = again[seat_of(cell)]
            with made_world(Release.called(cell.world)) as world:
                has = has_split(cell.task, world, cell.split, result.labels, result.access)
            if has:
                raise UsageError(
                    f"{submission / FRESH}: {cell.file} is missing, and {cell.world} has such a split; run "
                    f"`tipbench board reproduce {entry.id}` again."
                )


def write_fresh(folder: Path, results: Sequence[Result]) -> None:
    """Write fresh results in the place of what was there, bound to the reproduced ones as they are now."""
    worlds = worlds_of(folder)
    with fill_folder_atomically(folder, replace=True) as beside:
        store_results(beside, results, [])
        store_record(beside, folder.parent / REPRODUCED, folder.parent.name, worlds)
