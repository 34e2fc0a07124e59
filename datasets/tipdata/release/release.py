"""Releases: read tables from a folder, from a store, or from an export."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import gettempdir
from threading import Lock
from typing import Annotated, Any

import polars as pl
from polars.io.plugins import register_io_source
from pydantic import BaseModel, Field, ValidationError
from tipcore.atomic import temporary_folder, write_file_atomically
from tipcore.digest import column_digest, region_digest, release_digest
from tipcore.display import printable
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.locations import Remote, error_text, home, place_of
from tipcore.operating_system import check_regular
from tipcore.table_files import UNREADABLE, error_line, read_parquet, scan_parquet

from tipdata.core.release_names import parts_of, release_name
from tipdata.core.tables import Table
from tipdata.core.world import (
    check_world,
    entry_of,
    newest_released,
    sizes,
    versions,
)
from tipdata.release.manifests import (
    FILES,
    RECEIPT,
    TRUTH,
    command,
    files_of,
    published_manifest,
    region_name,
)
from tipdata.release.verification import check_table, file_problems
from tipdata.stages import all_tables, tables_of


def find_table(known: Mapping[str, Table], version: str, table: str, truth: bool) -> Table:
    """Return a table of a version. Raises UsageError for one that does not exist, and for one that is all truth where
    ``truth`` is not asked for."""
    if table not in known:
        where = f" in data version {version}" if table in all_tables() else ""
        raise UsageError(f"table {table} does not exist{where}: choose one of {', '.join(known)}.")
    if not known[table].observed and not truth:
        raise UsageError(f"table {table} is hidden truth: ask for it with truth=True.")
    return known[table]


def scan_files(table: Table, truth: bool, scan: Callable[[str], pl.LazyFrame]) -> pl.LazyFrame:
    """Return the rows of a table, lazily, in the order of its observed file; of its hidden one where it is all truth.

    Args:
        table: the table.
        truth: with the hidden columns beside the observed ones.
        scan: gives the rows of the file with a suffix of :func:`tipdata.release.manifests.files_of`.
    """
    seen = scan("") if table.observed else None
    if not truth or not table.hidden:
        return pl.LazyFrame() if seen is None else seen
    unseen = scan(TRUTH)
    if seen is None:
        return unseen
    return seen.join(unseen, on=list(table.key), how="left", maintain_order="left")


@dataclass(frozen=True)
class Release:
    """One release of the data, by version and size. It may or may not have been made yet.

    ``world``: 0 is the released world; any other number is an independent one, which has no published manifest.
    """

    version: str
    size: str
    world: int = 0

    @classmethod
    def of(cls, version: str, size: str, world: int = 0, retired: bool = False) -> Release:
        """Return a release that can be made. Raises UsageError, naming those that can, for a part that does not
        exist, and as :func:`tipdata.core.world.entry_of`.

        ``retired``: also one that cannot be made any more, whose files may still be there.
        """
        if not (retired and version in versions()):
            entry_of(version)
        if size not in sizes():
            raise UsageError(f"release size {size} does not exist: choose one of {', '.join(sizes())}.")
        check_world(world)
        return cls(version, size, world)

    @classmethod
    def called(cls, name: str) -> Release:
        """Return the release of a name: ``small`` (its newest released version), ``0.4.0/small`` or ``0.4.0/small.w3``.

        Raises UsageError as :meth:`of`, and for a world that is not a whole number from 1.
        """
        version, size, world = parts_of(name)
        return cls.of(version or newest_released(), size, int(world or 0))

    @property
    def name(self) -> str:
        return release_name(self.version, self.size, self.world)

    @property
    def regions(self) -> int:
        """Number of regions, numbered from 0."""
        return sizes()[self.size]

    @property
    def folder(self) -> Path:
        return home() / self.name

    @property
    def place(self) -> str:
        """Where it lies, for people to read."""
        return str(self.folder)

    def region_folder(self, index: int) -> Path:
        return self.folder / region_name(index)

    def scan(self, table: str, truth: bool = False, regions: Sequence[int] | None = None) -> pl.LazyFrame:
        """Return one table over all regions, lazily, in the order of regions and keys; its files are checked first.

        Args:
            table: its name.
            truth: with the hidden columns beside the observed ones.
            regions: of these alone, by number; no other file is looked at.

        Raises:
            UsageError: for a table that does not exist, or one that is all truth where ``truth`` is not asked for.
            MachineFault: where a file of it is damaged (:mod:`tipdata.release.verification`).
        """
        known = find_table(tables_of(self.version), self.version, table, truth)
        those = range(self.regions) if regions is None else regions
        check_table(self, table, (False, True) if truth else (False,), those)
        return scan_files(
            known, truth, lambda suffix: scan_parquet(self._files(f"{table}{suffix}.parquet", those))
        )

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        """Return the rows of one file of a region, such as ``adverts.truth.parquet``; it is not checked."""
        return read_parquet(self.region_folder(index) / name)

    def lacking(self, index: int) -> list[Path]:
        """Return the files of a region that are not there."""
        folder = self.region_folder(index)
        there = set(os.listdir(folder)) if folder.is_dir() else set()
        return [folder / name for name in sorted(_file_names(self.version) - there)]

    def hidden(self, index: int) -> list[Path]:
        """Return the files of a region that hold truth."""
        folder = self.region_folder(index)
        return [folder / n for n in sorted(_file_names(self.version)) if n.endswith(f"{TRUTH}.parquet")]

    def _files(self, name: str, regions: Sequence[int]) -> list[Path]:
        return [self.region_folder(i) / name for i in regions]


@lru_cache
def _file_names(version: str) -> frozenset[str]:
    """Return the names of the files that a region of a version has."""
    tables = tables_of(version)
    return frozenset(f"{name}{suffix}.parquet" for name in tables for suffix, _ in files_of(tables[name]))


AT_ONCE = 8
"""Files that are fetched beside one another: most of the time is spent waiting for the store."""
CACHE_BYTES = 128 << 20
"""So much of a store's files each process keeps in memory: those of 64 regions, which a fold is read by."""


