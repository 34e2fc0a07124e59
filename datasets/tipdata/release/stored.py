"""A release in a store: any URL that fsspec opens, such as ``s3://bucket/tipbench``.

A scan fetches only the regions that it needs. A file is checked against its region's receipt and the manifest when it
is first fetched. This machine remembers the SHA-256 of a file that passed, until the store says that the file changed;
every later fetch must have that SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source
from tipcore.atomic import temporary_folder, write_file_atomically
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.locations import Remote, error_text, home, place_of
from tipcore.table_files import read_parquet

from tipdata.release.checking import file_problems
from tipdata.release.fetching import AT_ONCE, Kept, in_turn
from tipdata.release.layout import TRUTH, command, files_of, region_name
from tipdata.release.manifests import FILES, RECEIPT, published_manifest
from tipdata.release.reading import known_table, scan_files
from tipdata.release.release import Release
from tipdata.stages import tables_of

VARIABLE = "TIPBENCH_STORE"
"""The environment variable that says where releases are stored; where it is not set they are in ``TIPBENCH_HOME``."""
PATTERN = "*?["
"""What stores read as a pattern: where a release is removed, it would name others too."""
RIGHT = "stores"
"""The folder of ``$TIPBENCH_HOME`` with the SHA-256 of files of stores that passed their check."""
LISTED_SECONDS = 60
"""For so long the list of a release's files is not asked for again, or for 20 times as long as it took to get."""
TELLING = ("size", "ETag", "etag", "LastModified", "mtime", "created", "md5Hash")
"""What stores say of a file that changes when it is written again; each has some of these."""
AGAIN = (
    f"look at the address and at your credentials ({VARIABLE}), and run the same command again: it goes on"
)


def store() -> str | None:
    """Return the URL of the user's store; None where there is none. Raises UsageError for a folder, which is none."""
    said = os.environ.get(VARIABLE, "")
    if said and isinstance(place := place_of(said), Path):
        raise UsageError(
            f"{VARIABLE}={said} is a folder, which has no need of a store: set TIPBENCH_HOME={place}, or give a URL "
            "such as s3://bucket/tipbench."
        )
    url = said.rstrip("/")
    _, _, path = url.rpartition("::")[2].partition("://")
    if url and (not path or "//" in path or set(path) & set(PATTERN)):
        raise UsageError(
            f"{VARIABLE}={said} is no place of a store: give one such as s3://bucket/tipbench, without empty folders "
            f"and without {' '.join(PATTERN)}, which stores read as patterns of many places."
        )
    return url or None


_listings: dict[str, tuple[float, dict[str, str]]] = {}
"""Place of a release -> until when its list of files is valid in this process, and the list."""
_checked: dict[Path, dict[str, str]] = {}
"""Note on disk -> mark of a file (:func:`_checked_files`) -> SHA-256 of the file, which passed its check."""


@dataclass(frozen=True)
class StoredRelease(Release):
    """A release in a store. ``store``: the URL above releases."""

    store: str = ""

    @property
    def place(self) -> str:
        return f"{self.store}/{self.name}"

    @property
    def folder(self) -> Path:
        """Raises UsageError: it has none on this machine."""
        raise UsageError(
            f"release {self.name} lies in {self.place}, and what you ask for reads a folder: make it on this machine, "
            f"with {VARIABLE} unset."
        )

    def scan(self, table: str, truth: bool = False, regions: Sequence[int] | None = None) -> pl.LazyFrame:
        """Return one table over all regions, or some, lazily; see :meth:`tipdata.release.Release.scan`.

        Raises:
            UsageError: as there, and for a store that cannot be reached.
            MachineFault: where a file is damaged or not there.
        """
        known = known_table(tables_of(self.version), self.version, table, truth)
        those = range(self.regions) if regions is None else regions
        place = at_store(self)

        def scan(suffix: str) -> pl.LazyFrame:
            name = f"{table}{suffix}.parquet"
            columns = known.hidden if suffix else known.observed
            files = _checked_files(self, place, name, those)
            return _scan(self, place, files, {column: known.schema[column] for column in columns})

        return scan_files(known, truth, scan)

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        place = at_store(self)
        [(path, digest)] = _checked_files(self, place, name, [index]).items()
        return read_parquet(_fetch(self, place, path, digest=digest))


def at_store(stored: StoredRelease) -> Remote:
    """Return where a release lies."""
    place = place_of(stored.place)
    assert isinstance(place, Remote)  # `store` takes URLs alone
    return place


@contextmanager
def readable(stored: StoredRelease) -> Iterator[None]:
    """Say in a sentence what a store says: each has errors of its own."""
    try:
        yield
    except (UsageError, MachineFault, CheckFailed):
        raise
    except Exception as error:
        raise UsageError(f"{stored.place} cannot be read or written: {error_text(error)}; {AGAIN}.") from None


def files_in(stored: StoredRelease, place: Remote) -> dict[str, dict[str, Any]]:
    """Return what the store says of each file of a release, by path."""
    with readable(stored):
        place.system.invalidate_cache()
        if not place.system.exists(place.root):
            return {}
        return dict(place.system.find(place.root, detail=True))


