"""A release in a store: at any URL that fsspec opens, such as ``s3://bucket/tipbench``, where no folder is renamed.

A region is made in a temporary folder and put file by file, its receipt last: one without a receipt is not there, and
is made again. The receipt of the release follows when all regions are there. So whoever is stopped, or loses the store,
goes on with the same command, and two who make one release at once put the same bytes twice.

Tables are scanned where they lie, region by region and column by column. A file is read whole once, when it is first
needed, and held against its region's receipt and that against the manifest; what was found right is remembered on this
machine, by what the store says of the file, until that changes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.atomic import write_file_atomically
from tipcore.digest import region_digest
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.home import home
from tipcore.locations import Remote, is_url, place_of, said_by
from tipcore.parquet import read_parquet

from tipdata.core.fingerprint import fingerprint
from tipdata.core.world import World
from tipdata.release.checking import file_problems
from tipdata.release.layout import TRUTH, command, files_of, region_name
from tipdata.release.make import make_region
from tipdata.release.manifests import FILES, RECEIPT, differences_of, published_manifest, release_root
from tipdata.release.reading import known_table, scan_files
from tipdata.release.release import Release
from tipdata.release.verifying import verify_region
from tipdata.stages import tables_of

VARIABLE = "TIPBENCH_STORE"
"""The environment variable that says where releases are stored; where it is not set they are in ``TIPBENCH_HOME``."""
RIGHT = "stores"
"""The folder of ``$TIPBENCH_HOME`` that remembers which files of stores were found right."""
LISTED_SECONDS = 60
"""For so long the list of a release's files is not asked for again."""
TELLING = ("size", "ETag", "etag", "LastModified", "mtime", "created", "md5Hash")
"""What stores say of a file that changes when it is written again; each has some of these."""
AGAIN = (
    f"look at the address and at your credentials ({VARIABLE}), and run the same command again: it goes on"
)


def store() -> str | None:
    """Return the URL of the user's store; None where there is none. Raises UsageError for a folder, which is none."""
    said = os.environ.get(VARIABLE, "")
    if said and (not is_url(said) or isinstance(place_of(said), Path)):
        raise UsageError(
            f"{VARIABLE}={said} is no URL of a store: give one such as s3://bucket/tipbench, or set TIPBENCH_HOME to a "
            "folder."
        )
    return said.rstrip("/") or None


_listings: dict[str, tuple[float, dict[str, str]]] = {}
"""When the files of a release were listed in this process, and what was found."""


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
        place = _place(self)

        def scan(suffix: str) -> pl.LazyFrame:
            name = f"{table}{suffix}.parquet"
            _check(self, place, name, known.hidden if suffix else known.observed, those)
            return _scan(place, [place.at(f"{region_name(index)}/{name}") for index in those])

        return scan_files(known, truth, scan)

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        place = _place(self)
        with _readable(self):
            content = place.system.cat_file(place.at(f"{region_name(index)}/{name}"))
        assert isinstance(content, bytes)
        return read_parquet(content)


def open_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> StoredRelease:
    """Return a stored release ready to read; it is made first where it is missing or of another generator."""
    return stored if is_complete(stored) else make_stored(stored, engine, quiet)


def make_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> StoredRelease:
    """Make every region that is missing and put it, then check the digests against the published manifest.

    Raises:
        UsageError: for a store that cannot be reached or written.
        CheckFailed: where the digests differ from the published manifest.
    """
    place = _place(stored)
    _need_bucket(stored, place)
    mark = "" if published_manifest(stored) else fingerprint(stored.version, stored.size)
    receipts = _receipts(stored, place)
    missing = [
        index for index in range(stored.regions) if not _is_it(stored, index, receipts.get(index), mark)
    ]
    world = World.of(stored.version, stored.world, size=stored.size)
    run_all(
        partial(_put_region, stored, world, mark),
        missing,
        engine_of(engine),
        f"regions of {stored.name}",
        quiet,
    )
    receipts = _receipts(stored, place)
    _listings.pop(stored.place, None)
    digests = {index: receipt["digests"] for index, receipt in receipts.items()}
    if len(digests) < stored.regions:
        raise UsageError(
            f"{stored.place} lacks {stored.regions - len(digests):,} regions that were put there: {AGAIN}."
        )
    if differences := differences_of(stored, digests):
        raise CheckFailed(
            f"release {stored.name} was made but differs from its published manifest in {len(differences)} columns: "
            f"{differences[0]}."
        )
    receipt = {"release": stored.name, "fingerprint": mark, "digest": release_root(digests)}
    with _readable(stored):
        place.system.pipe_file(place.at(RECEIPT), json.dumps(receipt, indent=1, sort_keys=True).encode())
    return stored


