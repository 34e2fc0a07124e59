"""Make, open and remove releases, on a disk or in a store."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import polars as pl
from tipcore.atomic import PARTIAL, fill_folder_atomically, temporary_folder, write_file_atomically
from tipcore.digest import column_digest, region_digest, release_digest
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import Remote, home
from tipcore.operating_system import file_lock

from tipdata.core.world import World, fingerprint
from tipdata.release.manifests import (
    FILES,
    RECEIPT,
    TRUTH,
    Digests,
    command,
    differences_of,
    published_manifest,
    read_receipt,
    region_name,
    region_receipt,
    table_files,
)
from tipdata.release.region import generate_region
from tipdata.release.release import AGAIN, VARIABLE, Release, StoredRelease, store_url
from tipdata.release.verification import region_problems
from tipdata.text.cache import FILE as WORDBOOKS

ELSEWHERE = "free space there or set TIPBENCH_HOME to another folder"
BYTES_PER_REGION, CPU_SECONDS_PER_REGION = 2_300_000, 0.5
"""Of data 0.5.0, measured on ``small``: 147 MB in 64 regions; :file:`research/cost/generation.py` has seconds."""
SECONDS_OF_WORDBOOKS = 12
"""To compile the wordbooks, once for each ``$TIPBENCH_HOME``."""


def announce(release: Release, regions: int, workers: int | None) -> str:
    """Return a sentence on the disk and time that making regions of a release takes, and on the free space.

    Raises UsageError if the disk has too little room.
    """
    existing = next(path for path in (release.folder, *release.folder.parents) if path.exists())
    need, free = regions * BYTES_PER_REGION, shutil.disk_usage(existing).free
    room = f"{size_in_words(free)} free"
    if need > free:
        needs = f"release {release.name} needs about {size_in_words(need)}"
        raise UsageError(f"{needs} and {release.folder} has {room}: {ELSEWHERE}.")
    seconds = regions * CPU_SECONDS_PER_REGION / min(workers or os.cpu_count() or 1, regions)
    if not (home() / WORDBOOKS).exists():
        seconds += SECONDS_OF_WORDBOOKS
    takes = f"about {size_in_words(need)} and {duration_in_words(seconds)}"
    of = "" if regions == release.regions else f" of {release.regions:,}"
    return f"making release {release.name}: {regions:,}{of} regions, {takes}, in {release.folder} ({room})\n"


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files below a folder, without those that are removed meanwhile."""
    size = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(here, name).stat().st_size
    return size


def remove_from_disk(release: Release) -> int:
    """Delete a release's files, whole or half made, and return their bytes; wait while it is being made.

    Raises UsageError if nothing of it is there, or it cannot be deleted.
    """
    if not release.folder.is_dir():
        raise UsageError(f"release {release.name} is not in {release.folder}: there is nothing to remove.")
    try:
        with file_lock(release.folder.with_name(f"{release.folder.name}.lock")):
            freed = size_on_disk(release.folder)
            # The receipt goes first: the rest of an interrupted removal is never taken for a whole release.
            (release.folder / RECEIPT).unlink(missing_ok=True)
            shutil.rmtree(release.folder)
    except OSError as error:
        why = f"could not be removed from {release.folder}: {error.strerror or error}"
        raise UsageError(f"release {release.name} {why}; try again.") from error
    return freed


def size_in_words(size: int) -> str:
    """Return bytes in words, such as ``126 MB`` or ``1.3 GB``."""
    if size < 1e9:
        return f"{size / 1e6:,.0f} MB"
    return f"{size / 1e9:,.{1 if size < 1e11 else 0}f} GB"


