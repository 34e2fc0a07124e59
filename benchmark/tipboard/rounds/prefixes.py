"""Streamed tasks of a round: every unit is published up to the same step, and what is shorter not at all.

A prefix whose length varies from unit to unit would speak: a conversation is the likelier to have reached its onset the
longer its prefix is, whatever the lengths are drawn from, so that the length alone would rank units. Lengths that are
drawn after looking at the onset, so that they say nothing, would make what is published depend on what is hidden. One
length for all does neither: whether a unit is published depends on how many rows it has, which is observed, and of a
published unit nobody learns more than that it has so many. The price is that units with fewer rows are lost, rows
and all, and that nothing later than the length is tested.

A conversation is positive where its onset is in the prefix, and has no label where it follows within
:data:`AMBIGUOUS` steps: a method that sees it coming is neither right nor wrong. A circuit is asked one question: the
town that follows its last published stop.

What could give the rest away elsewhere: ``circuits`` and ``conversations`` show nothing of the end (``last_day``,
``onset`` and ``length`` are hidden); no task shows ``trips``, so that no round publishes it; the wallet of a stop
leads to no payment, since its label is of a kind of its own wherever a next stop is asked for
(:func:`tipboard.rounds.regions.alike`). What remains is the world
itself: adverts with their towns and days are published whole, and who can tell which adverts are of a circuit's
operation learns where it went later, as an analyst would.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from tipbench.data.fold import ORDER
from tipbench.task import Task
from tipbench.tasks import task_of

AMBIGUOUS = 5
"""Steps after the prefix within which an onset leaves a conversation without a label."""


def lengths_of(names: Sequence[str]) -> dict[str, int]:
    """Return the lengths for those of these tasks that are streamed; two in three conversations and four in five
    circuits have as many rows.

    Raises ValueError for a streamed task whose file declares no ``sealed_length``.
    """
    streamed = [task for name in names if (task := task_of(name)).stream]
    if lacking := [task.name for task in streamed if not task.sealed_length]:
        raise ValueError(
            f"{', '.join(lacking)}: declare sealed_length in the task's file; docs/seal.md says how"
        )
    return {task.name: task.sealed_length for task in streamed}


def long_enough(task: Task, stream: pl.DataFrame, length: int) -> pl.Series:
    """Return keys of the units that have a prefix of this length and, where its next row is forecast, that row too."""
    needed = length + (task.forecast is not None)
    counted = stream.group_by(task.unit).len().filter(pl.col("len") >= needed)
    return counted[task.unit].sort()


def cut(task: Task, tables: dict[str, pl.DataFrame], length: int) -> dict[str, pl.DataFrame]:
    """Return the region's tables with the task's units and stream as they are published, all others as they are."""
    stream = tables[task.stream]
    kept = long_enough(task, stream, length).implode()
    step = pl.int_range(1, pl.len() + 1).over(task.unit, order_by=ORDER)
    return {
        **tables,
        task.table: tables[task.table].filter(pl.col(task.unit).is_in(kept)),
        task.stream: stream.filter(pl.col(task.unit).is_in(kept) & (step <= length)),
    }
