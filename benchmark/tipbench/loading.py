"""Give the folds and answers of a task; its name is enough."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from tipcore.errors import UsageError

from tipbench.data.custom.config import OwnData, own_data
from tipbench.data.custom.folds import prepare_own
from tipbench.data.fold import Fold, Prepared
from tipbench.data.further_worlds import FOLD_ALONE, NO_WORLDS, add_worlds, count_worlds
from tipbench.data.release_folds import prepare_release
from tipbench.data.releases import open_source
from tipbench.task import Source, Task
from tipbench.tasks import task_of


def prepare(
    task: str | Task,
    *,
    release: str | Source | None = None,
    own: OwnData | Mapping[str, Any] | None = None,
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
    needs: Collection[str] = frozenset(),
    oracle: bool = False,
    train: str = FOLD_ALONE,
) -> Prepared:
    """Return everything that one cell needs: its folds and its answers.

    Args:
        task: the task, or its name.
        release: a size ("tiny"), version and size ("0.5.0/tiny"), either with an independent world
        ("tiny.w3"), made first where missing; the folder or URL of an export (``tipbench data export``), which
        is checked against its checksums; or an open release. own: a user's own data, as
        :class:`tipbench.data.custom.config.OwnData` or its mapping; excludes ``release``.
        split, labels, access: ``auto`` is the first or own of the task (and of the data).
        needs: the columns that the method needs, as ``table.column``.
        oracle: whether the method is shown hidden truth. It is marked as such and never ranked.
        train: ``fold``, or ``worlds:N`` for a fold with N further worlds of the release to learn from.

    Raises:
        UsageError: for a name that no task has; for a split, labels or access that the task or data cannot
        have; for needs that are not shown; for ``worlds:N`` with anything but a release.
    """
    started = time.perf_counter()
    task, worlds = task_of(task), count_worlds(train)
    if own is not None and release is None:
        if worlds:
            raise UsageError(NO_WORLDS)
        made = prepare_own(task, own_data(own), split, labels, access, needs, oracle)
    elif release is not None and own is None:
        source = open_source(release)
        made = prepare_release(task, source, split, labels, access, needs, oracle)
        made = add_worlds(made, source, worlds) if worlds else made
    else:
        raise UsageError("give either a release or data of your own, and not both.")
    return replace(made, seconds=time.perf_counter() - started)


def load(
    task: str | Task,
    release: str | Source = "tiny",
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
    train: str = FOLD_ALONE,
) -> Fold:
    """Return the fold of a task on a release; see :func:`prepare`.

    >>> fold = load("advert_risk", release="tiny", split="forward")  # doctest: +SKIP
    >>> fold.units("train").collect()  # doctest: +SKIP
    """
    return prepare(task, release=release, split=split, labels=labels, access=access, train=train).folds[0]
