"""Releases: read tables from a folder, from a store, or from an export.

A release lies in a folder of ``$TIPBENCH_HOME`` (:class:`Release`) or in a store (:class:`StoredRelease`), as parquet
files by region. An export of ``tipbench data export`` holds each table in one file (:class:`ExportedRelease`). Observed
and hidden columns are always in files of their own. Every file is checked before it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
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
from tipcore.errors import CheckFailed, MachineFault, UsageError, error_line
from tipcore.locations import Remote, error_text, home, place_of
from tipcore.operating_system import check_regular
from tipcore.spelling import suggestion
from tipcore.table_files import UNREADABLE, read_parquet, scan_parquet
from tipcore.validation import requirement

from tipdata.core.world import (
    check_world,
    entry_of,
    newest_released,
    parse_release_name,
    release_name,
    sizes,
    versions,
)
from tipdata.release.manifests import (
    FILES,
    RECEIPT,
    TRUTH,
    command,
    expected_digests,
    files_of,
    published_manifest,
    read_receipt,
    region_name,
    table_files,
)
from tipdata.release.verification import check_files, file_problems
from tipdata.stages import all_tables, tables_of


def scan_table(version: str, name: str, truth: bool, scan: Callable[[str], pl.LazyFrame]) -> pl.LazyFrame:
    """Return the rows of a table, lazily, in the order of its observed file, or of its hidden one if it is all truth.

    Args:
        version: of the data.
        name: of the table.
        truth: whether the hidden columns follow the observed ones.
        scan: gives the rows of a file of :func:`tipdata.release.manifests.table_files`, by its name.

    Raises:
        UsageError: for a table that does not exist, and for one that is all truth if ``truth`` is False.
    """
    tables = tables_of(version)
    if name not in tables:
        where = f" in data version {version}" if name in all_tables() else ""
        raise UsageError(f"table {name} does not exist{where}. {suggestion(name, tables, most=len(tables))}")
    table = tables[name]
    if not table.observed and not truth:
        raise UsageError(f"table {name} is hidden truth: ask for it with truth=True.")
    files = [scan(f"{name}{suffix}.parquet") for suffix, _ in files_of(table) if truth or suffix != TRUTH]
    if len(files) == 1:
        return files[0]
    observed, hidden = files
    return observed.join(hidden, on=list(table.key), how="left", maintain_order="left")


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
    def from_name(cls, name: str) -> Release:
        """Return the release of a name: ``small`` (its newest released version), ``0.5.0/small`` or ``0.5.0/small.w3``.

        Raises UsageError as :meth:`of`, and for a world that is not a whole number from 1.
        """
        version, size, world = parse_release_name(name)
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
        """The folder of this machine that holds it. Raises UsageError for a release in a store."""
        return home() / self.name

    @property
    def root(self) -> Path | None:
        """The folder of this machine that holds it; None for a release in a store."""
        return self.folder

    @property
    def place(self) -> str:
        """Where it lies, for people to read."""
        return str(self.folder)

    def region_folder(self, index: int) -> Path:
        return self.folder / region_name(index)

    def receipt(self) -> Mapping[str, Any]:
        """Return what was noted when the release was made, which is nothing if it cannot be read."""
        return read_receipt(self.folder)

    def made_regions(self) -> list[int] | None:
        """Return the numbers of the regions that are there; None if nothing of the release is."""
        if not self.folder.is_dir():
            return None
        return [index for index in range(self.regions) if self.region_folder(index).is_dir()]

    @contextmanager
    def region_files(self, index: int, root: Path | None) -> Iterator[Path]:
        """Give a folder of this machine with the files of a region.

        ``root``: :attr:`root` where the work was handed out, since a reused worker may have another home.
        """
        assert root is not None
        yield root / region_name(index)

    def scan(self, table: str, truth: bool = False, regions: Sequence[int] | None = None) -> pl.LazyFrame:
        """Return one table over all regions, lazily, in the order of regions and keys; its files are checked first.

        Args:
            table: its name.
            truth: with the hidden columns beside the observed ones.
            regions: of these alone, by number; no other file is read.

        Raises:
            UsageError: for a table that does not exist, one that is all truth if ``truth`` is False, and a store that
                cannot be reached.
            MachineFault: if a file of it is damaged (:mod:`tipdata.release.verification`).
        """
        those = range(self.regions) if regions is None else regions
        return scan_table(self.version, table, truth, partial(self._scan_file, regions=those))

    def _scan_file(self, name: str, regions: Sequence[int]) -> pl.LazyFrame:
        self._check_files(name, regions)
        return scan_parquet([self.region_folder(index) / name for index in regions])

    def _check_files(self, name: str, regions: Sequence[int]) -> None:
        check_files(self, name, regions)

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        """Return the rows of one file of a region, such as ``adverts.truth.parquet``; on a disk it is not checked."""
        return read_parquet(self.region_folder(index) / name)

    def missing_files(self, index: int) -> list[Path]:
        """Return the files of a region that are not there."""
        folder = self.region_folder(index)
        there = set(os.listdir(folder)) if folder.is_dir() else set()
        return [folder / name for name in sorted(table_files(self.version).keys() - there)]

    def lacks_truth(self) -> bool:
        """Return whether every region lacks its truth, and nothing else."""
        hidden = {name for name in table_files(self.version) if name.endswith(f"{TRUTH}.parquet")}
        missing = ({path.name for path in self.missing_files(index)} for index in range(self.regions))
        return all(names == hidden for names in missing)


VARIABLE = "TIPBENCH_STORE"
"""The environment variable with the URL of the store of releases; if it is not set they are in ``TIPBENCH_HOME``."""
PATTERN = "*?["
"""Characters that stores read as a pattern: removing a release would remove others too."""
PASSED = "stores"
"""The folder of ``$TIPBENCH_HOME`` with the SHA-256 of files of stores that passed their check."""
LISTED_SECONDS = 60
"""So long the list of a release's files is valid, or 20 times as long as it took to get."""
FILE_STATE = ("size", "ETag", "etag", "LastModified", "mtime", "created", "md5Hash")
"""Properties of a file that change when it is written again; each store has some of these."""
AT_ONCE = 8
"""Files that are fetched at the same time: most of the time is spent waiting for the store."""
CACHE_BYTES = 128 << 20
"""Bytes of a store's files that each process keeps in memory: those of 64 regions."""
AGAIN = (
    f"look at the address and at your credentials ({VARIABLE}), and run the same command again: it goes on"
)