def verify_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> list[str]:
    """Read a stored release's files again and return where they differ; see
    :func:`tipdata.release.verifying.verify_release`."""
    place = _place(stored)
    made = sorted(_receipts(stored, place))
    if not made:
        raise UsageError(
            f"release {stored.name} is not in {stored.place}: make it with `{command(stored, 'make')}`."
        )
    read = run_all(partial(_verify_region, stored), made, engine, f"regions of {stored.name}", quiet)
    problems = [problem for problems in read for problem in problems]
    if len(made) < stored.regions:
        problems.append(
            f"release {stored.name}: {len(made):,} of {stored.regions:,} regions are made: "
            f"go on with `{command(stored, 'make')}`"
        )
    return problems


def remove_stored(stored: StoredRelease) -> int:
    """Delete a stored release, its receipt first, and return its bytes. Raises UsageError where nothing is there."""
    place = _place(stored)
    there = _found(stored, place)
    if not there:
        raise UsageError(f"release {stored.name} is not in {stored.place}: there is nothing to remove.")
    with _readable(stored):
        with suppress(FileNotFoundError):
            place.system.rm_file(place.at(RECEIPT))
        place.system.rm(place.root, recursive=True)
    return sum(int(entry.get("size") or 0) for entry in there.values())


def _place(stored: StoredRelease) -> Remote:
    place = place_of(stored.place)
    assert isinstance(place, Remote)  # `store` takes URLs alone
    return place


def _need_bucket(stored: StoredRelease, place: Remote) -> None:
    """Raise UsageError where the bucket is not there: some stores would make one of any name, a misspelled one too."""
    bucket = "/" * place.root.startswith("/") + place.root.strip("/").partition("/")[0]
    with _readable(stored):
        place.system.invalidate_cache()
        try:
            place.system.info(bucket)
        except PermissionError:
            pass  # who may use a part of a bucket need not be allowed to look at it
        except FileNotFoundError:
            raise UsageError(
                f"{stored.store} has no bucket or folder {bucket}: make it first, or correct {VARIABLE}."
            ) from None


@contextmanager
def _readable(stored: StoredRelease) -> Iterator[None]:
    """Say in a sentence what a store says: each has errors of its own."""
    try:
        yield
    except (UsageError, MachineFault, CheckFailed):
        raise
    except Exception as error:
        raise UsageError(f"{stored.place} cannot be read or written: {said_by(error)}; {AGAIN}.") from None


def _receipts(stored: StoredRelease, place: Remote) -> dict[int, Mapping[str, Any]]:
    """Return the receipts of the regions that are there whole, by number."""
    names: dict[str, set[str]] = {}
    for path in _found(stored, place):
        region, _, name = path.rpartition("/")
        names.setdefault(region.rpartition("/")[2], set()).add(name)
    needed = {RECEIPT, *_file_names(stored.version)}
    whole = [index for index in range(stored.regions) if needed <= names.get(region_name(index), set())]
    with _readable(stored):  # many at once, where the store can
        texts = place.system.cat_ranges([place.at(f"{region_name(i)}/{RECEIPT}") for i in whole], 0, None)
    found = {}
    for index, text in zip(whole, texts, strict=True):
        with suppress(ValueError):
            found[index] = json.loads(text)
    return found


def _found(stored: StoredRelease, place: Remote) -> dict[str, dict[str, Any]]:
    """Return what the store says of each file of a release, by path."""
    with _readable(stored):
        place.system.invalidate_cache()
        if not place.system.exists(place.root):
            return {}
        return dict(place.system.find(place.root, detail=True))


def _file_names(version: str) -> list[str]:
    return [f"{n}{s}.parquet" for n, table in tables_of(version).items() for s, _ in files_of(table)]


def _is_it(release: Release, index: int, receipt: Mapping[str, Any] | None, mark: str) -> bool:
    """Return whether a receipt is of the published region or, where none is published, of this generator."""
    manifest = published_manifest(release)
    try:
        if receipt is None or manifest is None:
            return receipt is not None and receipt["fingerprint"] == mark
        return region_digest(receipt["digests"]) == manifest["regions"][region_name(index)]["digest"]
    except (KeyError, TypeError, AttributeError):
        return False


def is_complete(stored: StoredRelease) -> bool:
    """Return whether a release is in its store, whole, and the published one or of this generator."""
    place = _place(stored)
    with _readable(stored):
        try:
            made = json.loads(place.system.cat_file(place.at(RECEIPT)))
        except (FileNotFoundError, ValueError):
            return False
    manifest = published_manifest(stored)
    if manifest is not None:
        return made.get("digest") == manifest["digest"]
    return made.get("fingerprint") == fingerprint(stored.version, stored.size)


