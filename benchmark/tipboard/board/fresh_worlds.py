"""Worlds that nobody knew: drawn at random, made for one cell, and removed once it is scored."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from tipbench.loading import prepare
from tipcore.errors import UsageError
from tipdata.release import Release
from tipdata.release.builder import open_on_disk

SECRET_BITS = 96
"""Of the number of a world."""


def drawn_world(data: str) -> Release:
    """Return a world of the same version and size as a release, by a number that nobody knew before."""
    version, _, size = data.partition("/")
    return Release.of(version, size, 1 + secrets.randbits(SECRET_BITS))


@contextmanager
def made_world(world: Release, engine: str = "loky") -> Iterator[Release]:
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
