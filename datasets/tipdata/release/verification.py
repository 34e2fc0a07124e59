"""Check the files of a release: those of a table when it is read, all of them by ``tipbench data verify``.

A file that passed its check is not checked again within a day while its size and times stay the same. Otherwise its
bytes are hashed and compared with the receipt of its region. Where the receipt has no digests of files, since an
earlier version wrote it, the columns are compared with their digests. :func:`verify_release` reads everything.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from tipcore.atomic import write_file_atomically
from tipcore.digest import Stamp, column_digest
from tipcore.engines import Engine, run_all
from tipcore.errors import MachineFault, UsageError
from tipcore.operating_system import check_regular
from tipcore.table_files import read_doubtful

from tipdata.core.tables import Column, Parameters, Table
from tipdata.core.world import parameters
from tipdata.release.manifests import (
    FILES,
    MALFORMED,
    RECEIPT,
    TRUTH,
    command,
    expected_digests,
    read_receipt,
    region_name,
    region_receipt,
    table_files,
)
from tipdata.stages import all_tables, tables_of

if TYPE_CHECKING:
    from tipdata.release.release import Release

CHECKED = "checked"
"""The folder beside regions with notes on what was checked and when: one file of JSON per file of a table."""
KEPT_SECONDS = 86_400
"""So long a file that passed its check is not read again while its size and times stay the same."""
_REGIONS = 1024
"""Receipts in memory: those of a full release."""


class CheckedFile(NamedTuple):
    """A file that passed its check: its size and times, the second of the check, and the digest of its bytes."""

    stamp: Stamp
    when: int
    digest: str


WrittenRegion = tuple[dict[str, str], frozenset[str]]
"""A region's files by its receipt: their digests by name, unless an earlier version wrote them, and the tables whose
column digests are the published ones."""


def check_files(release: Release, name: str, regions: Sequence[int]) -> None:
    """Check one file of a table in some regions, unless it was checked today.

    Args:
        release: a release on a disk.
        name: of the file, one of :func:`tipdata.release.manifests.table_files`.
        regions: the numbers of the regions.

    Raises:
        MachineFault: if a file is damaged or not there, naming region, table and column.
    """
    place = release.folder / CHECKED / f"{name}.json"
    known, fresh = _known_files(place), {}
    for index in regions:
        region = region_name(index)
        if not _is_fresh(release.region_folder(index) / name, known.get(region)):
            made = _check_file(release, index, name, known.get(region))
            if isinstance(made, list):
                raise _damage_error(release, made)
            fresh[region] = made
    if fresh:
        known |= fresh
        with suppress(UsageError):  # a home that others only may write to: each process checks for itself
            write_file_atomically(place, json.dumps(known))


_in_this_process: dict[Path, dict[str, CheckedFile]] = {}


def _known_files(place: Path) -> dict[str, CheckedFile]:
    """Return the checked files of a table, by region, of this and of other processes."""
    known = _in_this_process.setdefault(place, {})
    with suppress(OSError, *MALFORMED):
        check_regular(place)
        for region, (stamp, when, digest) in json.loads(place.read_bytes()).items():
            known[region] = CheckedFile(Stamp(*map(int, stamp)), int(float(when)), str(digest))
    return known


def _is_fresh(path: Path, seen: CheckedFile | None) -> bool:
    """Return whether a file was checked within a day and has not changed since."""
    if seen is None or not 0 <= time.time() - seen.when < KEPT_SECONDS:
        return False
    try:
        return Stamp.of(path.stat()) == seen.stamp
    except OSError:
        return False


def _check_file(release: Release, index: int, name: str, seen: CheckedFile | None) -> CheckedFile | list[str]:
    """Check a file; return the note on it, or where it is damaged."""
    path, (table, columns) = release.region_folder(index) / name, table_files(release.version)[name]
    place, when = f"region {index}, table {table}", int(time.time())
    try:
        check_regular(path)
        with path.open("rb") as file:
            stamp = Stamp.of(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [_unreadable(place, path, error)]
    files, published = _written_region(release, index)
    if digest != (files.get(name) or (seen and seen.digest)) or table not in published:
        expected = expected_digests(release, index, read_receipt(release.region_folder(index)))
        if wrong := file_problems(place, path, columns, expected.get(table, {}), files.get(name)):
            return wrong
    return CheckedFile(stamp, when, digest)


def region_problems(release: Release, index: int) -> list[str]:
    """Return where the files of a region are damaged, one text each; files checked within a day are not read again."""
    found: list[str] = []
    for name in table_files(release.version):
        seen = _known_files(release.folder / CHECKED / f"{name}.json").get(region_name(index))
        if not _is_fresh(release.region_folder(index) / name, seen):
            made = _check_file(release, index, name, seen)
            found += made if isinstance(made, list) else []
    return found


def file_problems(
    place: str, path: Path, columns: tuple[str, ...], digests: dict[str, str], written: str | None
) -> list[str]:
    """Return where a file differs from the digests of its columns or, if they are right, of its bytes.

    Args:
        place: the beginning of each text.
        path: the file.
        columns: those that it should have.
        digests: of the columns.
        written: the digest of the bytes, None if it is not known.
    """
    try:
        frame = read_doubtful(path)
        digest = written and hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        return [_unreadable(place, path, error)]
    missing = [c for c in columns if c not in frame.columns]
    wrong = [c for c in columns if c in frame.columns and _digest(frame[c]) != digests.get(c)]
    problems = [f"{place}, column {c}: is missing from {path.name}" for c in missing]
    more = [c for c in frame.columns if c not in columns]
    problems += [f"{place}, column {c}: is not a column of {path.name}" for c in more]
    problems += [f"{place}, column {c}" for c in wrong]
    if not problems and digest != written:
        return [f"{place}: {path.name} is not the file that was written, though its values are"]
    return problems


def _unreadable(place: str, path: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"{place}: {path} cannot be read ({reason[:120]})"


def _digest(column: pl.Series) -> str:
    """Return the digest of a column, '' for a type that a release never has."""
    try:
        return column_digest(column)
    except TypeError:
        return ""


def _written_region(release: Release, index: int) -> WrittenRegion:
    folder = release.region_folder(index)
    try:
        stamp = Stamp.of((folder / RECEIPT).stat())
        return _parse_receipt(release, index, folder, stamp)
    except (OSError, *MALFORMED):
        return {}, frozenset()


@lru_cache(maxsize=_REGIONS)
def _parse_receipt(release: Release, index: int, folder: Path, stamp: Stamp) -> WrittenRegion:
    """Return the files of a receipt. ``folder`` and ``stamp`` are the key of the cache: one receipt at one time."""
    receipt = region_receipt(folder)
    expected = expected_digests(release, index, receipt)
    fits = frozenset(table for table, found in receipt["digests"].items() if found == expected.get(table))
    return dict(receipt.get(FILES, {})), fits


def _damage_error(release: Release, problems: list[str]) -> MachineFault:
    make = f"`{command(release, 'make')}`"
    if not release.folder.is_dir():
        return MachineFault(f"release {release.name} is not in {release.folder}: make it with {make}.")
    more = f" (and {len(problems) - 1:,} more of its columns)" if len(problems) > 1 else ""
    again = f"run {make}, which makes that region again"
    whole = f"`{command(release, 'verify')}` names all that is damaged"
    return MachineFault(f"release {release.name} is damaged at {problems[0]}{more}: {again}; {whole}.")


def verify_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> list[str]:
    """Read all files of a release, checked before or not, and return where they differ from the manifest.

    The manifest is the published one or, for a size or world without one, the receipts written when it was made. A
    file or column too many is a difference, as one too few is.

    Returns:
        One text per difference, naming release, region, table and column; empty if there is none.

    Raises:
        UsageError: for a release that was never made.
    """
    made = release.made_regions()
    if made is None:
        advice = f"make it with `{command(release, 'make')}`"
        raise UsageError(f"release {release.name} is not in {release.place}: {advice}.")
    work = partial(_verify_region, release, release.root)
    read = run_all(work, made, engine, f"regions of {release.name}", quiet)
    problems = list(chain.from_iterable(read))
    if release.root is not None:
        known = {region_name(index) for index in range(release.regions)}
        there = {path.name for path in release.root.iterdir() if path.is_dir() and path.name.isdigit()}
        problems += [
            f"release {release.name}, region {name}: is not a region of it: delete {release.root / name}"
            for name in sorted(there - known)
        ]
    if len(made) < release.regions:
        part = f"{len(made):,} of {release.regions:,} regions are made"
        problems.append(f"release {release.name}: {part}: go on with `{command(release, 'make')}`")
    return problems


def _verify_region(release: Release, root: Path | None, index: int) -> list[str]:
    """Return where one region differs from the manifest; in a store it is fetched whole."""
    place = f"release {release.name}, region {index}"
    with release.region_files(index, root) as here:
        receipt, problems = read_receipt(here), []
        digests, written = expected_digests(release, index, receipt), receipt.get(FILES, {})
        if not digests:
            return [f"{place}: {here / RECEIPT} cannot be read: make the release again"]
        for name, (table, columns) in table_files(release.version).items():
            expected, where = digests.get(table, {}), f"{place}, table {table}"
            problems += file_problems(where, here / name, columns, expected, written.get(name))
        for path in sorted(here.glob("*.parquet")):
            if path.name not in table_files(release.version):
                table = path.name.removesuffix(".parquet").removesuffix(TRUTH)
                problems.append(f"{place}, table {table}: is not a file of the release: delete {path}")
    return list(dict.fromkeys(problems))


def category_values(column: Column, listed: Parameters) -> tuple[str, ...]:
    """Return the possible values of a column, or of the key that it holds; empty if it is no category."""
    if column.id_of and not column.values:
        owner = all_tables()[column.id_of]
        column = owner[owner.key[0]]
    return column.possible(listed)


def undeclared_in_table(table: Table, frame: pl.DataFrame, listed: Parameters) -> list[str]:
    """Return a text per category column of a frame with a value that the column does not declare."""
    wrong = []
    for column in table.columns:
        possible = category_values(column, listed)
        if not possible or column.name not in frame.columns:
            continue
        values = frame[column.name]
        if isinstance(column.dtype, pl.List):
            values = values.explode(empty_as_null=False, keep_nulls=False)
        there = values.drop_nulls().unique()
        others = there.filter(~there.is_in(list(possible))).sort()
        if len(others):
            where = f"table {table.name}, column {column.name}"
            wrong.append(f"{where}: {others[0]!r} is none of {', '.join(possible)}")
    return wrong


def undeclared_values(release: Release) -> list[str]:
    """Return a text per category column of a release with a value that it does not declare."""
    listed, found = parameters(release.version), []
    for name, table in tables_of(release.version).items():
        found += undeclared_in_table(table, release.scan(name, truth=True).collect(), listed)
    return found