def duration_in_words(seconds: float) -> str:
    """Return seconds in words, such as ``10 seconds`` or ``3 hours``."""
    for unit, name in ((3_600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}s"
    whole = max(1, round(seconds))
    return f"{whole:,} second{'s' if whole > 1 else ''}"


def locate_release(release: Release) -> Release:
    """Return the release in the user's store; the same release without a store. Raises UsageError as
    :func:`tipdata.release.release.store_url`."""
    url = store_url()
    return release if url is None else StoredRelease(release.version, release.size, release.world, url)


def open_release(
    version: str, size: str, engine: Engine | str = "loky", quiet: bool = False, world: int = 0
) -> Release:
    """Return a release ready to read, from the user's store or else a folder. It is made first, as by
    :func:`make_release`, if it is missing or of another generator.

    Raises:
        UsageError: if its truth was taken away, as for people who may not see it; that is not made again unasked.
    """
    return _open(locate_release(Release.of(version, size, world)), engine, quiet)


def open_on_disk(
    version: str, size: str, engine: Engine | str = "loky", quiet: bool = False, world: int = 0
) -> Release:
    """Return a release in a folder of this machine, ready to read; see :func:`open_release`."""
    return _open(Release.of(version, size, world), engine, quiet)


def _open(release: Release, engine: Engine | str, quiet: bool) -> Release:
    if not is_complete(release):
        if release.root is not None and release.lacks_truth():
            why = f"has no truth, since its *{TRUTH}.parquet files were taken away"
            advice = f"make them again with `{command(release, 'make')}`, or set another TIPBENCH_HOME"
            raise UsageError(f"release {release.name} in {release.folder} {why}: {advice}.")
        make_release(release, engine=engine, quiet=quiet)
    return release


def is_complete(release: Release) -> bool:
    """Return whether a release is there, whole, and the published one or of this generator."""
    if release.root and any(map(release.missing_files, range(release.regions))):
        return False
    receipt = release.receipt()
    if (manifest := published_manifest(release)) is not None:
        return receipt.get("digest") == manifest["digest"]
    return receipt.get("fingerprint") == fingerprint(release.version, release.size)


def make_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> Release:
    """Generate every region that is missing, then check the digests against the published manifest.

    In a folder a region is written beside its place and renamed, so it is whole or absent; a killed run resumes. For a
    store see :func:`make_stored`.

    Raises:
        UsageError: if folder or store cannot be reached or written, or the disk is full or has no room for it.
        CheckFailed: if the digests differ from the published manifest.
    """
    if isinstance(release, StoredRelease):
        return make_stored(release, engine, quiet)
    try:
        release.folder.mkdir(parents=True, exist_ok=True)
        with file_lock(release.folder.with_name(f"{release.folder.name}.lock")):
            _make_regions(release, engine_of(engine), quiet)
    except OSError as error:
        why = f"could not be written to {release.folder}: {error.strerror or error}"
        raise UsageError(f"release {release.name} {why}; {ELSEWHERE}.") from error
    return release


def remove_release(release: Release) -> int:
    """Delete a release's files and return their bytes. Raises UsageError if there are none."""
    return remove_stored(release) if isinstance(release, StoredRelease) else remove_from_disk(release)


def _make_regions(release: Release, engine: Engine, quiet: bool) -> None:
    mark = _mark(release)
    _remove_leftovers(release)
    missing = [index for index in range(release.regions) if not _is_made(release, index, mark)]
    if missing:
        announcement = announce(release, len(missing), engine.here)
        if not quiet:
            sys.stderr.write(announcement)
    # The folder is passed, not looked up again: a reused worker may have another TIPBENCH_HOME.
    world = World.of(release.version, release.world, size=release.size)
    work = partial(make_region, world, release.folder, mark)
    try:
        run_all(work, missing, engine, f"regions of {release.name}", quiet)
    finally:
        _remove_leftovers(release)
    digests = {i: region_receipt(release.region_folder(i))["digests"] for i in range(release.regions)}
    write_file_atomically(release.folder / RECEIPT, _release_receipt(release, digests, mark), ELSEWHERE)


def _mark(release: Release) -> str:
    """Return the fingerprint of the generator for receipts; '' if a published manifest decides what is right."""
    return "" if published_manifest(release) else fingerprint(release.version, release.size)


def _release_receipt(release: Release, digests: dict[int, Digests], mark: str) -> str:
    """Return the text of the receipt. Raises CheckFailed if the digests differ from the published manifest."""
    if differences := differences_of(release, digests):
        how = f"differs from its published manifest in {len(differences)} columns: {differences[0]}"
        raise CheckFailed(f"release {release.name} was made but {how}.")
    root = release_digest({region_name(i): region_digest(columns) for i, columns in digests.items()})
    receipt = {"release": release.name, "fingerprint": mark, "digest": root}
    return json.dumps(receipt, indent=1, sort_keys=True)


def _is_made(release: Release, index: int, mark: str) -> bool:
    """Return whether a region need not be made: it is the right one, and no file of it is missing or damaged."""
    receipt = read_receipt(release.region_folder(index))
    is_right = not release.missing_files(index) and _is_current(release, index, receipt, mark)
    return is_right and not region_problems(release, index)


def _is_current(release: Release, index: int, receipt: Mapping[str, Any], mark: str) -> bool:
    """Return whether a receipt is of the published region or, if none is published, of this generator."""
    manifest = published_manifest(release)
    try:
        if manifest is None:
            return receipt["fingerprint"] == mark
        return region_digest(receipt["digests"]) == manifest["regions"][region_name(index)]["digest"]
    except (KeyError, TypeError, AttributeError):
        return False


def _remove_leftovers(release: Release) -> None:
    """Delete regions that a killed run, or a worker stopped with it, left half written."""
    for leftover in release.folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def make_region(world: World, release_folder: Path, mark: str, index: int) -> None:
    """Generate one region and put it in place. ``mark``: of the generator, for its receipt."""
    tables = generate_region(world, index)
    with fill_folder_atomically(release_folder / region_name(index), replace=True, advice=ELSEWHERE) as part:
        files = _write_files(tables, table_files(world.version), part)
        digests = {n: {c.name: column_digest(c) for c in f.iter_columns()} for n, f in tables.items()}
        rows = {name: frame.height for name, frame in tables.items()}
        receipt = {"region": index, "fingerprint": mark, "rows": rows, "digests": digests, FILES: files}
        (part / RECEIPT).write_text(json.dumps(receipt, indent=1, sort_keys=True), encoding="utf-8")


def _write_files(
    tables: Mapping[str, pl.DataFrame], files: Mapping[str, tuple[str, Sequence[str]]], folder: Path
) -> dict[str, str]:
    """Write the files of a region, each of some columns of a table, and return the SHA-256 of each."""
    buffers = {name: io.BytesIO() for name in files}
    # At once, which costs less than one by one. Statistics would help no reader of one region's rows.
    pl.collect_all(
        tables[table][list(columns)]
        .lazy()
        .sink_parquet(buffers[name], compression="zstd", statistics=False, lazy=True)
        for name, (table, columns) in files.items()
    )
    for name, buffer in buffers.items():
        (folder / name).write_bytes(buffer.getbuffer())
    return {name: hashlib.sha256(buffer.getbuffer()).hexdigest() for name, buffer in buffers.items()}


def make_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> StoredRelease:
    """Make every region that is missing in the store, then check the digests against the published manifest.

    A region is made in a temporary folder and put file by file, its receipt last; without a receipt it is made again.
    The receipt of the release follows when all regions are there. After an interruption the same command goes on; two
    processes that make one release put the same bytes twice.

    Raises:
        UsageError: for a store that cannot be reached or written.
        CheckFailed: if the digests differ from the published manifest.
    """
    place, mark = stored.remote, _mark(stored)
    _check_bucket(stored, place)
    receipts, every = stored.receipts(), range(stored.regions)
    missing = [index for index in every if not _is_current(stored, index, receipts.get(index, {}), mark)]
    work = partial(_put_region, stored, World.of(stored.version, stored.world, size=stored.size), mark)
    run_all(work, missing, engine_of(engine), f"regions of {stored.name}", quiet)
    digests = {index: receipt["digests"] for index, receipt in stored.receipts().items()}
    stored.forget_listing()
    if lacking := stored.regions - len(digests):
        raise UsageError(f"{stored.place} lacks {lacking:,} regions that were put there: {AGAIN}.")
    receipt = _release_receipt(stored, digests, mark)
    if not is_complete(stored):  # else nothing is written: the store may be one that can only be read
        with stored.translate_errors():
            place.system.pipe_file(place.at(RECEIPT), receipt.encode())
    return stored


def remove_stored(stored: StoredRelease) -> int:
    """Delete a stored release, its receipt first, and return its bytes. Raises UsageError if nothing is there."""
    place, there = stored.remote, stored.list_files()
    if not there:
        raise UsageError(f"release {stored.name} is not in {stored.place}: there is nothing to remove.")
    with stored.translate_errors():
        with suppress(FileNotFoundError):
            place.system.rm_file(place.at(RECEIPT))
        place.system.rm(place.root, recursive=True)
    return sum(int(entry.get("size") or 0) for entry in there.values())


def _check_bucket(stored: StoredRelease, place: Remote) -> None:
    """Raise UsageError if the bucket is not there: some stores would make one, of a misspelled name too."""
    scheme, mark, path = place.root.rpartition("://")
    bucket = f"{scheme}{mark}{'/' * path.startswith('/')}{path.strip('/').partition('/')[0]}"
    with stored.translate_errors():
        place.system.invalidate_cache()
        try:
            with suppress(PermissionError):  # credentials for a part of a bucket need not allow to look at it
                place.system.info(bucket)
        except FileNotFoundError:
            what = f"{stored.store} has no bucket or folder {bucket}"
            raise UsageError(f"{what}: make it first, or correct {VARIABLE}.") from None


def _put_region(stored: StoredRelease, world: World, mark: str, index: int) -> None:
    """Make one region and put its files, the receipt last; a region that was there loses its receipt first."""
    place = stored.remote
    with temporary_folder(Path(gettempdir())) as folder:
        make_region(world, folder, mark, index)
        made = folder / region_name(index)
        with stored.translate_errors():
            with suppress(FileNotFoundError):
                place.system.rm_file(place.at(f"{made.name}/{RECEIPT}"))
            with suppress(FileExistsError):  # an object store has no folders to make
                place.system.makedirs(place.at(made.name), exist_ok=True)
            for path in sorted(made.iterdir(), key=lambda path: (path.name == RECEIPT, path.name)):
                place.system.put_file(str(path), place.at(f"{made.name}/{path.name}"))


@dataclass(frozen=True)
class TemporaryRelease(Release):
    """A release's world under other assumptions, in a temporary folder; its files are not checked.

    ``assumptions``: the number of the draw. ``made_in``: the folder.
    """

    assumptions: int = 0
    made_in: Path = Path()

    @property
    def name(self) -> str:
        return f"{super().name}, assumptions {self.assumptions}"

    @property
    def folder(self) -> Path:
        return self.made_in

    def _check_files(self, name: str, regions: Sequence[int]) -> None:
        pass


@contextmanager
def other_assumptions(
    release: Release, number: int, engine: Engine | str = "loky", quiet: bool = False
) -> Iterator[TemporaryRelease]:
    """Draw a release's world under other assumptions (:mod:`tipdata.core.parameters`); it is gone after the block.

    Args:
        release: version, size and world.
        number: of the draw, from 1.
        engine, quiet: as for making a release.

    Raises:
        UsageError: for a draw that does not exist, and if there is no room for it.
    """
    if number < 1:
        known = "1, 2, 3 and so on are draws of all that is assumed"
        raise UsageError(f"assumptions={number} does not exist: {known}.")
    world = World.of(release.version, release.world, number, release.size)
    made = TemporaryRelease(release.version, release.size, release.world, number)
    with ExitStack() as stack:
        try:
            home().mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(temporary_folder(home()))
            work, indices = partial(make_region, world, folder, ""), list(range(release.regions))
            run_all(work, indices, engine=engine, label=f"regions of {made.name}", quiet=quiet)
        except OSError as error:
            why = f"could not be drawn in {home()}: {error.strerror or error}"
            raise UsageError(f"{made.name} {why}; {ELSEWHERE}.") from error
        yield replace(made, made_in=folder)