class FileCache:
    """The files that were fetched last, as many as :data:`CACHE_BYTES` holds.

    Tables of some regions are read again and again, and a request takes longer than decoding a file."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._contents: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            if key in self._contents:
                self._contents.move_to_end(key)
            return self._contents.get(key)

    def put(self, key: tuple[str, str], content: bytes) -> None:
        with self._lock:
            if key not in self._contents:
                self._contents[key] = content
                self._bytes += len(content)
            while self._bytes > CACHE_BYTES:
                self._bytes -= len(self._contents.popitem(last=False)[1])


def fetch_in_order(
    pool: ThreadPoolExecutor, fetch: Callable[[str], bytes], paths: Iterable[str]
) -> Iterator[bytes]:
    """Yield what is fetched from each place in turn, while the next ones are fetched."""
    waiting: deque[Future[bytes]] = deque()
    for path in paths:
        waiting.append(pool.submit(fetch, path))
        if len(waiting) > AT_ONCE:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


VARIABLE = "TIPBENCH_STORE"
"""The environment variable that says where releases are stored; where it is not set they are in ``TIPBENCH_HOME``."""
PATTERN = "*?["
"""What stores read as a pattern: where a release is removed, it would name others too."""
PASSED = "stores"
"""The folder of ``$TIPBENCH_HOME`` with the SHA-256 of files of stores that passed their check."""
LISTED_SECONDS = 60
"""For so long the list of a release's files is not asked for again, or for 20 times as long as it took to get."""
FILE_STATE = ("size", "ETag", "etag", "LastModified", "mtime", "created", "md5Hash")
"""What stores say of a file that changes when it is written again; each has some of these."""
AGAIN = (
    f"look at the address and at your credentials ({VARIABLE}), and run the same command again: it goes on"
)


def store_url() -> str | None:
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
_passed: dict[Path, dict[str, str]] = {}
"""Note on disk -> mark of a file (:func:`_checked_files`) -> SHA-256 of the file, which passed its check."""


@dataclass(frozen=True)
class StoredRelease(Release):
    """A release in a store. ``store_url``: the URL above releases."""

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
        known = find_table(tables_of(self.version), self.version, table, truth)
        those = range(self.regions) if regions is None else regions
        place = remote_place(self)

        def scan(suffix: str) -> pl.LazyFrame:
            name = f"{table}{suffix}.parquet"
            columns = known.hidden if suffix else known.observed
            files = _checked_files(self, place, name, those)
            return _scan_remote(self, place, files, {column: known.schema[column] for column in columns})

        return scan_files(known, truth, scan)

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        place = remote_place(self)
        [(path, digest)] = _checked_files(self, place, name, [index]).items()
        return read_parquet(_fetch(self, place, path, digest=digest))


