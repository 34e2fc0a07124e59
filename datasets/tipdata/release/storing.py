"""Make, verify and remove a release in a store, where no folder is renamed.

A region is made in a temporary folder and put file by file, its receipt last: one without a receipt is not there, and
is made again. The receipt of the release follows when all regions are there. So whoever is stopped, or loses the store,
goes on with the same command, and two who make one release at once put the same bytes twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from tipcore.atomic import temporary_folder
from tipcore.digest import region_digest
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import Remote

from tipdata.core.fingerprint import fingerprint
from tipdata.core.world import World
from tipdata.release.layout import command, files_of, region_name
from tipdata.release.make import make_region
from tipdata.release.manifests import RECEIPT, differences_of, published_manifest, release_root
from tipdata.release.release import Release
from tipdata.release.stored import (
    AGAIN,
    VARIABLE,
    StoredRelease,
    at_store,
    files_in,
    forget_listing,
    readable,
)
from tipdata.release.verifying import verify_region
from tipdata.stages import tables_of


def open_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> StoredRelease:
    """Return a stored release ready to read; it is made first where it is missing or of another generator."""
    return stored if is_complete(stored) else make_stored(stored, engine, quiet)


def make_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> StoredRelease:
    """Make every region that is missing and put it, then check the digests against the published manifest.

    Raises:
        UsageError: for a store that cannot be reached or written.
        CheckFailed: where the digests differ from the published manifest.
    """
    place = at_store(stored)
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
    forget_listing(stored)
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
    if is_complete(stored):  # a store that may only be read is asked for nothing else
        return stored
    receipt = {"release": stored.name, "fingerprint": mark, "digest": release_root(digests)}
    with readable(stored):
        place.system.pipe_file(place.at(RECEIPT), json.dumps(receipt, indent=1, sort_keys=True).encode())
    return stored


def verify_stored(stored: StoredRelease, engine: Engine | str, quiet: bool) -> list[str]:
    """Read a stored release's files again and return where they differ; see
    :func:`tipdata.release.verifying.verify_release`."""
    place = at_store(stored)
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
    place = at_store(stored)
    there = files_in(stored, place)
    if not there:
        raise UsageError(f"release {stored.name} is not in {stored.place}: there is nothing to remove.")
    with readable(stored):
        with suppress(FileNotFoundError):
            place.system.rm_file(place.at(RECEIPT))
        place.system.rm(place.root, recursive=True)
    return sum(int(entry.get("size") or 0) for entry in there.values())


def _need_bucket(stored: StoredRelease, place: Remote) -> None:
    """Raise UsageError where the bucket is not there: some stores would make one of any name, a misspelled one too."""
    scheme, mark, path = place.root.rpartition("://")
    bucket = f"{scheme}{mark}{'/' * path.startswith('/')}{path.strip('/').partition('/')[0]}"
    with readable(stored):
        place.system.invalidate_cache()
        try:
            place.system.info(bucket)
        except PermissionError:
            pass  # who may use a part of a bucket need not be allowed to look at it
        except FileNotFoundError:
            raise UsageError(
                f"{stored.store} has no bucket or folder {bucket}: make it first, or correct {VARIABLE}."
            ) from None


def _receipts(stored: StoredRelease, place: Remote) -> dict[int, Mapping[str, Any]]:
    """Return the receipts of the regions that are there whole, by number."""
    names: dict[str, set[str]] = {}
    for path in files_in(stored, place):
        region, _, name = path.rpartition("/")
        names.setdefault(region.rpartition("/")[2], set()).add(name)
    needed = {RECEIPT, *_file_names(stored.version)}
    whole = [index for index in range(stored.regions) if needed <= names.get(region_name(index), set())]
    with readable(stored):  # many at once, where the store can
        texts = place.system.cat_ranges([place.at(f"{region_name(i)}/{RECEIPT}") for i in whole], 0, None)
    found = {}
    for index, text in zip(whole, texts, strict=True):
        with suppress(ValueError):
            found[index] = json.loads(text)
    return found


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
    place = at_store(stored)
    with readable(stored):
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
    place = at_store(stored)
    with temporary_folder(Path(gettempdir())) as folder:
        make_region(world, folder, mark, index)
        made = folder / region_name(index)
        with readable(stored):
            with suppress(FileNotFoundError):
                place.system.rm_file(place.at(f"{made.name}/{RECEIPT}"))
            with suppress(FileExistsError):  # an object store has no folders to make
                place.system.makedirs(place.at(made.name), exist_ok=True)
            for path in sorted(made.iterdir(), key=lambda path: (path.name == RECEIPT, path.name)):
                place.system.put_file(str(path), place.at(f"{made.name}/{path.name}"))


def _verify_region(stored: StoredRelease, index: int) -> list[str]:
    """Return where one region differs from the manifest: it is fetched whole."""
    place = at_store(stored)
    with temporary_folder(Path(gettempdir())) as folder, readable(stored):
        here = folder / region_name(index)
        here.mkdir()
        for path in place.system.find(place.at(here.name)):
            place.system.get_file(path, str(here / path.rpartition("/")[2]))
        return verify_region(stored, folder, index)
