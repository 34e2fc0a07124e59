"""A release: version and size, as parquet files by region, made in parallel, atomic, resumable and verifiable."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from tipdata.core.digest import column_digest, region_digest, release_digest
from tipdata.core.engine import run_all
from tipdata.core.errors import CheckFailed, UsageError
from tipdata.core.home import home
from tipdata.core.region import generate_region
from tipdata.core.tables import all_tables, tables_of
from tipdata.core.world import WORLD_MARK, World, check_world, fingerprint, release_name, sizes, versions

RECEIPT = "receipt.json"
Digests = dict[str, dict[str, str]]
"""Column digests by table and column."""


@dataclass(frozen=True)
class Release:
    """One release of the data, by version and size. It may or may not have been made yet.

    ``world``: 0 is the released world; any other number is an independent one, which has no published manifest.
    """

    version: str
    size: str
    world: int = 0

    @classmethod
    def of(cls, version: str, size: str, world: int = 0) -> "Release":
        """A release that exists. Raises UsageError, naming those that do, for a part that does not."""
        if version not in versions():
            raise UsageError(
                f"release version {version} does not exist: choose one of {', '.join(versions())}."
            )
        if size not in sizes():
            raise UsageError(f"release size {size} does not exist: choose one of {', '.join(sizes())}.")
        check_world(world)
        return cls(version, size, world)

    @classmethod
    def called(cls, name: str) -> "Release":
        """The release of a name: ``small`` (its newest version), ``0.3.0/small`` or ``0.3.0/small.w3``.

        Raises UsageError as :meth:`of`, and for a world that is no whole number from 1.
        """
        version, _, place = name.rpartition("/")
        size, marked, world = place.partition(WORLD_MARK)
        if marked and not (world.isascii() and world.isdigit() and not world.startswith("0")):
            raise UsageError(
                f"release {name} names no world: write {size}{WORLD_MARK}1, {size}{WORLD_MARK}2 and so on, or {size} "
                "for the released one."
            )
        return cls.of(version or list(versions())[-1], size, int(world) if marked else 0)

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

    def region_folder(self, index: int) -> Path:
        return self.folder / _name(index)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """One table over all regions, lazily, in the order of regions and keys.

        Args:
            table: its name.
            truth: with the hidden columns beside the observed ones.

        Raises:
            UsageError: for a table that does not exist, or one that is all truth where ``truth`` is not asked for.
        """
        known = tables_of(self.version)
        if table not in known:
            where = f" in data version {self.version}" if table in all_tables() else ""
            raise UsageError(f"table {table} does not exist{where}: choose one of {', '.join(known)}.")
        observed, hidden = known[table].observed, known[table].hidden
        if not observed and not truth:
            raise UsageError(f"table {table} is hidden truth: ask for it with truth=True.")
        seen = pl.scan_parquet(self._files(f"{table}.parquet")) if observed else None
        if not truth or not hidden:
            return pl.LazyFrame() if seen is None else seen
        unseen = pl.scan_parquet(self._files(f"{table}.truth.parquet"))
        if seen is None:
            return unseen
        return seen.join(unseen, on=list(known[table].key), how="left", maintain_order="left")

    def _files(self, name: str) -> list[Path]:
        return [self.region_folder(i) / name for i in range(self.regions)]


def _name(index: int) -> str:
    """The name of a region's folder and of its entry in a manifest."""
    return f"{index:05d}"


def published_manifest(release: Release) -> dict | None:
    """The committed manifest of a release, or None where it has none: independent worlds are not published."""
    if release.world:
        return None
    path = manifest_folder() / release.version / f"{release.size}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def manifest_folder() -> Path:
    """Where manifests are: ``datasets/releases`` of a checkout, or beside this package in a wheel."""
    here = Path(__file__).parents[1]
    inside = here / "releases"
    return inside if inside.is_dir() else here.parent / "releases"


def open_release(
    version: str,
    size: str,
    engine: str = "loky",
    workers: int | None = None,
    quiet: bool = False,
    world: int = 0,
) -> Release:
    """A release ready to read; it is made first, under a file lock, where it is missing or of another generator."""
    release = Release.of(version, size, world)
    if not _is_complete(release):
        if not quiet:
            sys.stderr.write(
                f"making release {release.name} ({release.regions} regions) in {release.folder}\n"
            )
        make_release(release, engine=engine, workers=workers, quiet=quiet)
    return release


