"""Verify a release: read its files again, whatever was checked, and compare them, file by file, with the manifest."""

from functools import partial
from pathlib import Path

from tipcore.engines import Engine, run_all
from tipcore.errors import UsageError

from tipdata.release.checking import file_problems
from tipdata.release.layout import TRUTH, command, files_of, region_name
from tipdata.release.manifests import FILES, RECEIPT, published_manifest, region_receipt
from tipdata.release.release import Release
from tipdata.stages import tables_of


def verify_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> list[str]:
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
            f"release {release.name} is not in {release.folder}: make it with `{command(release, 'make')}`."
        )
    made = [index for index in range(release.regions) if release.region_folder(index).is_dir()]
    work = partial(verify_region, release, release.folder)
    read = run_all(work, made, engine, f"regions of {release.name}", quiet)
    problems = [problem for problems in read for problem in problems] + _regions_too_many(release)
    if len(made) < release.regions:
        problems.append(
            f"release {release.name}: {len(made):,} of {release.regions:,} regions are made: "
            f"go on with `{command(release, 'make')}`"
        )
    return problems


def _regions_too_many(release: Release) -> list[str]:
    known = {region_name(index) for index in range(release.regions)}
    there = {path.name for path in release.folder.iterdir() if path.is_dir() and path.name.isdigit()}
    return [
        f"release {release.name}, region {name}: is not a region of it: delete {release.folder / name}"
        for name in sorted(there - known)
    ]


def verify_region(release: Release, folder: Path, index: int) -> list[str]:
    """Return where one region differs from the manifest. ``folder``: the release's, as a reused worker may know
    another."""
    place = f"release {release.name}, region {index}"
    here = folder / region_name(index)
    try:
        receipt = region_receipt(here)
        written, digests = receipt.get(FILES, {}), receipt["digests"]
    except (OSError, ValueError, KeyError):
        written, digests = {}, None
    if (manifest := published_manifest(release)) is not None:
        digests = manifest["regions"][here.name]["digests"]
    if digests is None:
        return [f"{place}: {here / RECEIPT} cannot be read: make the release again"]
    problems, known = [], set()
    for name, table in tables_of(release.version).items():
        for suffix, columns in files_of(table):
            path = here / f"{name}{suffix}.parquet"
            known.add(path.name)
            expected = digests.get(name, {})
            problems += file_problems(
                f"{place}, table {name}", path, columns, expected, written.get(path.name)
            )
    for path in sorted(here.glob("*.parquet")):
        if path.name not in known:
            table = path.name.removesuffix(".parquet").removesuffix(TRUTH)
            problems.append(f"{place}, table {table}: is not a file of the release: delete {path}")
    return list(dict.fromkeys(problems))
