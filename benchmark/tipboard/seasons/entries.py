"""Open a season, take entries in, and make a season or an entry void.

An entry is checked as every submission is, its package is installed once and its wheels are kept, and its receipt binds
it to all entries before it. At most three entries of a team are taken in; the last that is not void counts.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipbench.data.fold import Prepared
from tipbench.fence.session import Limits
from tipbench.runs.cells import Cell
from tipbench.runs.frames import RESULTS, to_parquet_bytes
from tipbench.runs.results import Result
from tipbench.task import Task
from tipcore.atomic import check_writable, fill_folder_atomically, whole_folders, write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.operating_system import file_lock, require_confinement
from tipdata.core.world import check_status
from tipdata.text.book import Faulty
from tipdata.text.set_c import check_set_c

from tipboard.seasons.record import (
    ENTRIES,
    FEWEST_WORLDS,
    FROZEN,
    KEY,
    KEY_BYTES,
    MOST_WORLDS,
    PUBLISHED,
    RECEIPTS,
    SEASON,
    VOID,
    WORDBOOK,
    Entered,
    Frozen,
    Receipts,
    Season,
    SeasonWorld,
    Void,
    Voids,
    commitment,
    minute,
    open_public,
    open_secret,
    read,
    read_voids,
    release_of,
    to_json,
    versions_here,
)
from tipboard.seasons.units import season_truth
from tipboard.seasons.worlds import Draw, lane_of, world_file
from tipboard.submissions.check import ScoredFile, SubmissionTruth, check
from tipboard.submissions.files import limits_of
from tipboard.submissions.messages import legal_text
from tipboard.submissions.packages import compose_pinned, install
from tipboard.submissions.record import RESERVED_TEAMS, SLUG, SubmissionRecord
from tipboard.submissions.storage import Packages

ENTRY, WHEELS, LOCK = "entry.json", "wheels", ".lock"
ROOM = "free space there or name another folder"
SIZES = ("tiny", "small", "full")
MOST_REASON = 300
"""Characters of the reason why something is void."""


@dataclass(frozen=True)
class SeasonOrder:
    """What a host asks for. ``tasks``: names, all where there are none. ``closes``, ``predictions``: as typed.
    ``wordbook``: a set C."""

    name: str
    data: str
    size: str
    secret: Path
    public: Path
    closes: str
    predictions: str | None = None
    tasks: tuple[str, ...] = ()
    worlds: int = 16
    minutes: float = 10.0
    memory_gib: float = 4.0
    draft: bool = False
    wordbook: Path | None = None


def open_season(order: SeasonOrder, now: datetime) -> Season:
    """Draw a key, commit to it and to the terms, and publish both.

    Raises UsageError for an order that cannot be fulfilled, in one sentence; nothing is left behind.
    """
    require_confinement("Hosting a season")
    public, secret = (expand_home(folder).resolve() for folder in (order.public, order.secret))
    closes, predictions = _check_order(order, now)
    _check_folders(secret, public)
    here = versions_here(order.data, order.size, order.tasks)
    words = _read_wordbook(order)
    key = secrets.token_bytes(KEY_BYTES)
    season = Season(
        name=order.name,
        opens=now.replace(microsecond=0),
        closes=closes,
        predictions=predictions,
        data=order.data,
        size=order.size,
        worlds=order.worlds,
        tasks=list(here["terms"]),
        minutes=order.minutes,
        memory_gib=order.memory_gib,
        wordbook=hashlib.sha256(words).hexdigest() if words else None,
        commitment="0" * 64,
        **here,
    )
    season = season.model_copy(update={"commitment": commitment(key, season)})
    with fill_folder_atomically(secret, replace=False, advice=ROOM, mode=0o700) as beside:
        write_file_atomically(beside / KEY, key.hex() + "\n", mode=0o600)
        (beside / SEASON).write_text(to_json(season), encoding="utf-8")
        if words:
            write_file_atomically(beside / WORDBOOK, words, mode=0o600)
        (beside / PUBLISHED).write_text(f"{public}\n", encoding="utf-8")
        with fill_folder_atomically(public, replace=False, advice=ROOM) as shown:
            (shown / SEASON).write_text(to_json(season), encoding="utf-8")
    return season


def _check_order(order: SeasonOrder, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the two closing times. Raises UsageError for whatever is wrong with the order."""
    if not re.fullmatch(SLUG, order.name):
        raise UsageError(
            f"{order.name!r} cannot name a season: use small letters, digits and single hyphens, such as spring-2027."
        )
    if order.size not in SIZES:
        raise UsageError(f"release={order.size} is not possible for a season: choose {', '.join(SIZES)}.")
    if not FEWEST_WORLDS <= order.worlds <= MOST_WORLDS or order.worlds % 2:
        raise UsageError(
            f"worlds={order.worlds} is not possible for a season: give an even number from {FEWEST_WORLDS} to "
            f"{MOST_WORLDS}."
        )
    if repeated := sorted({name for name in order.tasks if order.tasks.count(name) > 1}):
        raise UsageError(f"{repeated[0]} is given twice: name each task once.")
    check_status(order.data, order.draft)
    limits_of_cells(order.minutes, order.memory_gib)
    closes = _moment("closes", order.closes, now)
    if order.predictions is None:
        return closes, None
    return closes, _moment("predictions", order.predictions, closes)


