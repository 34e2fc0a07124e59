"""Open, make, verify and remove a release where it lies: in the user's store, or else in a folder of this machine."""

from __future__ import annotations

from tipcore.engines import Engine

from tipdata.release import footprint, make, verifying
from tipdata.release.release import Release
from tipdata.release.stored import StoredRelease, store
from tipdata.release.storing import make_stored, open_stored, remove_stored, verify_stored


def located(release: Release) -> Release:
    """Return a release as it lies in the user's store; as it is where there is none. Raises UsageError as
    :func:`tipdata.release.stored.store`."""
    at = store()
    return release if at is None else StoredRelease(release.version, release.size, release.world, at)


def open_release(
    version: str,
    size: str,
    engine: Engine | str = "loky",
    quiet: bool = False,
    world: int = 0,
) -> Release:
    """Return a release ready to read; it is made first where it is missing or of another generator. Raises as
    :func:`tipdata.release.make.open_release` and :func:`tipdata.release.storing.make_stored`."""
    release = located(Release.of(version, size, world))
    if isinstance(release, StoredRelease):
        return open_stored(release, engine, quiet)
    return make.open_release(version, size, engine, quiet, world)


def make_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> Release:
    """Make the regions of a release that are missing. Raises as :func:`tipdata.release.make.make_release` and
    :func:`tipdata.release.storing.make_stored`."""
    if isinstance(release, StoredRelease):
        return make_stored(release, engine, quiet)
    return make.make_release(release, engine, quiet)


def verify_release(release: Release, engine: Engine | str = "loky", quiet: bool = False) -> list[str]:
    """Read a release's files again and return where they differ. Raises as
    :func:`tipdata.release.verifying.verify_release`."""
    if isinstance(release, StoredRelease):
        return verify_stored(release, engine, quiet)
    return verifying.verify_release(release, engine, quiet)


def remove_release(release: Release) -> int:
    """Delete a release's files and return their bytes. Raises UsageError where there are none."""
    if isinstance(release, StoredRelease):
        return remove_stored(release)
    return footprint.remove_release(release)
