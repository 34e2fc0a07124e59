"""Worlds of a season on this machine: made for as long as they are needed, and which splits they have."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from tipbench.loading import prepare
from tipcore.errors import UsageError
from tipdata.release import Release
from tipdata.release.builder import open_on_disk


@contextmanager
def make_world(world: Release, engine: str = "loky") -> Iterator[Release]:
    """Make a world on this machine, whatever the user's store, and remove it afterwards, unless it was there before."""
    lock = world.folder.with_name(f"{world.folder.name}.lock")
    stays = world.folder.exists() or lock.exists()
    try:
        yield open_on_disk(world.version, world.size, engine=engine, world=world.world, quiet=True)
    finally:
        if not stays:
            shutil.rmtree(world.folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def has_split(task: str, world: Release, split: str, labels: str, access: str) -> bool:
    """Return whether a world, made before, has such a split; no method is asked, which could say that it has not."""
    try:
        prepare(task, release=world, split=split, labels=labels, access=access)
    except UsageError:
        return False
    return True
