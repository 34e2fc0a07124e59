"""Find the tasks, one file each in this folder: a new task is one new module here that defines ``TASK``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Annotated

from pydantic import Field
from tipcore.spelling import check_word
from tipdata.core.world import includes, newest_released

from tipbench.task import Task


@cache
def tasks() -> dict[str, Task]:
    """Return every task that the newest released data have, by name: those that lists, pages, boards and seasons show.
    Raises ValueError where two modules define a task of the same name."""
    return {name: task for name, task in every_task().items() if includes(newest_released(), task.since)}


@cache
def every_task() -> dict[str, Task]:
    """Return the tasks of :func:`tasks`, and those that only a draft of the data has."""
    found: dict[str, Task] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        task: Task = import_module(f"{__name__}.{module}").TASK
        if task.name in found:
            raise ValueError(f"two modules define a task named {task.name}")
        found[task.name] = task
    return found


def task_of(task: str | Task) -> Task:
    """Return the task of a name. Raises UsageError, naming the nearest, for a task that does not exist."""
    if isinstance(task, Task):
        return task
    known = every_task() | tasks()
    check_word(task, known if task in known else tasks(), f"task={task} does not exist")
    return known[task]


@cache
def released_splits() -> frozenset[str]:
    """Return the splits that the tasks of :func:`tasks` have, on a release or on a user's own data."""
    return frozenset(split for task in tasks().values() for split in (*task.splits, *task.own_splits))


def score_version(task: str | Task) -> int:
    """Return what a task's scores mean today. Raises UsageError for a task that does not exist."""
    return task_of(task).version


ScoreVersion = Annotated[int, Field(strict=True, ge=0)]
"""A record's version of a score."""
