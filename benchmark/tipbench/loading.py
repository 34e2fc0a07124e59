"""Give a reader with a notebook the folds of a task by its name; scores are in :mod:`tipbench.runs.scoring`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tipbench.data import prepare as preparing
from tipbench.data.custom.config import OwnData
from tipbench.data.fold import Fold
from tipbench.data.prepared import Prepared
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
) -> Prepared:
    """Return the folds and answers of a task, or of its name; see :func:`tipbench.data.prepare.prepare`."""
    return preparing.prepare(
        task_of(task),
        release=release,
        own=own,
        split=split,
        labels=labels,
        access=access,
        needs=needs,
        oracle=oracle,
    )


def load(
    task: str | Task,
    release: str | Source = "tiny",
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
) -> Fold:
    """Return the fold of a task on a release; see :func:`prepare`.

    >>> fold = load("advert_risk", release="tiny", split="forward")  # doctest: +SKIP
    >>> fold.units("train").collect()  # doctest: +SKIP
    """
    return prepare(task, release=release, split=split, labels=labels, access=access).folds[0]
