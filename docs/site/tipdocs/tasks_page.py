"""Make the overview of the tasks from what each task declares."""

from __future__ import annotations

from tipbench.metrics.registry import metric_of
from tipbench.tasks import tasks

OPENING = """# Tasks

Each task is a view of one simulated world. A page says what is asked, what a method is shown, what it is scored by, and
whom its errors harm; it begins with a picture and a first result on `tiny`, which takes seconds.

| task | question | shown by default | primary metric |
|---|---|---|---|
"""


def tasks_overview() -> str:
    """Return the page as Markdown."""
    rows = [
        f"| [{name}]({name}.md) | {task.question} | {task.tier} | {metric_of(task.primary).title} |"
        for name, task in tasks().items()
    ]
    return OPENING + "\n".join(rows) + "\n"
