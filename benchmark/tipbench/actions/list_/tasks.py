"""What ``tipbench list tasks`` says of each task, as its file in :mod:`tipbench.tasks` has it."""

from typing import Any

from tipbench.tasks import task_of


def complete(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with each task's title, unit, kind, default split and question."""
    return [{**line, **_about(line["name"])} for line in lines]


def _about(name: str) -> dict[str, Any]:
    task = task_of(name)
    return {
        "title": task.title,
        "unit": task.unit,
        "kind": task.kind.name,
        "default split": task.splits[0],
        "summary": task.question,
    }
