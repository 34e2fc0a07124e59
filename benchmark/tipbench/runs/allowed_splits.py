"""The splits that a task's data can have, the default first: what ``auto`` and ``allowed`` mean."""

from __future__ import annotations

from collections.abc import Iterator

from tipcore.errors import UsageError
from tipdata.release import open_release

from tipbench.config.settings import Settings
from tipbench.data.release_folds import require_splits
from tipbench.data.releases import collect_units
from tipbench.loading import prepare
from tipbench.task import Task


def splits_of(task: Task, settings: Settings, make: bool = True, quiet: bool = False) -> Iterator[str]:
    """Yield, on a release, those of the task that its units can be divided by; on own data, those that can be prepared.

    Each is tried when it is asked for: who wants the default waits for no other.

    Args:
        make: whether a missing release may be made to find out; without, the task's own list is given.
        quiet: as of ``open_release``.

    Raises:
        UsageError: where the data can have none.
    """
    if settings.data is not None:
        yield from _own(task, settings)
        return
    if not make or settings.release is None:
        yield from task.splits
        return
    release, engine = settings.release, settings.engine
    source = open_release(release.version, release.size, engine, quiet, release.world)
    yield from require_splits(task, source, collect_units(task.units, source))


def _own(task: Task, settings: Settings) -> Iterator[str]:
    default = prepare(task, own=settings.data).split
    yield default
    yield from (split for split in task.own_splits if split != default and _can(task, settings, split))


def _can(task: Task, settings: Settings, split: str) -> bool:
    try:
        prepare(task, own=settings.data, split=split)
    except UsageError:
        return False
    return True