def remote_place(stored: StoredRelease) -> Remote:
    """Return where a release lies."""
    place = place_of(stored.place)
    assert isinstance(place, Remote)  # `store` takes URLs alone
    return place


@contextmanager
def translate_errors(stored: StoredRelease) -> Iterator[None]:
    """Say in a sentence what a store says: each has errors of its own."""
    try:
        yield
    except (UsageError, MachineFault, CheckFailed):
        raise
    except Exception as error:
        raise UsageError(f"{stored.place} cannot be read or written: {error_text(error)}; {AGAIN}.") from None


def files_in(stored: StoredRelease, place: Remote) -> dict[str, dict[str, Any]]:
    """Return what the store says of each file of a release, by path."""
    with translate_errors(stored):
        place.system.invalidate_cache()
        if not place.system.exists(place.root):
            return {}
        return dict(place.system.find(place.root, detail=True))


def _checked_files(stored: StoredRelease, place: Remote, name: str, regions: Sequence[int]) -> dict[str, str]:
    """Return the SHA-256 of each file of a table in some regions, by path.

    Files that have not passed a check, or changed since, are checked against their receipts and the manifest.
    """
    note = home() / PASSED / hashlib.sha256(stored.place.encode()).hexdigest()[:16] / f"{name}.json"
    if note not in _passed:
        _passed[note] = {}
        with suppress(OSError, ValueError, TypeError):
            _passed[note].update(json.loads(note.read_text(encoding="utf-8")))
    known, listed, manifest = _passed[note], _list_files(stored, place), published_manifest(stored)
    files, unseen = {}, {}
    for region in map(region_name, regions):
        path = place.at(f"{region}/{name}")
        if path not in listed:
            raise _damaged_store(stored, f"{path}, which is not there")
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
    with translate_errors(stored):
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
        raise _damaged_store(stored, problems[0])
    digest = hashlib.sha256(content).hexdigest()
    _contents.put((f"{stored.store} {path}", digest), content)
    return digest


_contents = FileCache()


def _fetch(
    stored: StoredRelease, place: Remote, path: str, told: str | None = None, digest: str | None = None
) -> bytes:
    """Return the content of a file; it is kept in memory.

    Args:
        told: what the store says of the file (:func:`_file_state`); another value fetches it again.
        digest: the SHA-256 that it must have.

    Raises:
        MachineFault: if the SHA-256 differs: the file was replaced after its check.
    """
    key = f"{stored.store} {path}", digest or told or ""
    if key[1] and (kept := _contents.get(key)) is not None:
        return kept
    with translate_errors(stored):
        content = place.system.cat_file(path)
    assert isinstance(content, bytes)
    if digest and hashlib.sha256(content).hexdigest() != digest:
        forget_listing(stored)
        raise MachineFault(
            f"{path} of release {stored.name} in {stored.store} was replaced after its check: run the same command "
            "again to check the new file."
        )
    if key[1]:
        _contents.put(key, content)
    return content


def forget_listing(stored: StoredRelease) -> None:
    """Ask for the list of a release's files again, which are others now."""
    _listings.pop(stored.place, None)


def _list_files(stored: StoredRelease, place: Remote) -> dict[str, str]:
    """Return what tells each file of a release from one that was written later, by path; listed once in a while."""
    until, found = _listings.get(stored.place, (-math.inf, {}))
    if (asked := time.monotonic()) > until:
        there = files_in(stored, place)
        found = {path: _file_state(entry) for path, entry in there.items()}
        took = (now := time.monotonic()) - asked
        _listings[stored.place] = now + max(LISTED_SECONDS, 20 * took), found
    return found


def _file_state(entry: Mapping[str, Any]) -> str:
    """Return what a store says of a file; '' where it is nothing, as by a web server: then no change can be seen, and
    the file is fetched and held against its receipt each time."""
    said = [entry.get(key) for key in FILE_STATE]
    return "" if set(said) == {None} else str(said)


def _damaged_store(stored: StoredRelease, where: str) -> MachineFault:
    return MachineFault(
        f"release {stored.name} in {stored.place} is damaged at {where}: delete that region there and run "
        f"`{command(stored, 'make')}`, which makes it again."
    )