def _put_region(stored: StoredRelease, world: World, mark: str, index: int) -> None:
    """Make one region and put its files, the receipt last; what lay there before loses its receipt first."""
    place = _place(stored)
    with tempfile.TemporaryDirectory(prefix="tipbench-region-") as folder:
        make_region(world, Path(folder), mark, index)
        made = Path(folder) / region_name(index)
        with _readable(stored):
            with suppress(FileNotFoundError):
                place.system.rm_file(place.at(f"{made.name}/{RECEIPT}"))
            with suppress(FileExistsError):  # an object store has no folders to make
                place.system.makedirs(place.at(made.name), exist_ok=True)
            for path in sorted(made.iterdir(), key=lambda path: (path.name == RECEIPT, path.name)):
                place.system.put_file(str(path), place.at(f"{made.name}/{path.name}"))


def _verify_region(stored: StoredRelease, index: int) -> list[str]:
    """Return where one region differs from the manifest: it is fetched whole."""
    place = _place(stored)
    with tempfile.TemporaryDirectory(prefix="tipbench-region-") as folder, _readable(stored):
        here = Path(folder) / region_name(index)
        here.mkdir()
        for path in place.system.find(place.at(here.name)):
            place.system.get_file(path, str(here / path.rpartition("/")[2]))
        return verify_region(stored, Path(folder), index)


def _check(
    stored: StoredRelease, place: Remote, name: str, columns: tuple[str, ...], regions: Sequence[int]
) -> None:
    """Hold the files of a table against their receipts and the manifest, but for those that were found right and are as
    they were then."""
    note = home() / RIGHT / hashlib.sha256(stored.place.encode()).hexdigest()[:16] / f"{name}.json"
    known: dict[str, str] = {}
    with suppress(OSError, ValueError):
        known = dict(json.loads(note.read_text(encoding="utf-8")))
    listed, manifest = _listed(stored, place), published_manifest(stored)
    right = {}
    for region in map(region_name, regions):
        path = place.at(f"{region}/{name}")
        if path not in listed:
            raise _damaged(stored, f"{path}, which is not there")
        mark = hashlib.sha256(f"{listed[path]} {manifest and manifest['digest']}".encode()).hexdigest()
        if known.get(region) != mark:
            if wrong := _problems(stored, place, int(region), name, columns):
                raise _damaged(stored, wrong[0])
            right[region] = mark
    if right:
        with suppress(UsageError):  # a home that others only may write to: each process checks for itself
            write_file_atomically(note, json.dumps(known | right))


def _problems(
    stored: StoredRelease, place: Remote, index: int, name: str, columns: tuple[str, ...]
) -> list[str]:
    """Fetch one file and its receipt, and return where it is not what it should be."""
    folder = region_name(index)
    table = name.removesuffix(".parquet").removesuffix(TRUTH)
    with tempfile.TemporaryDirectory(prefix="tipbench-file-") as beside, _readable(stored):
        here = Path(beside) / name
        place.system.get_file(place.at(f"{folder}/{name}"), str(here))
        receipt = json.loads(place.system.cat_file(place.at(f"{folder}/{RECEIPT}")))
        manifest = published_manifest(stored)
        digests = receipt["digests"] if manifest is None else manifest["regions"][folder]["digests"]
        written = receipt.get(FILES, {}).get(name)
        return file_problems(f"region {index}, table {table}", here, columns, digests.get(table, {}), written)


def _listed(stored: StoredRelease, place: Remote) -> dict[str, str]:
    """Return what tells each file of a release from one that was written later, by path; listed once in a while."""
    when, found = _listings.get(stored.place, (-math.inf, {}))
    if time.monotonic() - when > LISTED_SECONDS:
        there = _found(stored, place)
        found = {path: str([entry.get(key) for key in TELLING]) for path, entry in there.items()}
        _listings[stored.place] = time.monotonic(), found
    return found


def _damaged(stored: StoredRelease, where: str) -> MachineFault:
    return MachineFault(
        f"release {stored.name} in {stored.place} is damaged at {where}: delete that region there and run "
        f"`{command(stored, 'make')}`, which makes it again."
    )


def _scan(place: Remote, paths: list[str]) -> pl.LazyFrame:
    """Return the rows of files, one below the other, of which columns and row groups are fetched when needed."""
    import pyarrow.dataset as ds  # for stores only

    return pl.scan_pyarrow_dataset(ds.dataset(paths, filesystem=place.system, format="parquet"))
