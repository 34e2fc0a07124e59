"""What a score means: an integer per task, raised with a reason where the same predictions score otherwise.

Scores of different meanings are never put in one table. ``tests/scores/scores.lock.yaml`` holds the integers and
what the code of each task's scores was like when they were last confirmed (``tests/scores/lock.py``).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from tipbench.task import Task
from tipbench.tasks import task_of

FIRST = "0.3.0"
"""How records wrote version 1 while all tasks had one version."""


def score_version(task: str | Task) -> int:
    """Return what a task's scores mean today. Raises UsageError for a task that does not exist."""
    return task_of(task).version


def _read(version: object) -> object:
    """Read what an older record wrote: version 1 as "0.3.0", and what came before it as 0."""
    if isinstance(version, str) and re.fullmatch(r"\d+\.\d+\.\d+", version):
        return int(version == FIRST)
    return version


ScoreVersion = Annotated[int, Field(strict=True, ge=0), BeforeValidator(_read)]
"""A record's version of a score. Older records have it as text."""
