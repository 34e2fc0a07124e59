"""Find the tasks, one file each in this folder: a new task is one new module here that defines ``TASK``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Annotated

from pydantic import Field
from tipcore.spelling import check_word

from tipbench.task import Task


@cache
def tasks() -> dict[str, Task]:
    """Return every task by name. Raises ValueError where two modules define a task of the same name."""
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
    check_word(task, tasks(), f"task={task} does not exist")
    return tasks()[task]


@cache
def task_splits() -> frozenset[str]:
    """Return the splits that any task has, on a release or on a user's own data."""
    return frozenset(split for task in tasks().values() for split in (*task.splits, *task.own_splits))


def score_version(task: str | Task) -> int:
    """Return what a task's scores mean today. Raises UsageError for a task that does not exist."""
    return task_of(task).version


ScoreVersion = Annotated[int, Field(strict=True, ge=0)]
"""A record's version of a score."""