def _scan_remote(
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
            for content in fetch_in_order(
                pool, lambda path: _fetch(stored, place, path, digest=files[path]), files
            ):
                frame = read_parquet(content, columns)
                if most is not None:  # of the rows before the filter, as polars asks for them
                    frame = frame.head(most)
                    most -= frame.height
                yield frame if predicate is None else frame.filter(predicate)
                if most == 0:
                    return

    return register_io_source(read, schema=schema, is_pure=True)


TABLES, HIDDEN = "tables", "truth"
"""Folders of an export that hold what may be observed, and what is hidden."""
MANIFEST, CHECKSUMS = "manifest.json", "checksums.sha256"
CACHE = "exports"
"""The folder of ``$TIPBENCH_HOME`` for files of URLs, and marks of files that passed their check."""


_Name = Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Rows = Annotated[int, Field(ge=0, lt=2**31)]


class _Region(BaseModel, strict=True):
    digest: _Digest
    rows: dict[str, _Rows]
    digests: dict[str, dict[str, _Digest]]


class _Manifest(BaseModel, strict=True):
    """The fields of an export's manifest that are read. The manifest is not trusted."""

    version: _Name
    size: _Name
    world: int = 0
    digest: _Digest
    regions: dict[str, _Region]

    def problem(self, release: Release) -> str | None:
        """Return a sentence on the first regions, tables, columns or digests that do not fit the release; else None."""
        tables = {name: set(table.schema) for name, table in tables_of(release.version).items()}
        if set(self.regions) != {region_name(index) for index in range(release.regions)}:
            return f"regions: not those of {release.name}"
        for name, region in self.regions.items():
            columns = {table: set(digests) for table, digests in region.digests.items()}
            if columns != tables or region.rows.keys() != tables.keys():
                return f"regions.{name}: its tables or columns are not those of {release.name}"
            if region_digest(region.digests) != region.digest:
                return f"regions.{name}.digest: not that of its columns"
        if release_digest({name: region.digest for name, region in self.regions.items()}) != self.digest:
            return "digest: not that of its regions"
        return None


def table_file(table: str, suffix: str) -> str:
    """Return where an export holds one of the files of a table."""
    return f"{HIDDEN if suffix == TRUTH else TABLES}/{table}.parquet"


@dataclass(frozen=True)
class ExportedRelease:
    """A release as an export holds it; reads as a :class:`tipdata.release.Release` does.

    ``place``: the folder or URL. ``checksums``: SHA-256 of its files by name. ``manifest``: what its tables must be.
    """

    place: str
    version: str
    size: str
    world: int
    checksums: Mapping[str, str] = field(repr=False, compare=False)
    manifest: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return release_name(self.version, self.size, self.world)

    @property
    def regions(self) -> int:
        """Number of regions, numbered from 0."""
        return len(self.manifest["regions"])

    @property
    def caveat(self) -> str | None:
        """A sentence if the export is checked against its own manifest only, since none is published; else None."""
        if published_manifest(Release(self.version, self.size, self.world)) is not None:
            return None
        return (
            f"note: {self.place} is checked against its own manifest alone, as none is published of {self.name}; to be "
            f"sure, make and export that release yourself and compare the two files {CHECKSUMS}."
        )

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over all regions, lazily; its files are checked first.

        Raises:
            UsageError: as :meth:`tipdata.release.Release.scan`.
            MachineFault: for a file that cannot be read, or is not the release's.
        """
        known = find_table(tables_of(self.version), self.version, table, truth)
        return scan_files(known, truth, lambda suffix: scan_parquet(self._check_file(known, suffix)))

    def _check_file(self, table: Table, suffix: str) -> Path:
        """Return the path of a file of a table on this machine, after checking it against checksum and manifest."""
        name = table_file(table.name, suffix)
        path = _local(self, name)
        mark = hashlib.sha256(f"{self.checksums[name]} {self.manifest['digest']} {name}".encode()).hexdigest()
        passed = home() / CACHE / "right" / mark
        if not passed.is_file():
            columns = table.hidden if suffix == TRUTH else table.observed
            self._check_manifest(table.name, path, columns)
            write_file_atomically(passed, "")
        return path

    def _check_manifest(self, table: str, path: Path, columns: tuple[str, ...]) -> None:
        rows, first = scan_parquet(path), 0
        try:
            if sorted(rows.collect_schema()) != sorted(columns):
                raise self._other(f"table {table}", f"its columns are not {', '.join(columns)}")
            for index in range(self.regions):
                entry = self.manifest["regions"][region_name(index)]
                frame = rows.slice(first, entry["rows"][table]).collect()
                first += entry["rows"][table]
                for column in columns:
                    if column_digest(frame[column]) != entry["digests"][table][column]:
                        raise self._other(
                            f"region {index}, table {table}, column {column}", "its digest differs"
                        )
            if rows.slice(first).select(pl.len()).collect().item():
                raise self._other(f"table {table}", "it has more rows")
        except (*UNREADABLE, TypeError, KeyError) as error:
            raise self._other(f"table {table}", error_line(error)) from None

    def _other(self, where: str, why: str) -> MachineFault:
        return MachineFault(
            f"the export {self.place} is not release {self.name} at {where} ({why}): take it again from where it was "
            "published, or make it with `tipbench data make`."
        )


def open_export(place: str) -> ExportedRelease:
    """Return the release that an export holds.

    Args:
        place: its folder, or a URL that fsspec opens.

    Raises:
        UsageError: for a place that cannot be read or holds no whole export, for a release that this program does not
        know, and for one that says it is a published release and has another digest.
        MachineFault: where a file is not what its checksum says.
    """
    checksums = _checksums(place)
    content = _read(place, MANIFEST)
    if hashlib.sha256(content).hexdigest() != checksums.get(MANIFEST):
        raise _damaged_export(place, MANIFEST)
    try:
        manifest = _Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = printable(".".join(map(str, first["loc"])))[:100] or "its JSON"
        raise _incomplete(place, f"its {MANIFEST} is not one ({where}: {first['msg'][:100]})") from None
    release = Release.of(manifest.version, manifest.size, manifest.world)
    published = published_manifest(release)
    if published is not None and published["digest"] != manifest.digest:
        raise UsageError(
            f"the export {place} says that it is release {release.name}, and its digest is another: take it again from "
            "where it was published."
        )
    if (problem := manifest.problem(release)) is not None:
        raise _incomplete(place, f"its {MANIFEST} is not one ({problem})")
    if missing := [name for name in _files(release.version) if name not in checksums]:
        raise _incomplete(place, f"it does not list {missing[0]}")
    return ExportedRelease(
        place, release.version, release.size, release.world, checksums, published or manifest.model_dump()
    )


def _files(version: str) -> list[str]:
    """Return the names of all table files in an export of a version."""
    of = tables_of(version).values()
    return [table_file(t.name, s) for t in of for s, c in (("", t.observed), (TRUTH, t.hidden)) if c]


def _checksums(place: str) -> dict[str, str]:
    """Return the SHA-256 of an export's files, by name below it."""
    lines = _read(place, CHECKSUMS).decode(errors="replace").splitlines()
    found = {}
    for line in lines:
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if not re.fullmatch("[0-9a-f]{64}", digest) or not name or path.is_absolute() or ".." in path.parts:
            raise _incomplete(place, f"its {CHECKSUMS} has a line that is not digest, two spaces and name")
        if name in found:
            raise _incomplete(place, f"its {CHECKSUMS} lists {printable(name)[:100]} twice")
        found[name] = digest
    return found


def _read(place: str, name: str) -> bytes:
    at = place_of(place)
    try:
        if isinstance(at, Remote):
            return bytes(at.system.cat_file(at.at(name)))  # type: ignore[arg-type]
        check_regular(at / name)
        return (at / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _incomplete(place, f"it has no {name}") from None
    except Exception as error:  # each file system has errors of its own
        raise UsageError(f"{place} cannot be read: {error_text(error)}; correct the folder or URL.") from None


def _local(export: ExportedRelease, name: str) -> Path:
    """Return the path of a file of an export on this machine, after checking its bytes against the checksum."""
    meant, at = export.checksums[name], place_of(export.place)
    if isinstance(at, Remote):
        path = home() / CACHE / "files" / f"{meant}.parquet"
        if not path.is_file():
            content = _read(export.place, name)
            if hashlib.sha256(content).hexdigest() != meant:
                raise _damaged_export(export.place, name)
            write_file_atomically(path, content, "free some space there")
    else:
        path = at / name
    try:
        check_regular(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MachineFault(
            f"{name} of the export {export.place} cannot be read: {error_text(error)}; take it again."
        ) from None
    if digest != meant:
        raise _damaged_export(export.place if path.parent.name != "files" else str(path), name)
    return path


def _damaged_export(place: str, name: str) -> MachineFault:
    return MachineFault(
        f"{name} of the export {place} is not what {CHECKSUMS} says: take it again from where it was published."
    )


def _incomplete(place: str, why: str) -> UsageError:
    return UsageError(
        f"{place} is not a whole export of a release, since {why}: name the folder or URL that "
        "`tipbench data export` was given, or export it again."
    )
