"""Verify a release: read its files again and compare them with the manifest."""

from functools import partial
from pathlib import Path

import polars as pl

from tipdata.core.digest import column_digest
from tipdata.core.engine import run_all
from tipdata.core.errors import UsageError
from tipdata.release.manifests import RECEIPT, Digests, differences_of, published_manifest, region_receipt
from tipdata.release.release import Release, files_of, region_name
from tipdata.stages import tables_of


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
        different = differences_of(release, found)
    else:
        different = [
            f"release {release.name}, region {i}, table {table}, column {column}"
            for i in range(release.regions)
            if (release.region_folder(i) / RECEIPT).exists()
            for table, columns in region_receipt(release, i)["digests"].items()
            for column, digest in columns.items()
            if found[i].get(table, {}).get(column) != digest
        ]
    return lost or different


def _read_digests(release: Release, folder: Path, index: int) -> tuple[str, Digests]:
    """What is wrong with a region's files ('' where they can be read), and the digests of their columns."""
    digests: Digests = {}
    for name, table in tables_of(release.version).items():
        for suffix, columns in files_of(table):
            path = folder / region_name(index) / f"{name}{suffix}.parquet"
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