def _is_complete(release: Release) -> bool:
    try:
        made = json.loads((release.folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return made.get("fingerprint") == fingerprint()


def make_release(
    release: Release, engine: str = "loky", workers: int | None = None, quiet: bool = False
) -> Release:
    """Generate every region that is missing, then hold the digests against the published manifest.

    A region is written beside its place and renamed, so it is there whole or not at all; a killed run resumes.

    Raises:
        UsageError: where the folder cannot be written or the disk is full.
        CheckFailed: where the digests differ from the published manifest.
    """
    from filelock import FileLock

    try:
        release.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(release.folder.with_name(f"{release.folder.name}.lock")):
            _generate(release, engine, workers, quiet)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"release {release.name} could not be written to {release.folder}: {reason}; "
            "free space there or set TIPBENCH_HOME to another folder."
        ) from error
    return release


def _generate(release: Release, engine: str, workers: int | None, quiet: bool) -> None:
    mark = fingerprint()
    _remove_leftovers(release)
    missing = [i for i in range(release.regions) if not _region_is_there(release, i, mark)]
    # The folder is passed, not looked up again: a reused worker may hold another TIPBENCH_HOME.
    work = partial(_make_region, World.of(release.version, release.world), release.folder, mark)
    try:
        run_all(
            work, missing, engine=engine, workers=workers, label=f"regions of {release.name}", quiet=quiet
        )
    finally:
        _remove_leftovers(release)
    digests = {i: _receipt(release, i)["digests"] for i in range(release.regions)}
    differences = _compare(release, digests)
    if differences:
        raise CheckFailed(
            f"release {release.name} was made but differs from its published manifest in {len(differences)} columns: "
            f"{differences[0]}."
        )
    receipt = {"release": release.name, "fingerprint": mark, "digest": _root(digests)}
    _write_json(release.folder / RECEIPT, receipt)


def _remove_leftovers(release: Release) -> None:
    """Delete regions that a killed run, or a worker stopped with it, left half written."""
    for leftover in release.folder.glob(".*.part-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _receipt(release: Release, index: int) -> dict:
    return json.loads((release.region_folder(index) / RECEIPT).read_text(encoding="utf-8"))


def _region_is_there(release: Release, index: int, mark: str) -> bool:
    try:
        return _receipt(release, index)["fingerprint"] == mark
    except (OSError, ValueError, KeyError):
        return False


def _make_region(world: World, release_folder: Path, mark: str, index: int) -> None:
    """Generate one region and put it in place."""
    tables = generate_region(world, index)
    folder = release_folder / _name(index)
    part = release_folder / f".{folder.name}.part-{os.getpid()}"
    try:
        part.mkdir(parents=True)
        for name, frame in tables.items():
            for suffix, columns in _files_of(name):
                _write_table(part / f"{name}{suffix}.parquet", frame.select(columns))
        digests = {n: {c: column_digest(f[c]) for c in f.columns} for n, f in tables.items()}
        rows = {name: frame.height for name, frame in tables.items()}
        _write_json(part / RECEIPT, {"region": index, "fingerprint": mark, "rows": rows, "digests": digests})
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write_table(path: Path, frame: pl.DataFrame) -> None:
    """Write one parquet file. Polars reports a full disk as an error of the file's format: say what it is."""
    try:
        frame.write_parquet(path, compression="zstd")
    except pl.exceptions.PolarsError as error:
        raise OSError(str(error).rpartition("error: ")[2]) from error


def _files_of(table: str) -> list[tuple[str, tuple[str, ...]]]:
    """Suffix and columns of each file that a table is stored in."""
    known = all_tables()[table]
    return [(s, c) for s, c in (("", known.observed), (".truth", known.hidden)) if c]


def _write_json(path: Path, content: dict) -> None:
    beside = path.with_name(f".{path.name}.part-{os.getpid()}")
    beside.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    beside.replace(path)


def _root(digests: dict[int, Digests]) -> str:
    return release_digest({_name(i): region_digest(d) for i, d in digests.items()})


def _compare(release: Release, found: dict[int, Digests]) -> list[str]:
    """Where digests differ from the published manifest, one text a column; empty where it has none."""
    manifest = published_manifest(release)
    if manifest is None:
        return []
    return [
        f"release {release.name}, region {index}, table {table}, column {column}"
        for index in range(release.regions)
        for table, columns in manifest["regions"][_name(index)]["digests"].items()
        for column, digest in columns.items()
        if found[index].get(table, {}).get(column) != digest
    ]


def verify_release(
    release: Release, engine: str = "loky", workers: int | None = None, quiet: bool = False
) -> list[str]:
    """Read a release's files again and say where they differ from the manifest.

    The manifest is the published one or, for a size or world without one, the receipts written when it was made.

    Returns:
        One text a difference, naming release, region, table and column; empty where all is as it should be.
    """
    if not release.folder.is_dir():
        raise UsageError(
            f"release {release.name} is not in {release.folder}: make it with "
            f"`tipbench data make release={release.size}{f' release.world={release.world}' if release.world else ''}`."
        )
    work = partial(_read_digests, release, release.folder)
    read = run_all(work, range(release.regions), engine, workers, f"regions of {release.name}", quiet)
    lost = [problem for problem, _ in read if problem]
    found = {i: digests for i, (_, digests) in enumerate(read)}
    if published_manifest(release) is not None:
        different = _compare(release, found)
    else:
        different = [
            f"release {release.name}, region {i}, table {table}, column {column}"
            for i in range(release.regions)
            if (release.region_folder(i) / RECEIPT).exists()
            for table, columns in _receipt(release, i)["digests"].items()
            for column, digest in columns.items()
            if found[i].get(table, {}).get(column) != digest
        ]
    return lost or different


def _read_digests(release: Release, folder: Path, index: int) -> tuple[str, Digests]:
    """What is wrong with a region's files ('' where they can be read), and the digests of their columns."""
    digests: Digests = {}
    for name in tables_of(release.version):
        for suffix, columns in _files_of(name):
            path = folder / _name(index) / f"{name}{suffix}.parquet"
            try:
                frame = pl.read_parquet(path)
            except (OSError, pl.exceptions.PolarsError) as error:
                reason = str(error).splitlines()[0][:120]
                return (
                    f"release {release.name}, region {index}, table {name}: {path} cannot be read ({reason})",
                    {},
                )
            found = {c: column_digest(frame[c]) for c in frame.columns if c in columns}
            digests.setdefault(name, {}).update(found)
    return "", digests
