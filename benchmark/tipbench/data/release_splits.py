"""Which splits a task can have on a release, and its units as one of them divides them."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.splits import SPLITS, CannotSplitError, Split, partition
from tipbench.data.training_size import YARDSTICK, TrainingSize, cut_to
from tipbench.task import Source, Task


def allowed_splits(task: Task, source: Source, units: pl.DataFrame) -> Iterator[str]:
    """Yield splits that the task has and that these units can be divided by, the default first."""
    for name in task.splits:
        try:
            partition(SPLITS[name], units, task.unit, source)
        except CannotSplitError:
            continue
        yield name


def some_splits(task: Task, source: Source, units: pl.DataFrame) -> Iterator[str]:
    """Yield what :func:`allowed_splits` does. Raises UsageError where that is nothing."""
    found = None
    for found in allowed_splits(task, source, units):
        yield found
    if found is None:
        raise UsageError(f"{task.name} can have no split on {source.name}: use a larger release.")


def split_of(task: Task, source: Source, units: pl.DataFrame, split: str) -> Split:
    """Return the policy of a name; for ``auto`` the first that the task and the data allow."""
    if split == "auto":
        return SPLITS[next(some_splits(task, source, units))]
    if split not in task.splits:
        raise UsageError(
            f"{task.name} has no split={split} on a release: choose one of {', '.join(task.splits)}."
        )
    return SPLITS[split]


def divided(task: Task, source: Source, units: pl.DataFrame, policy: Split) -> tuple[pl.DataFrame, list[str]]:
    """Return units of the split after selection, their train part no larger than the yardstick's; and notes."""
    try:
        selected = task.select(partition(policy, units, task.unit, source), source)
    except CannotSplitError as reason:
        can = ", ".join(allowed_splits(task, source, units)) or "a larger release"
        raise UsageError(
            f"{source.name} cannot have split={policy.name} of {task.name}, since {reason}: "
            f"choose one of {can}."
        ) from None
    notes = list(selected.notes)
    if policy.name == YARDSTICK or YARDSTICK not in task.splits:
        return selected.rows, notes
    try:
        forward = task.select(partition(SPLITS[YARDSTICK], units, task.unit, source), source)
    except CannotSplitError:
        return selected.rows, [
            *notes,
            f"training sizes are not made equal, since {source.name} has no {YARDSTICK}.",
        ]
    rows, note = cut_to(TrainingSize.of(forward.rows), policy, selected.rows, task.unit)
    return rows, notes + ([note] if note else [])