def _read_wordbook(order: SeasonOrder) -> bytes:
    """Return the content of the set C of an order, no bytes where it has none. Raises UsageError for an unsound one."""
    if order.wordbook is None:
        return b""
    try:
        made = check_set_c(order.wordbook)
        content = order.wordbook.read_bytes()
    except Faulty as error:
        raise UsageError(
            f"{error.faults[0]} See `tipbench season wordbook check {order.wordbook}`."
        ) from None
    if hashlib.sha256(content).hexdigest() != made.digest:
        raise UsageError(f"{order.wordbook} was changed while it was read: try again.")
    return content


def limits_of_cells(minutes: float, memory_gib: float) -> Limits:
    """Return the limits of one cell: CPU minutes, six times as many minutes of the clock, and GiB of memory.

    Raises UsageError for a limit out of range.
    """
    return Limits(minutes=6 * minutes, memory_gib=memory_gib, cpu_minutes=minutes)


def _moment(key: str, text: str, after: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{key}={text} is not a time: write it in UTC as 2027-03-01T12:00.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= after:
        raise UsageError(f"{key}={text} is over by then: give a time after {minute(after)}.")
    return moment


def _check_folders(secret: Path, public: Path) -> None:
    for option, folder in (("--secret", secret), ("--to", public)):
        if folder.exists() or folder.is_symlink():
            raise UsageError(f"{option} {folder} exists: name a folder that does not.")
    if secret == public or public in secret.parents:
        raise UsageError(
            f"--secret {secret} lies in what is published at {public}: keep the secret elsewhere."
        )
    if secret in public.parents:
        raise UsageError(f"--to {public} lies in the secret folder {secret}: publish elsewhere.")
    checkout = next((above for above in secret.parents if (above / ".git").exists()), None)
    if checkout is not None:
        raise UsageError(
            f"--secret {secret} lies in the git checkout {checkout}, from where it would be pushed: keep it elsewhere."
        )
    try:
        check_writable(public.parent)
    except OSError as error:
        raise UsageError(f"{public} cannot be written: {error.strerror or error}; {ROOM}.") from None


def public_folder(secret: Path, season: Season, given: Path | None = None) -> Path:
    """Return the public folder of a host's season. Raises UsageError where it is not there or another season's."""
    chosen = given or Path((secret / PUBLISHED).read_text(encoding="utf-8").strip())
    if open_public(chosen) != season:
        raise UsageError(f"{chosen} is not the season of {secret}: give the folder that it was published to.")
    return chosen


def read_entries(secret: Path) -> list[Entered]:
    """Return the entries of a host's folder, by number. Raises UsageError where their chain is broken."""
    folders = whole_folders(secret / "entries")
    if stray := [one for one in folders if not one.name.isdecimal()]:
        raise UsageError(f"{stray[0]} is no entry of the season: move it away.")
    folders = sorted(folders, key=lambda one: int(one.name))
    found = [read(folder / ENTRY, Entered, "entry") for folder in folders]
    if broken := chain_differences(found, open_public(secret).commitment):
        raise UsageError(f"{secret / 'entries'} was altered ({broken[0]}): restore it.")
    return found


def chain_differences(entries: Sequence[Entered], first: str) -> list[str]:
    """Return one clause for each entry that does not follow the one before. ``first``: the commitment."""
    found, before = [], first
    for number, one in enumerate(entries, 1):
        if (one.number, one.previous) != (number, before):
            found.append(f"entry {number} does not follow the one before")
        before = one.receipt
    return found


def entry_folder(secret: Path, number: int) -> Path:
    """Return the folder of an entry in the host's folder."""
    return secret / "entries" / str(number)


def count_entries(
    entries: Sequence[Entered], voids: Sequence[Void], frozen: Frozen | None = None
) -> dict[str, str | None]:
    """Return by receipt why an entry does not count, None where it does: the last one of a team that is not void.

    Once packages are ``frozen``, no other one takes their place, also if they are made void.
    """
    void = {one.entry: f"void: {one.reason}" for one in voids}
    kept = None if frozen is None else {one.receipt for one in frozen.entries}
    last = {
        one.record.team: one.receipt
        for one in entries
        if one.id not in void and (kept is None or not one.is_package or one.receipt in kept)
    }
    return {
        one.receipt: void.get(
            one.id, None if last.get(one.record.team) == one.receipt else "replaced by a later entry"
        )
        for one in entries
    }


def publish_receipts(public: Path, entries: Sequence[Entered]) -> None:
    """Write the receipts of all entries to the public folder."""
    write_file_atomically(public / RECEIPTS, to_json(Receipts([one.receipt for one in entries])))


def read_frozen(secret: Path) -> Frozen | None:
    """Return what a season froze; None before it did."""
    return read(secret / FROZEN, Frozen) if (secret / FROZEN).is_file() else None


def enter(secret: Path, folder: Path, now: datetime, packages: Packages) -> tuple[Season, Entered]:
    """Check a submission, keep it and its wheels, and return it; its receipt is for its team.

    Raises:
        UsageError, Refused, CheckFailed: where it comes too early or too late, is another season's, a fourth one, the
            same again, malformed, or its package cannot be installed; it then does not count.
    """
    season, key = open_secret(secret)
    public = public_folder(secret, season)
    with tempfile.TemporaryDirectory(prefix="tipbench-season-") as place:
        work = Path(place)
        clean, wheels = work / "clean", work / WHEELS
        clean.mkdir()
        wheels.mkdir()
        checked = check(
            folder,
            truth=lambda record: _truth(season, key, secret, public, record, now),
            limits=limits_of(season.size),
            replicates=season.replicates,
            workdir=clean,
            quiet=True,
        )
        record = checked.record
        files = {one.entry.file: one.predictions for one in checked.scored if one.predictions is not None}
        own, results = "", b""
        if files:
            results = to_parquet_bytes(_as_cell(season, secret, one) for one in checked.scored)
        if record.pinned is not None:
            configs_of(season, record)
            own = install(record.pinned.package, packages, work, wheels).package.partition("sha256:")[2]
        with file_lock(secret / LOCK):
            _check_time(season, secret, public, record, now)  # installing may have taken long
            entries = read_entries(secret)
            kept = file_digests({path.name: path for path in sorted(wheels.iterdir())})
            made = Entered(
                number=len(entries) + 1,
                previous=entries[-1].receipt if entries else season.commitment,
                entered=now.replace(microsecond=0),
                record=record,
                wheels=dict(sorted(kept.items(), key=lambda one: one[1] != own)),
                files=file_digests(files),
            )
            _check_new(season, made, entries)
            with fill_folder_atomically(
                entry_folder(secret, made.number), replace=False, advice=ROOM
            ) as beside:
                (beside / ENTRY).write_text(to_json(made), encoding="utf-8")
                shutil.copytree(wheels, beside / WHEELS)
                for name, path in files.items():
                    (beside / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, beside / name)
                if results:
                    (beside / RESULTS).write_bytes(results)
            publish_receipts(public, [*entries, made])
    return season, made


def _truth(
    season: Season, key: bytes, secret: Path, public: Path, record: SubmissionRecord, now: datetime
) -> SubmissionTruth:
    """Return the answers of a season's worlds, if the record comes in time: what cannot be scored is refused at once.

    Scores stay in the host's folder until the close, as those of packages do.
    """
    shown = season_truth(public)(record)
    _check_time(season, secret, public, record, now)
    if not record.predictions:
        return shown
    draw = Draw(season, key, read(secret / FROZEN, Frozen))

    def prepare_split(task: Task, split: str) -> Prepared:
        return draw.prepare(_world(season, secret, split, task.name), task.name)

    return SubmissionTruth(prepare_split, shown.units)


def _world(season: Season, secret: Path, split: str, task: str) -> SeasonWorld:
    return read(world_file(secret, int(split.removeprefix("w")), lane_of(season, task)), SeasonWorld)


def _as_cell(season: Season, secret: Path, one: ScoredFile) -> Result:
    """Return the result of a file of predictions as of a cell: on its world, with the labels that its fold had."""
    world = _world(season, secret, one.entry.split, one.entry.task)
    terms = season.terms[one.entry.task]
    place = {"data": release_of(season, world.number).name, "split": terms.split, "seed": world.k}
    return one.result.model_copy(update={**place, "labels": terms.labels[0]})


def file_digests(paths: Mapping[str, Path]) -> dict[str, str]:
    """Return SHA-256 of files, in hex, by the names that they are given."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}


def _check_time(season: Season, secret: Path, public: Path, record: SubmissionRecord, now: datetime) -> None:
    name, is_frozen = season.name, (secret / FROZEN).is_file()
    if (public / ENTRIES).is_file():
        raise UsageError(f"season {name} is closed: it takes no entry any more.")
    if now < season.opens:
        raise UsageError(f"season {name} opens at {minute(season.opens)}: set the clock of this computer.")
    if not record.predictions:
        if now >= season.closes or is_frozen:
            raise UsageError(
                f"season {name} closed at {minute(season.closes)}: no package is taken any more."
            )
    elif season.predictions is None:
        raise UsageError(f"season {name} takes no files of predictions: enter a package.")
    elif not is_frozen:
        raise UsageError(
            f"season {name} takes files of predictions once its packages are frozen, after {minute(season.closes)}."
        )
    elif now >= season.predictions:
        raise UsageError(
            f"season {name} took files of predictions until {minute(season.predictions)}: too late."
        )


def _check_new(season: Season, made: Entered, entries: Sequence[Entered]) -> None:
    team = [one for one in entries if one.record.team == made.record.team]
    if any(one.record == made.record for one in team):
        raise UsageError(
            f"{made.id} was entered before without any change: this copy does not count; the receipt is still "
            f"{next(one.receipt for one in team if one.record == made.record)}."
        )
    if len(team) >= season.entries:
        raise UsageError(
            f"{made.record.team} has {season.entries} of {season.entries} entries in season {season.name}: no more are "
            "taken."
        )
    if made.wheel is not None:
        others = [one.id for one in entries if one.id != made.id and made.wheel in one.wheels.values()]
        if others:
            raise UsageError(
                f"{made.id} has the same wheel as {others[0]}: enter each wheel under one name only."
            )


def configs_of(season: Season, record: SubmissionRecord) -> dict[str, dict[str, Any]]:
    """Return by task the config of a package's cells, with seed 0 and on the released world.

    Raises UsageError for what its overrides may not set: labels and access are the season's.
    """
    assert record.pinned is not None
    release = {"version": season.data, "size": season.size}
    found = {}
    for name in record.tasks:
        terms = season.terms[name]
        words = record.pinned.overrides[name]
        if given := [word for word in words if word.lstrip("+").startswith(("labels=", "access="))]:
            raise UsageError(f"{record.id}: {given[0]} of {name} is the season's to choose: leave it out.")
        config = compose_pinned(record.pinned, record.id, name, release, terms.split, 0, season.replicates)
        if "train" in config and record.entry_class == "fold":
            raise UsageError(
                f"{record.id}: train={config['train']} of {name} is not of the class fold: declare entry_class=worlds."
            )
        found[name] = {**config, "labels": terms.labels[0]}
    return found


def config_digest(config: dict[str, Any]) -> str:
    """Return the digest of all that decides the result of a config's cells, except their seeds and worlds."""
    return Cell(config, Path()).hash


def is_host(entry: str) -> bool:
    """Return whether an entry is the host's own: of the shipped methods, or of a reserved team."""
    return entry.partition("--")[0] in RESERVED_TEAMS


def make_void(secret: Path, reason: str, now: datetime, entry: str | None = None) -> Void:
    """Let a season, or one entry of it, count for nothing, with a reason that everyone reads.

    Raises UsageError for an entry that is not there or void already, and a reason that is not one short line.
    """
    require_confinement("Hosting a season")
    season = open_public(secret)  # whose key may be lost
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON:
        raise UsageError(
            f"reason= has {len(reason)} characters: give 1 to {MOST_REASON}; everyone will read it."
        )
    try:
        legal_text(reason)
    except ValueError as error:
        raise UsageError(f"reason= {error}: give it in one line of plain text.") from None
    public = public_folder(secret, season)
    with file_lock(secret / LOCK):
        voids = read_voids(secret)
        if entry is not None and entry not in (known := {one.id for one in read_entries(secret)}):
            raise UsageError(
                f"season {season.name} has no entry {entry}: it has {', '.join(sorted(known)) or 'none'}."
            )
        if any(one.entry == entry for one in voids):
            raise UsageError(f"{entry or f'season {season.name}'} is void already: the first reason stays.")
        if (public / ENTRIES).is_file() and entry is not None:
            raise UsageError(f"season {season.name} is closed: only the whole season can be made void.")
        void = Void(entry=entry, reason=reason, at=now.replace(microsecond=0))
        for folder in (secret, public):
            write_file_atomically(folder / VOID, to_json(Voids([*voids, void])))
    return void