def store_url() -> str | None:
    """Return the URL of the user's store; None if there is none. Raises UsageError for what is no URL of a store."""
    value = os.environ.get(VARIABLE, "")
    if value and isinstance(place := place_of(value), Path):
        advice = f"set TIPBENCH_HOME={place}, or give a URL such as s3://bucket/tipbench"
        raise UsageError(f"{VARIABLE}={value} is a folder, which has no need of a store: {advice}.")
    url = value.rstrip("/")
    _, _, path = url.rpartition("::")[2].partition("://")
    if url and (not path or "//" in path or set(path) & set(PATTERN)):
        patterns = f"{' '.join(PATTERN)}, which stores read as patterns of many places"
        advice = f"give one such as s3://bucket/tipbench, without empty folders and without {patterns}"
        raise UsageError(f"{VARIABLE}={value} is no place of a store: {advice}.")
    return url or None


class FileCache:
    """The files that were fetched last, up to :data:`CACHE_BYTES`: a request takes longer than decoding a file."""

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


_contents = FileCache()
_listings: dict[str, tuple[float, dict[str, str]]] = {}
"""Place of a release -> until when its list of files is valid in this process, and the list."""
_passed: dict[Path, dict[str, str]] = {}
"""Note on disk -> mark of a file (:meth:`StoredRelease._digests`) -> SHA-256 of the file, which passed its check."""


def fetch_in_order(
    pool: ThreadPoolExecutor, fetch: Callable[[str], bytes], paths: Iterable[str]
) -> Iterator[bytes]:
    """Yield the content of each path in turn, while the next ones are fetched."""
    fetched = (pool.submit(fetch, path) for path in paths)
    waiting = deque(islice(fetched, AT_ONCE))
    while waiting:
        waiting.extend(islice(fetched, 1))
        yield waiting.popleft().result()