def _checked_files(stored: StoredRelease, place: Remote, name: str, regions: Sequence[int]) -> dict[str, str]:
    """Return the SHA-256 of each file of a table in some regions, by path.

    Files that have not passed a check, or changed since, are checked against their receipts and the manifest.
    """
    note = home() / RIGHT / hashlib.sha256(stored.place.encode()).hexdigest()[:16] / f"{name}.json"
    if note not in _checked:
        _checked[note] = {}
        with suppress(OSError, ValueError, TypeError):
            _checked[note].update(json.loads(note.read_text(encoding="utf-8")))
    known, listed, manifest = _checked[note], _listed(stored, place), published_manifest(stored)
    files, unseen = {}, {}
    for region in map(region_name, regions):
        path = place.at(f"{region}/{name}")
        if path not in listed:
            raise _damaged(stored, f"{path}, which is not there")
        said = f"{region} {listed[path]} {manifest and manifest['digest']}"
        mark = hashlib.sha256(said.encode()).hexdigest()
        files[path] = known.get(mark, "") if listed[path] else ""
        if not files[path]:
            unseen[path] = mark
    if not unseen:
        return files
    with temporary_folder(Path(gettempdir())) as beside, ThreadPoolExecutor(AT_ONCE) as pool:
        digests = pool.map(lambda path: _check_file(stored, place, listed, path, beside), unseen)
        files |= zip(unseen, digests, strict=True)
    known |= {mark: files[path] for path, mark in unseen.items()}
    with suppress(UsageError):  # a home that others only may write to: each process checks for itself
        write_file_atomically(note, json.dumps(known))
    return files


def _check_file(
    stored: StoredRelease, place: Remote, listed: Mapping[str, str], path: str, beside: Path
) -> str:
    """Fetch a file and its receipt, check the file, and return its SHA-256. ``beside``: a temporary folder.

    Raises MachineFault for a file that fails its check.
    """
    region, name = path.split("/")[-2:]
    table = name.removesuffix(".parquet").removesuffix(TRUTH)
    columns = dict(files_of(tables_of(stored.version)[table]))[name[len(table) : -len(".parquet")]]
    here = beside / region / name
    here.parent.mkdir()
    receipts = place.at(f"{region}/{RECEIPT}")
    with readable(stored):
        content = _fetch(stored, place, path)
        here.write_bytes(content)
        receipt = json.loads(_fetch(stored, place, receipts, listed.get(receipts)))
        manifest = published_manifest(stored)
        digests = receipt["digests"] if manifest is None else manifest["regions"][region]["digests"]
        written = receipt.get(FILES, {}).get(name)
        what = f"region {int(region)}, table {table}"
        try:
            problems = file_problems(what, here, columns, digests.get(table, {}), written)
        finally:
            here.unlink()
    if problems:
        raise _damaged(stored, problems[0])
    digest = hashlib.sha256(content).hexdigest()
    _kept.put((f"{stored.store} {path}", digest), content)
    return digest


_kept = Kept()


def _fetch(
    stored: StoredRelease, place: Remote, path: str, told: str | None = None, digest: str | None = None
) -> bytes:
    """Return the content of a file; it is kept in memory.

    Args:
        told: what the store says of the file (:func:`_told_of`); another value fetches it again.
        digest: the SHA-256 that it must have.

    Raises:
        MachineFault: if the SHA-256 differs: the file was replaced after its check.
    """
    key = f"{stored.store} {path}", digest or told or ""
    if key[1] and (kept := _kept.get(key)) is not None:
        return kept
    with readable(stored):
        content = place.system.cat_file(path)
    assert isinstance(content, bytes)
    if digest and hashlib.sha256(content).hexdigest() != digest:
        forget_listing(stored)
        raise MachineFault(
            f"{path} of release {stored.name} in {stored.store} was replaced after its check: run the same command "
            "again to check the new file."
        )
    if key[1]:
        _kept.put(key, content)
    return content


def forget_listing(stored: StoredRelease) -> None:
    """Ask for the list of a release's files again, which are others now."""
    _listings.pop(stored.place, None)


def _listed(stored: StoredRelease, place: Remote) -> dict[str, str]:
    """Return what tells each file of a release from one that was written later, by path; listed once in a while."""
    until, found = _listings.get(stored.place, (-math.inf, {}))
    if (asked := time.monotonic()) > until:
        there = files_in(stored, place)
        found = {path: _told_of(entry) for path, entry in there.items()}
        took = (now := time.monotonic()) - asked
        _listings[stored.place] = now + max(LISTED_SECONDS, 20 * took), found
    return found


def _told_of(entry: Mapping[str, Any]) -> str:
    """Return what a store says of a file; '' where it is nothing, as by a web server: then no change can be seen, and
    the file is fetched and held against its receipt each time."""
    said = [entry.get(key) for key in TELLING]
    return "" if set(said) == {None} else str(said)


def _damaged(stored: StoredRelease, where: str) -> MachineFault:
    return MachineFault(
        f"release {stored.name} in {stored.place} is damaged at {where}: delete that region there and run "
        f"`{command(stored, 'make')}`, which makes it again."
    )


def _scan(
    stored: StoredRelease, place: Remote, files: Mapping[str, str], schema: Mapping[str, pl.DataType]
) -> pl.LazyFrame:
    """Return the rows of files, one below the other. A file is fetched when it is needed, several at a time.

    ``files``: the SHA-256 of each file, by path.

    A file of a region has half a megabyte at most: to ask for its footer and for each column would take longer.
    """

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for content in in_turn(pool, lambda path: _fetch(stored, place, path, digest=files[path]), files):
                frame = read_parquet(content, columns)
                if most is not None:  # of the rows before the filter, as polars asks for them
                    frame = frame.head(most)
                    most -= frame.height
                yield frame if predicate is None else frame.filter(predicate)
                if most == 0:
                    return

    return register_io_source(read, schema=schema, is_pure=True)
