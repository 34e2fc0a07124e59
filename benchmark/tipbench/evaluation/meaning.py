"""What a score means: an integer per task, raised with a reason where the same predictions score otherwise.

Scores of different meanings are never put in one table. ``tests/scores/scores.lock.yaml`` holds the integers and
what the code of each task's scores was like when they were last confirmed (``tests/scores/lock.py``).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tipbench.task import Task
from tipbench.tasks import task_of


def score_version(task: str | Task) -> int:
    """Return what a task's scores mean today. Raises UsageError for a task that does not exist."""
    return task_of(task).version


ScoreVersion = Annotated[int, Field(strict=True, ge=0)]
"""A record's version of a score."""
