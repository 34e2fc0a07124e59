"""Read a release from an export of ``tipbench data export``: a folder, or a URL that fsspec opens.

An export holds each table in one file, the hidden columns in another (``truth/``), and lists the SHA-256 of every file
in ``checksums.sha256``, which is written last: an export without it is incomplete. Before a table is read, its file is
checked against that list, and its columns, region by region, against the manifest: the published one that comes with
tipbench, or, for a world without one, the export's own (:attr:`ExportedRelease.caveat`). Files that passed are
remembered by their digest.

Files of a URL are copied to ``$TIPBENCH_HOME/exports`` when they are first read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, Field, ValidationError
from tipcore.atomic import write_file_atomically
from tipcore.digest import column_digest, region_digest, release_digest
from tipcore.display import printable
from tipcore.errors import MachineFault, UsageError
from tipcore.locations import Remote, error_text, home, place_of
from tipcore.operating_system import check_regular
from tipcore.table_files import UNREADABLE, error_line, scan_parquet

from tipdata.core.release_names import release_name
from tipdata.core.tables import Table
from tipdata.release.layout import TRUTH, region_name
from tipdata.release.manifests import published_manifest
from tipdata.release.reading import known_table, scan_files
from tipdata.release.release import Release
from tipdata.stages import tables_of

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
        known = known_table(tables_of(self.version), self.version, table, truth)
        return scan_files(known, truth, lambda suffix: scan_parquet(self._checked(known, suffix)))

    def _checked(self, table: Table, suffix: str) -> Path:
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
        raise _damaged(place, MANIFEST)
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
                raise _damaged(export.place, name)
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
        raise _damaged(export.place if path.parent.name != "files" else str(path), name)
    return path


def _damaged(place: str, name: str) -> MachineFault:
    return MachineFault(
        f"{name} of the export {place} is not what {CHECKSUMS} says: take it again from where it was published."
    )


def _incomplete(place: str, why: str) -> UsageError:
    return UsageError(
        f"{place} is not a whole export of a release, since {why}: name the folder or URL that "
        "`tipbench data export` was given, or export it again."
    )
