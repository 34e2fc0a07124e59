"""Where the answers come from that a submission is scored against: a public release, or what stands in for one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.task import Source, Task
from tipcore.errors import UsageError
from tipdata.release import open_release

from tipboard.submissions.record import SubmissionRecord

LAPTOP = ("tiny", "small", "forms")
"""Sizes that are made where they are missing without being asked for."""


def accept_all(task: Task, predictions: pl.DataFrame) -> None:
    """No further demand on predictions."""


@dataclass(frozen=True)
class SubmissionTruth:
    """Answers of one release or round: ``prepared`` gives those of a task's split, as ``prepare`` does.

    ``units``: how many units a task may ask about at the most, on any split: more rows than go with them are not read.
    ``check``: what predictions must fulfil beside their format; raises UsageError. ``scored``: whether they are scored
    now; of a sealed round they are only checked.
    """

    name: str
    prepared: Callable[[Task, str], Prepared]
    units: Callable[[Task], int]
    check: Callable[[Task, pl.DataFrame], None] = accept_all
    scored: bool = True


TruthOf = Callable[[SubmissionRecord], SubmissionTruth]
"""A record whose form and versions are right -> its truth. Raises UsageError for data that it does not have."""


def release_truth(sizes: Collection[str] = LAPTOP, quiet: bool = False) -> TruthOf:
    """Return SubmissionTruth of public releases, made where missing.

    ``sizes``: those that may be opened: a submission does not decide what a machine generates.
    """

    def of(record: SubmissionRecord) -> SubmissionTruth:
        if record.size is None:
            raise UsageError(
                f"data: {record.data} is a sealed round: give its published folder with --round."
            )
        if record.size not in sizes:
            raise UsageError(
                f"data: {record.data} is of size {record.size} and this check opens {', '.join(sizes)}; "
                f"allow it with --sizes {record.size}."
            )
        source = open_release(record.versions.data, record.size, quiet=quiet)
        return SubmissionTruth(
            source.name,
            lambda task, split: prepare(task, release=source, split=split),
            lambda task: _count(task, source),
        )

    return of


def _count(task: Task, source: Source) -> int:
    """Return how many units of a task a release has: of a forecast every row of its stream may be asked about."""
    units = task.units(source) if task.forecast is None else source.scan(task.stream)
    return units.select(pl.len()).collect().item()
