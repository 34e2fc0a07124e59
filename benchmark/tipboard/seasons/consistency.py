"""Check that the files of a closed season agree: freeze, entries, voids and statuses; and that no other file is there.

Each function yields a clause for each thing that is not as it should be. A failure, a class test and a cost of a
package are as its host says: its wheel is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import RootModel
from tipbench.runs.frames import RESULTS
from tipcore.errors import UsageError

from tipboard.seasons.closing import PREDICTIONS, ClosedSeason, declared_class
from tipboard.seasons.entries import chain_differences, configs_of, count_entries, is_host
from tipboard.seasons.record import (
    ENTRIES,
    FOLDS,
    FROZEN,
    KEY,
    RAN,
    REASONS,
    RECEIPTS,
    SEASON,
    STATUS,
    TRUTH,
    VOID,
    WORDBOOK,
    WORLDS,
    ClosedEntry,
    Entered,
    minute,
    read,
    read_receipts,
    read_voids,
)
from tipboard.seasons.running import Participant
from tipboard.seasons.units import season_truth

KNOWN = {SEASON, RECEIPTS, FROZEN, STATUS, VOID, KEY, WORLDS, ENTRIES, RESULTS}
STATUSES = {RAN, *(f"failed: {reason}" for reason in REASONS.values())}


class Statuses(RootModel[dict[str, dict[str, str]]]):
    """``status.json``."""


def entered_of(closed: ClosedSeason) -> list[Entered]:
    """Return all that was entered, in order."""
    return [one.entered for one in closed.closed.entries if one.entered is not None]


def packages_of(folder: Path, closed: ClosedSeason) -> tuple[dict[str, Participant], list[str]]:
    """Return all packages by their receipts, and what could not have been entered: it is of other terms, tasks or
    worlds than the season."""
    packages, refused = dict[str, Participant](), list[str]()
    for one in entered_of(closed):
        try:
            season_truth(folder)(one.record)
            if one.is_package:
                packages[one.receipt] = Participant(one.id, configs_of(closed.season, one.record), one)
        except UsageError as error:
            refused.append(f"{ENTRIES}: {one.id}: {str(error).rstrip('.')}")
    return packages, refused


def record_differences(
    folder: Path, closed: ClosedSeason, shipped: Sequence[Participant], packages: Mapping[str, Participant]
) -> list[str]:
    """Return where a season's records contradict each other.

    ``shipped``: the methods that come with tipbench; ``packages``: by receipt.
    """
    return [
        *_chain_differences(folder, closed),
        *_entry_differences(closed, shipped),
        *_freeze_differences(closed, shipped, packages),
        *_void_differences(folder, closed),
        *_status_differences(folder, closed),
    ]


def _chain_differences(folder: Path, closed: ClosedSeason) -> Iterator[str]:
    """Yield where entries are not those whose receipts were published."""
    season, entered = closed.season, entered_of(closed)
    if {closed.frozen.name, closed.closed.name} != {season.name}:
        yield f"{FROZEN} or {ENTRIES} is of another season"
    yield from (f"{ENTRIES}: {said}" for said in chain_differences(entered, season.commitment))
    if read_receipts(folder) != [one.receipt for one in entered]:
        yield f"{RECEIPTS}: they are not those of the entries"


def _entry_differences(closed: ClosedSeason, shipped: Sequence[Participant]) -> Iterator[str]:
    """Yield where ``entries.json`` lists other entries than were entered or ship, or describes them otherwise."""
    season, listed = closed.season, closed.closed
    if listed.closed < (ends := season.predictions or season.closes):
        yield f"{ENTRIES}: the season was closed before {minute(ends)}"
    classes = {one.id: {task: declared_class(c) for task, c in one.configs.items()} for one in shipped}
    known = Counter(one.id for one in listed.entries if one.entered is None)
    yield from (f"{ENTRIES}: lacks {name}" for name in classes if name not in known)
    counted = Counter(one.id for one in listed.entries if one.note is None)
    yield from (f"{ENTRIES}: lists {name} {count} times" for name, count in counted.items() if count > 1)
    notes = count_entries(entered_of(closed), listed.voids, closed.frozen)
    for one in listed.entries:
        if one.entered is None:
            declared, note, kind = classes.get(one.id), None, "package"
            if declared is None:
                yield f"{ENTRIES}: {one.id} is no shipped method of these tasks"
                continue
        else:
            declared = dict.fromkeys(one.entered.record.tasks, str(one.entered.record.entry_class))
            note, kind = notes[one.entered.receipt], "package" if one.entered.is_package else "predictions"
            if one.id != one.entered.id:
                yield f"{ENTRIES}: {one.id} was entered as {one.entered.id}"
            starts = season.opens if kind == "package" else closed.frozen.frozen
            ends = season.closes if kind == "package" else season.predictions
            if not (starts <= one.entered.entered and ends is not None and one.entered.entered < ends):
                yield f"{ENTRIES}: {one.id} was entered when the season took no {kind}"
        if (one.note, one.kind, one.is_host) != (note, kind, is_host(one.id)):
            yield f"{ENTRIES}: {one.id} is not described as it was entered"
        if {task: part.entry_class for task, part in one.tasks.items()} != ({} if note else declared):
            yield f"{ENTRIES}: {one.id} has other tasks or classes than it declared"
        yield from _standing_differences(one)


def _standing_differences(one: ClosedEntry) -> Iterator[str]:
    """Yield what is wrong with the status and the class test of an entry in each task."""
    for task, part in one.tasks.items():
        is_tested = one.entered is not None and one.entered.is_package and part.entry_class == "fold"
        if (part.class_test is not None) != (is_tested and part.status == RAN):
            yield f"{ENTRIES}: {one.id} in {task}: its class test is missing, or should not be there"
        if part.status not in STATUSES:
            yield f"{ENTRIES}: {one.id} has no status in {task}"
        elif one.kind == "predictions" and part.status != RAN:
            yield f"{ENTRIES}: {one.id} in {task}: predictions were checked when they were entered and cannot fail"


def _freeze_differences(
    closed: ClosedSeason, shipped: Sequence[Participant], packages: Mapping[str, Participant]
) -> Iterator[str]:
    """Yield where ``frozen.json`` does not list, once each, all shipped methods and the packages that counted then."""
    season, frozen, listed = closed.season, closed.frozen, closed.closed
    if not season.closes <= frozen.frozen <= listed.closed:
        yield f"{FROZEN}: {minute(frozen.frozen)} is not between the closing time of packages and the close"
    entered = entered_of(closed)
    before = [one for one in listed.voids if one.at <= frozen.frozen]
    then = count_entries([one for one in entered if one.is_package], before)
    counted = [one for receipt, one in packages.items() if then[receipt] is None]
    expected = {one.id: one.as_frozen() for one in (*shipped, *counted)}
    there = {one.id: one for one in frozen.entries}
    for name, count in Counter(one.id for one in frozen.entries).items():
        if count > 1:
            yield f"{FROZEN}: lists {name} {count} times"
    for name in sorted(expected.keys() | there.keys()):
        if name not in there:
            yield f"{FROZEN}: lacks {name}"
        elif name not in expected:
            yield f"{FROZEN}: {name} is no shipped method of these tasks, and no package that counted then"
        elif there[name] != expected[name]:
            yield f"{FROZEN}: {name} is not as it was entered, or as it ships"


def _void_differences(folder: Path, closed: ClosedSeason) -> Iterator[str]:
    """Yield where ``void.json`` says more than the close knew, but that the whole season was made void later."""
    listed, voids = closed.closed, read_voids(folder)
    later = voids[len(listed.voids) :]
    is_same = voids[: len(listed.voids)] == listed.voids and len(later) <= 1
    if not is_same or any(one.entry is not None or one.at < listed.closed for one in later):
        yield f"{VOID}: it is not what {ENTRIES} says, and at most that the season was made void later"
    known = {one.id for one in entered_of(closed)}
    for name, count in Counter(one.entry for one in listed.voids).items():
        if name not in known or count > 1:
            yield f"{ENTRIES}: {name or 'the season'} cannot be void: it was not entered, or is void twice"
    for one in listed.voids:
        if one.at > listed.closed:
            yield f"{ENTRIES}: {one.entry} was made void after the close"


def _status_differences(folder: Path, closed: ClosedSeason) -> Iterator[str]:
    """Yield where ``status.json`` is not what the close says of packages and shipped methods that count."""
    try:
        there = read(folder / STATUS, Statuses).root
    except UsageError:
        yield f"{STATUS}: is missing, or cannot be read"
        return
    counted = {
        one.id: {task: part.status for task, part in one.tasks.items()}
        for one in closed.closed.entries
        if one.kind == "package" and one.note is None
    }
    frozen = {one.id: one.configs.keys() for one in closed.frozen.entries}
    for name in sorted(counted.keys() | there.keys()):
        said = there.get(name, {})
        if name in counted:
            is_right = said == counted[name]
        else:  # it was made void, or replaced by predictions, after it was frozen
            is_right = said.keys() <= frozen.get(name, set()) and set(said.values()) <= STATUSES
            is_right &= name in frozen
        if not is_right:
            yield f"{STATUS}: {name} has other tasks or statuses than in {ENTRIES}"


def file_differences(folder: Path, closed: ClosedSeason) -> Iterator[str]:
    """Yield files that do not belong to a season. What each fold holds is checked with its world."""
    season = closed.season
    places = [
        f"{task}/w{world.k}"
        for world in closed.worlds
        for task in world.tasks
        if season.predictions is not None and season.terms[task].predictions
    ]
    digests = [one.predictions.digest.removeprefix("sha256:") for one in closed.results]
    known = {
        *KNOWN,
        *([WORDBOOK] if season.wordbook else []),
        *(f"{TRUTH}/{place}.parquet" for place in places),
        *(f"{PREDICTIONS}/{digest[:2]}/{digest}.parquet" for digest in digests),
    }
    folds = tuple(f"{FOLDS}/{place}/" for place in places)
    yield from (stray(name) for name in files_of(folder) if name not in known and not name.startswith(folds))


def files_of(folder: Path, below: str = "") -> list[str]:
    """Return the paths, from a folder, of all files and links in it or below one path in it, but those of git."""
    every = (path for path in (folder / below).rglob("*") if path.is_symlink() or not path.is_dir())
    found = (path.relative_to(folder) for path in every)
    return sorted(path.as_posix() for path in found if path.parts[0] != ".git")


def stray(name: str) -> str:
    """Return the clause about a file that does not belong to a season."""
    return f"{name}: does not belong to the season"
