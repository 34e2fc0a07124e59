"""Verify a release: read its files again and compare them, file by file, with the manifest."""

from functools import partial
from pathlib import Path

import polars as pl
from tipcore.digest import column_digest
from tipcore.engine import run_all
from tipcore.errors import UsageError
from tipcore.parquet import read_parquet

from tipdata.core.world import newest_released
from tipdata.release.manifests import RECEIPT, Digests, published_manifest, region_receipt
from tipdata.release.release import Release, files_of, region_name
from tipdata.stages import tables_of


def verify_release(
    release: Release, engine: str = "loky", workers: int | None = None, quiet: bool = False
) -> list[str]:
    """Read a release's files again and return where they differ from the manifest.

    The manifest is the published one or, for a size or world without one, the receipts written when it was made. A
    file or column too many is a difference, as one too few is.

    Returns:
        One text per difference, naming release, region, table and column; empty where all is as it should be.

    Raises:
        UsageError: for a release that was never made.
    """
    if not release.folder.is_dir():
        raise UsageError(
            f"release {release.name} is not in {release.folder}: make it with `{_making(release)}`."
        )
    made = [index for index in range(release.regions) if release.region_folder(index).is_dir()]
    work = partial(_verify_region, release, release.folder, published_manifest(release))
    read = run_all(work, made, engine, workers, f"regions of {release.name}", quiet)
    problems = [problem for problems in read for problem in problems] + _regions_too_many(release)
    if len(made) < release.regions:
        problems.append(
            f"release {release.name}: {len(made):,} of {release.regions:,} regions are made: "
            f"go on with `{_making(release)}`"
        )
    return problems


def _making(release: Release) -> str:
    """Return the command that makes a release."""
    version = "" if release.version == newest_released() else f" release.version={release.version}"
    world = f" release.world={release.world}" if release.world else ""
    return f"tipbench data make release={release.size}{version}{world}"


def _regions_too_many(release: Release) -> list[str]:
    known = {region_name(index) for index in range(release.regions)}
    there = {path.name for path in release.folder.iterdir() if path.is_dir() and path.name.isdigit()}
    return [
        f"release {release.name}, region {name}: is not a region of it: delete {release.folder / name}"
        for name in sorted(there - known)
    ]


def _verify_region(release: Release, folder: Path, manifest: dict | None, index: int) -> list[str]:
    """Return where one region differs from the manifest. ``folder``: the release's, as a reused worker may know
    another."""
    place = f"release {release.name}, region {index}"
    here = folder / region_name(index)
    if manifest is not None:
        digests: Digests = manifest["regions"][here.name]["digests"]
    else:
        try:
            digests = region_receipt(here)["digests"]
        except (OSError, ValueError, KeyError):
            return [f"{place}: {here / RECEIPT} cannot be read: make the release again"]
    problems, known = [], set()
    for name, table in tables_of(release.version).items():
        for suffix, columns in files_of(table):
            path = here / f"{name}{suffix}.parquet"
            known.add(path.name)
            problems += _verify_file(f"{place}, table {name}", path, columns, digests.get(name, {}))
    for path in sorted(here.glob("*.parquet")):
        if path.name not in known:
            table = path.name.removesuffix(".parquet").removesuffix(".truth")
            problems.append(f"{place}, table {table}: is not a file of the release: delete {path}")
    return list(dict.fromkeys(problems))


def _verify_file(place: str, path: Path, columns: tuple[str, ...], digests: dict[str, str]) -> list[str]:
    """Return where one file differs from its columns' digests."""
    try:
        frame = read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        return [f"{place}: {path} cannot be read ({str(error).splitlines()[0][:120]})"]
    problems = [
        f"{place}, column {c}: is missing from {path.name}" for c in columns if c not in frame.columns
    ]
    problems += [
        f"{place}, column {c}: is not a column of {path.name}" for c in frame.columns if c not in columns
    ]
    changed = [c for c in columns if c in frame.columns and _digest(frame[c]) != digests.get(c)]
    return problems + [f"{place}, column {c}" for c in changed]


def _digest(column: pl.Series) -> str:
    """Return the digest of a column, '' for a type that a release never has."""
    try:
        return column_digest(column)
    except TypeError:
        return ""
