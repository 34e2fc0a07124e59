"""The columns of a host's board: what is shown of a score, and under which key the scoring program writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tipbench.metrics.registry import metric_of
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

COUNT = "tasks"
"""Key of the first column, by which the host orders rows: it is never missing, where every score may be."""

LONGEST = 36
"""Characters that the host keeps of a column's key and title."""

LARGEST = 1e10
"""Below which the host stores a score."""


@dataclass(frozen=True)
class HostColumn:
    """One metric of one task; ``metric`` of the count is ''."""

    key: str
    title: str
    task: str
    metric: str

    @property
    def sorting(self) -> str:
        """Which way is better."""
        return "asc" if self.metric and metric_of(self.metric).lower_is_better else "desc"


def columns(names: Sequence[str]) -> list[HostColumn]:
    """Return the count, then of each task in turn its primary metric and what stands beside it.

    Raises ValueError where a key is too long.
    """
    found = [HostColumn(COUNT, "tasks scored", "", "")]
    for name in names:
        found += [_column(task_of(name), metric) for metric in shown(task_of(name))]
    return found


def shown(task: Task) -> list[str]:
    """Return the metrics of a task that have a column."""
    beside = [metric for metric in task.metrics if metric_of(metric).beside and metric != task.primary]
    return [task.primary, *beside]


def _column(task: Task, metric: str) -> HostColumn:
    key = task.name if metric == task.primary else f"{task.name}_{metric}"
    if len(key) > LONGEST and (short := metric_of(metric).short):
        key = f"{task.name}_{short}"
    title = f"{task.name} {metric}"
    if len(key) > LONGEST:
        raise ValueError(f"a host keeps {LONGEST} characters of a column's key: {key} has {len(key)}")
    return HostColumn(key, title if len(title) <= LONGEST else key, task.name, metric)


def row(names: Sequence[str], scored: Mapping[str, Mapping[str, float | None]]) -> dict[str, float]:
    """Return ``scores.json``: key -> value. A value that is not there has no key: the host takes no null.

    Args:
        names: the round's tasks.
        scored: task -> metric -> value, of the tasks handed in.

    Raises:
        UsageError: for a value that the host cannot store.
    """
    values: dict[str, float] = {COUNT: len(scored)}
    for column in columns(names)[1:]:
        value = scored.get(column.task, {}).get(column.metric)
        if value is None:
            continue
        if not abs(value) < LARGEST:
            raise UsageError(
                f"{column.task}: its {column.metric} is {LARGEST:.0e} or more, which the host cannot store: predict in "
                "the units of the task."
            )
        values[column.key] = value
    return values
