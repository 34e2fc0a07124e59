"""Make a release: regions in parallel, each there whole or not at all, checked against the published manifest."""

import hashlib
import io
import json
import shutil
import sys
from functools import partial
from pathlib import Path

import polars as pl
from tipcore.atomic import PARTIAL, fill_folder_atomically, write_file_atomically
from tipcore.digest import column_digest, region_digest
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.operating_system import file_lock

from tipdata.core.fingerprint import fingerprint
from tipdata.core.world import World
from tipdata.release.checking import region_problems
from tipdata.release.footprint import ELSEWHERE, announcement
from tipdata.release.layout import TRUTH, command, files_of, region_name
from tipdata.release.manifests import (
    FILES,
    RECEIPT,
    differences_of,
    published_manifest,
    region_receipt,
    release_root,
)
from tipdata.release.region import generate_region
from tipdata.release.release import Release
from tipdata.stages import tables_of


def open_release(
    version: str,
    size: str,
    engine: Engine | str = "loky",
    quiet: bool = False,
    world: int = 0,
) -> Release:
    """Return a release ready to read; it is made first, under a file lock, where it is missing or of another
    generator.

    Raises:
        UsageError: where its truth was taken away, as for people who may not see it; that is not put back unasked.
    """
    release = Release.of(version, size, world)
    if not _is_complete(release):
        if _is_without_truth(release):
            raise UsageError(
                f"release {release.name} in {release.folder} has no truth, since its *{TRUTH}.parquet files were taken "
                f"away: make them again with `{command(release, 'make')}`, or set another TIPBENCH_HOME."
            )
        make_release(release, engine=engine, quiet=quiet)
    return release


def _is_complete(release: Release) -> bool:
    try:
        made = region_receipt(release.folder)
    except (OSError, ValueError):
        return False
    if any(release.lacking(index) for index in range(release.regions)):
        return False
    manifest = published_manifest(release)
    if manifest is not None:
        return made.get("digest") == manifest["digest"]
    return made.get("fingerprint") == fingerprint(release.version, release.size)


def _is_without_truth(release: Release) -> bool:
    """Return whether truth is what every region lacks, all of it and nothing else."""
    return all(
        release.region_folder(index).is_dir() and set(release.lacking(index)) == set(release.hidden(index))
        for index in range(release.regions)
    )


def make_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> Release:
    """Generate every region that is missing, then check the digests against the published manifest.

    A region is written beside its place and renamed, so it is there whole or not at all; a killed run resumes.

    Raises:
        UsageError: where the folder cannot be written, or the disk is full or has no room for it.
        CheckFailed: where the digests differ from the published manifest.
    """
    try:
        release.folder.mkdir(parents=True, exist_ok=True)
        with file_lock(release.folder.with_name(f"{release.folder.name}.lock")):
            _generate(release, engine_of(engine), quiet)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"release {release.name} could not be written to {release.folder}: {reason}; {ELSEWHERE}."
        ) from error
    return release


def _generate(release: Release, engine: Engine, quiet: bool) -> None:
    manifest = published_manifest(release)
    mark = fingerprint(release.version, release.size) if manifest is None else ""
    _remove_leftovers(release)
    missing = [i for i in range(release.regions) if not _region_is_there(release, i, manifest, mark)]
    if missing:
        said = announcement(release, len(missing), engine.here)
        if not quiet:
            sys.stderr.write(said)
    # The folder is passed, not looked up again: a reused worker may hold another TIPBENCH_HOME.
    work = partial(
        make_region, World.of(release.version, release.world, size=release.size), release.folder, mark
    )
    try:
        run_all(work, missing, engine, f"regions of {release.name}", quiet)
    finally:
        _remove_leftovers(release)
    digests = {i: region_receipt(release.region_folder(i))["digests"] for i in range(release.regions)}
    differences = differences_of(release, digests)
    if differences:
        raise CheckFailed(
            f"release {release.name} was made but differs from its published manifest in {len(differences)} columns: "
            f"{differences[0]}."
        )
    receipt = {"release": release.name, "fingerprint": mark, "digest": release_root(digests)}
    write_file_atomically(release.folder / RECEIPT, _json(receipt), ELSEWHERE)


def _remove_leftovers(release: Release) -> None:
    """Delete regions that a killed run, or a worker stopped with it, left half written."""
    for leftover in release.folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _region_is_there(release: Release, index: int, manifest: dict | None, mark: str) -> bool:
    """Return whether a region need not be made: it is the published one or, where none is published, of this
    generator; and no file of it is damaged."""
    try:
        receipt = region_receipt(release.region_folder(index))
        if release.lacking(index):
            return False
        if manifest is None:
            is_it = receipt["fingerprint"] == mark
        else:
            is_it = region_digest(receipt["digests"]) == manifest["regions"][region_name(index)]["digest"]
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return is_it and not region_problems(release, index)


def make_region(world: World, release_folder: Path, mark: str, index: int) -> None:
    """Generate one region and put it in place. ``mark``: of the generator, for its receipt."""
    tables = generate_region(world, index)
    with fill_folder_atomically(release_folder / region_name(index), replace=True, advice=ELSEWHERE) as part:
        known, files = tables_of(world.version), {}
        for name, frame in tables.items():
            for suffix, columns in files_of(known[name]):
                path = part / f"{name}{suffix}.parquet"
                files[path.name] = _write_table(path, frame[list(columns)])
        digests = {n: {c.name: column_digest(c) for c in f.iter_columns()} for n, f in tables.items()}
        rows = {name: frame.height for name, frame in tables.items()}
        receipt = {"region": index, "fingerprint": mark, "rows": rows, "digests": digests, FILES: files}
        (part / RECEIPT).write_text(_json(receipt), encoding="utf-8")


def _write_table(path: Path, frame: pl.DataFrame) -> str:
    """Write one parquet file; the SHA-256 of what is written, whatever the disk makes of it."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    path.write_bytes(buffer.getbuffer())
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


def _json(content: dict) -> str:
    return json.dumps(content, indent=1, sort_keys=True)