@dataclass(frozen=True)
class StoredRelease(Release):
    """A release in a store: any URL that fsspec opens, such as ``s3://bucket/tipbench``.

    A scan fetches only the regions that it needs. A file is checked against receipt and manifest when it is first
    fetched. This machine remembers the SHA-256 of a file that passed, until the store says that it changed; every later
    fetch must have that SHA-256.

    ``store``: the URL above releases.
    """

    store: str = ""

    @property
    def place(self) -> str:
        return f"{self.store}/{self.name}"

    @property
    def folder(self) -> Path:
        why = f"lies in {self.place}, and what you ask for reads a folder"
        raise UsageError(f"release {self.name} {why}: make it on this machine, with {VARIABLE} unset.")

    @property
    def root(self) -> None:
        return None

    @property
    def remote(self) -> Remote:
        """The release's place in the store."""
        place = place_of(self.place)
        assert isinstance(place, Remote)  # `store_url` takes URLs alone
        return place

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raise UsageError, in one sentence, for any error of the store: each has errors of its own."""
        try:
            yield
        except (UsageError, MachineFault, CheckFailed):
            raise
        except Exception as error:
            why = f"cannot be read or written: {error_text(error)}"
            raise UsageError(f"{self.place} {why}; {AGAIN}.") from None

    def list_files(self) -> dict[str, dict[str, Any]]:
        """Return what the store knows of each file of the release, by path."""
        place = self.remote
        with self.translate_errors():
            place.system.invalidate_cache()
            if not place.system.exists(place.root):
                return {}
            return dict(place.system.find(place.root, detail=True))

    def receipt(self) -> Mapping[str, Any]:
        place = self.remote
        with self.translate_errors():
            try:
                return json.loads(place.system.cat_file(place.at(RECEIPT)))
            except (FileNotFoundError, ValueError):
                return {}

    def receipts(self) -> dict[int, Mapping[str, Any]]:
        """Return the receipts of the regions that are there whole, by number."""
        place = self.remote
        names: dict[str, set[str]] = {}
        for path in self.list_files():
            region, _, name = path.rpartition("/")
            names.setdefault(region.rpartition("/")[2], set()).add(name)
        needed = {RECEIPT, *table_files(self.version)}
        whole = [index for index in range(self.regions) if needed <= names.get(region_name(index), set())]
        with self.translate_errors():  # many at once, if the store can
            texts = place.system.cat_ranges([place.at(f"{region_name(i)}/{RECEIPT}") for i in whole], 0, None)
        found = {}
        for index, text in zip(whole, texts, strict=True):
            with suppress(ValueError):
                found[index] = json.loads(text)
        return found

    def made_regions(self) -> list[int] | None:
        return sorted(self.receipts()) or None

    @contextmanager
    def region_files(self, index: int, root: Path | None) -> Iterator[Path]:
        place = self.remote
        with temporary_folder(Path(gettempdir())) as folder, self.translate_errors():
            here = folder / region_name(index)
            here.mkdir()
            for path in place.system.find(place.at(here.name)):
                place.system.get_file(path, str(here / path.rpartition("/")[2]))
            yield here

    def forget_listing(self) -> None:
        """List the files again when they are next needed, since they changed."""
        _listings.pop(self.place, None)

    def _scan_file(self, name: str, regions: Sequence[int]) -> pl.LazyFrame:
        """Return the rows of files, one below the other. A file is fetched when it is needed, several at a time.

        A file of a region has half a megabyte at most: fetching its footer and each column alone would take longer.
        """
        place, digests = self.remote, self._digests(name, regions)

        def fetch(path: str) -> bytes:
            return self._fetch(place, path, digests[path])

        def read(
            columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for content in fetch_in_order(pool, fetch, digests):
                    frame = read_parquet(content, columns)
                    if most is not None:  # rows before the filter, as polars defines it
                        frame = frame.head(most)
                        most -= frame.height
                    yield frame if predicate is None else frame.filter(predicate)
                    if most == 0:
                        return

        table, columns = table_files(self.version)[name]
        known = tables_of(self.version)[table].schema
        schema = {column: known[column] for column in columns}
        return register_io_source(read, schema=schema, is_pure=True)

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        [(path, digest)] = self._digests(name, [index]).items()
        return read_parquet(self._fetch(self.remote, path, digest))

    def _digests(self, name: str, regions: Sequence[int]) -> dict[str, str]:
        """Return the SHA-256 of each file of a name in some regions, by path.

        Files that have not passed a check, or changed since, are checked against their receipts and the manifest.
        """
        note = home() / PASSED / hashlib.sha256(self.place.encode()).hexdigest()[:16] / f"{name}.json"
        if note not in _passed:
            _passed[note] = {}
            with suppress(OSError, ValueError, TypeError):
                _passed[note].update(json.loads(note.read_text(encoding="utf-8")))
        place, known = self.remote, _passed[note]
        states, manifest = self._file_states(), published_manifest(self)
        digests, unchecked = {}, {}
        for region in map(region_name, regions):
            path = place.at(f"{region}/{name}")
            if path not in states:
                raise self._damage_error(f"{path}, which is not there")
            state = f"{region} {states[path]} {manifest and manifest['digest']}"
            mark = hashlib.sha256(state.encode()).hexdigest()
            digests[path] = known.get(mark, "") if states[path] else ""
            if not digests[path]:
                unchecked[path] = mark
        if not unchecked:
            return digests
        with temporary_folder(Path(gettempdir())) as folder, ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda path: self._check_file(place, states, path, folder), unchecked)
            digests |= zip(unchecked, found, strict=True)
        known |= {mark: digests[path] for path, mark in unchecked.items()}
        with suppress(UsageError):  # a home that others only may write to: each process checks for itself
            write_file_atomically(note, json.dumps(known))
        return digests

    def _check_file(self, place: Remote, states: Mapping[str, str], path: str, folder: Path) -> str:
        """Fetch a file and its receipt, check the file, and return its SHA-256. ``folder``: a temporary folder.

        Raises MachineFault for a file that fails its check.
        """
        region, name = path.split("/")[-2:]
        table, columns = table_files(self.version)[name]
        here = folder / region / name
        here.parent.mkdir()
        receipts = place.at(f"{region}/{RECEIPT}")
        with self.translate_errors():
            content = self._fetch(place, path)
            here.write_bytes(content)
            receipt = json.loads(self._fetch(place, receipts, state=states.get(receipts)))
            digests = expected_digests(self, int(region), receipt).get(table, {})
            where = f"region {int(region)}, table {table}"
            try:
                problems = file_problems(where, here, columns, digests, receipt.get(FILES, {}).get(name))
            finally:
                here.unlink()
        if problems:
            raise self._damage_error(problems[0])
        digest = hashlib.sha256(content).hexdigest()
        _contents.put((f"{self.store} {path}", digest), content)
        return digest

    def _fetch(self, place: Remote, path: str, digest: str | None = None, state: str | None = None) -> bytes:
        """Return the content of a file; it is kept in memory.

        ``digest``: the SHA-256 that it must have. ``state``: what the store knows of it; another one fetches it again.
        Raises MachineFault if the SHA-256 differs: the file was replaced after its check.
        """
        key = f"{self.store} {path}", digest or state or ""
        if key[1] and (known := _contents.get(key)) is not None:
            return known
        with self.translate_errors():
            content = place.system.cat_file(path)
        assert isinstance(content, bytes)
        if digest and hashlib.sha256(content).hexdigest() != digest:
            self.forget_listing()
            what = f"{path} of release {self.name} in {self.store} was replaced after its check"
            raise MachineFault(f"{what}: run the same command again to check the new file.")
        if key[1]:
            _contents.put(key, content)
        return content

    def _file_states(self) -> dict[str, str]:
        """Return properties that change when a file is written again, by path; listed now and then.

        The state is '' if the store, as a web server, knows nothing of a file: it is then checked each time.
        """
        until, states = _listings.get(self.place, (-math.inf, {}))
        if (began := time.monotonic()) > until:
            states = {}
            for path, entry in self.list_files().items():
                values = [entry.get(key) for key in FILE_STATE]
                states[path] = "" if set(values) == {None} else str(values)
            took = (now := time.monotonic()) - began
            _listings[self.place] = now + max(LISTED_SECONDS, 20 * took), states
        return states

    def _damage_error(self, where: str) -> MachineFault:
        advice = f"delete that region there and run `{command(self, 'make')}`, which makes it again"
        return MachineFault(f"release {self.name} in {self.place} is damaged at {where}: {advice}.")


TABLES, HIDDEN = "tables", "truth"
"""Folders of an export: observed columns, and hidden ones."""
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
    """A release as an export holds it, in a folder or at a URL; it is read as a :class:`Release` is.

    An export lists the SHA-256 of every file in ``checksums.sha256``, which is written last: without it the export is
    incomplete. Before a table is read, its file is checked against that list, and its columns, region by region,
    against the manifest: the published one that comes with tipbench or, for a world without one, the export's own
    (:attr:`caveat`). Files that passed are remembered by their digest. Files of a URL are copied to
    ``$TIPBENCH_HOME/exports`` when they are first read.

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
            UsageError: as :meth:`Release.scan`.
            MachineFault: for a file that cannot be read, or is not the release's.
        """
        return scan_table(self.version, table, truth, lambda file: scan_parquet(self._check_file(file)))

    def _check_file(self, file: str) -> Path:
        """Return the path of a file of a table on this machine, after checking it against checksum and manifest."""
        table, columns = table_files(self.version)[file]
        name = table_file(table, TRUTH if file.endswith(f"{TRUTH}.parquet") else "")
        path = self._local_file(name)
        mark = hashlib.sha256(f"{self.checksums[name]} {self.manifest['digest']} {name}".encode()).hexdigest()
        passed = home() / CACHE / "right" / mark
        if not passed.is_file():
            self._check_manifest(table, path, columns)
            write_file_atomically(passed, "")
        return path

    def _check_manifest(self, table: str, path: Path, columns: tuple[str, ...]) -> None:
        rows, first = scan_parquet(path), 0
        try:
            if sorted(rows.collect_schema()) != sorted(columns):
                raise self._mismatch(f"table {table}", f"its columns are not {', '.join(columns)}")
            for index in range(self.regions):
                entry = self.manifest["regions"][region_name(index)]
                frame = rows.slice(first, entry["rows"][table]).collect()
                first += entry["rows"][table]
                for column in columns:
                    if column_digest(frame[column]) != entry["digests"][table][column]:
                        where = f"region {index}, table {table}, column {column}"
                        raise self._mismatch(where, "its digest differs")
            if rows.slice(first).select(pl.len()).collect().item():
                raise self._mismatch(f"table {table}", "it has more rows")
        except (*UNREADABLE, TypeError, KeyError) as error:
            raise self._mismatch(f"table {table}", error_line(error)) from None

    def _local_file(self, name: str) -> Path:
        """Return the path of a file on this machine, after checking its bytes against the checksum."""
        expected, at = self.checksums[name], place_of(self.place)
        if isinstance(at, Remote):
            path = home() / CACHE / "files" / f"{expected}.parquet"
            if not path.is_file():
                content = _read(self.place, name)
                if hashlib.sha256(content).hexdigest() != expected:
                    raise _damage_error(self.place, name)
                write_file_atomically(path, content, "free some space there")
        else:
            path = at / name
        try:
            check_regular(path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            what = f"{name} of the export {self.place} cannot be read"
            raise MachineFault(f"{what}: {error_text(error)}; take it again.") from None
        if digest != expected:
            raise _damage_error(self.place if path.parent.name != "files" else str(path), name)
        return path

    def _mismatch(self, where: str, why: str) -> MachineFault:
        fault = f"the export {self.place} is not release {self.name} at {where} ({why})"
        advice = "take it again from where it was published, or make it with `tipbench data make`"
        return MachineFault(f"{fault}: {advice}.")


def open_export(place: str) -> ExportedRelease:
    """Return the release that an export holds.

    Args:
        place: its folder, or a URL that fsspec opens.

    Raises:
        UsageError: for a place that cannot be read or holds no whole export, for a release that this program does not
            know, and for one that says it is a published release and has another digest.
        MachineFault: if a file is not what its checksum says.
    """
    checksums = _read_checksums(place)
    content = _read(place, MANIFEST)
    if hashlib.sha256(content).hexdigest() != checksums.get(MANIFEST):
        raise _damage_error(place, MANIFEST)
    try:
        manifest = _Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = printable(".".join(map(str, first["loc"])))[:100] or "its JSON"
        raise _incomplete(place, f"its {MANIFEST} is not one ({where}: {requirement(first)[:100]})") from None
    release = Release.of(manifest.version, manifest.size, manifest.world)
    published = published_manifest(release)
    if published is not None and published["digest"] != manifest.digest:
        why = f"says that it is release {release.name}, and its digest is another"
        raise UsageError(f"the export {place} {why}: take it again from where it was published.")
    if (problem := manifest.problem(release)) is not None:
        raise _incomplete(place, f"its {MANIFEST} is not one ({problem})")
    tables = tables_of(release.version).values()
    files = [table_file(table.name, suffix) for table in tables for suffix, _ in files_of(table)]
    if missing := [name for name in files if name not in checksums]:
        raise _incomplete(place, f"it does not list {missing[0]}")
    known = published or manifest.model_dump()
    return ExportedRelease(place, release.version, release.size, release.world, checksums, known)


def _read_checksums(place: str) -> dict[str, str]:
    found = {}
    for line in _read(place, CHECKSUMS).decode(errors="replace").splitlines():
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


def _damage_error(place: str, name: str) -> MachineFault:
    advice = "take it again from where it was published"
    return MachineFault(f"{name} of the export {place} is not what {CHECKSUMS} says: {advice}.")


def _incomplete(place: str, why: str) -> UsageError:
    advice = "name the folder or URL that `tipbench data export` was given, or export it again"
    return UsageError(f"{place} is not a whole export of a release, since {why}: {advice}.")
