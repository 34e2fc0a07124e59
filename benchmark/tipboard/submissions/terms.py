"""Compare what a record declares with what exists: tasks, splits, labels, versions and files; no file is opened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tipbench.kinds.kind import ROOM
from tipbench.task import Task
from tipbench.tasks import score_version, task_of, tasks

from tipboard.submissions.files import Limits, amount
from tipboard.submissions.folder import SubmissionFolder
from tipboard.submissions.messages import Problem, quote
from tipboard.submissions.record import RECORD, RESERVED_TEAMS, SubmissionRecord, SubmittedFile

WORLD = re.compile(r"w[1-9][0-9]{0,2}")
"""What stands in the place of the split where worlds of a season are predicted."""


@dataclass(frozen=True)
class Form:
    """The form of a task's predictions.

    ``columns``: that a file may have; ``score_*`` stands for one per label. ``rows``: the most that are read.
    """

    columns: tuple[str, ...]
    rows: int


def form_of(task: Task, units: int) -> Form:
    """Return the form of a task's predictions. ``units``: the most that there are to predict."""
    return Form(task.kind.columns(task.unit), ROOM * task.kind.rows_per_unit * units)


def disagreements(
    record: SubmissionRecord, found: SubmissionFolder, limits: Limits, versions: Sequence[str]
) -> list[Problem]:
    """Return one problem for everything that contradicts the record.

    ``versions``: the known versions of the data, the newest last.
    """
    return [
        *_undeclared_problems(record, versions),
        *_entries(record),
        *_file_problems(record, found, limits),
    ]


def _undeclared_problems(record: SubmissionRecord, versions: Sequence[str]) -> Iterator[Problem]:
    if record.team in RESERVED_TEAMS[: 1 if record.season else None]:  # a season takes its host's own methods
        said = f"{record.team} is kept for methods that whoever keeps the board ran; give the name of yours."
        yield Problem(f"{RECORD}: team", said)
    yield from _meanings(record)
    data, where = record.versions.data, f"{RECORD}: versions.data"
    if data not in versions:
        said = f"there is no version {quote(data)} of the data; there are {', '.join(versions)}."
        yield Problem(where, said)
    elif record.size is not None and record.data.partition("/")[0] != data:
        yield Problem(where, f"it is {data} and data is {record.data}; pack it again.")
    yield from _override_problems(record)


def _override_problems(record: SubmissionRecord) -> Iterator[Problem]:
    """Yield one problem per task of overrides that is not one of the predictions or, of a package, not known."""
    where, names = f"{RECORD}: pinned.overrides", record.pinned.overrides if record.pinned else ()
    if not record.predictions and not names:
        yield Problem(where, "it names no task; give the overrides of each task that is run.")
    predicted = {entry.task for entry in record.predictions}
    for name in names:
        if predicted and name not in predicted:
            yield Problem(where, f"{name} is not a task of the predictions; remove it.")
        elif name not in tasks():
            yield Problem(where, f"there is no task {name}; there are {', '.join(tasks())}.")


def _meanings(record: SubmissionRecord) -> Iterator[Problem]:
    """Yield one problem per task whose scores have another version here."""
    where = f"{RECORD}: versions"
    for name in sorted(set(record.tasks) & set(tasks())):
        meant, here = record.versions.tasks.get(name), score_version(name)
        if meant is None:
            yield Problem(where, f"tasks does not list {name}; pack it again.")
        elif meant != here:
            said = (
                f"the scores of {name} are of version {meant} and here of {here}; pack it with this tipbench."
            )
            yield Problem(where, said)


def _entries(record: SubmissionRecord) -> Iterator[Problem]:
    """Yield at most one problem per entry."""
    for place, entry in enumerate(record.predictions):
        if (wrong := _entry_problem(entry, record.season is not None)) is not None:
            yield Problem(f"{RECORD}: predictions[{place}]", f"{wrong}.")
    for file, count in sorted(Counter(entry.file for entry in record.predictions).items()):
        if count > 1:
            yield Problem(f"{RECORD}: predictions", f"{file} is listed more than once; list it once.")


def _entry_problem(entry: SubmittedFile, of_season: bool) -> str | None:
    if entry.task not in tasks():
        return f"there is no task {entry.task}; there are {', '.join(tasks())}"
    task = task_of(entry.task)
    split = entry.split
    if of_season:
        if WORLD.fullmatch(split) is None or entry.seed:
            return f"its file is {entry.file}; of a season give {task.name}/w1/s0.parquet, w2/s0.parquet and so on"
        if task.stream:
            return f"{task.name} hands its data over in steps; in a season it takes packages only"
        split = task.splits[0]
    elif split not in task.splits:
        return f"{task.name} has no split {split}; it has {', '.join(task.splits)}"
    if entry.labels not in (allowed := task.labels_on(split)):
        return f"{task.name} has no labels {entry.labels} on split {split}; it has {', '.join(allowed)}"
    return None


def _file_problems(record: SubmissionRecord, found: SubmissionFolder, limits: Limits) -> Iterator[Problem]:
    """Yield at most one problem per file."""
    listed = {entry.file for entry in record.predictions}
    spoken_of = {problem.where for problem in found.problems}
    for file in sorted(listed - set(found.files) - spoken_of):
        yield Problem(file, f"it is listed in {RECORD} and not there.")
    for file, size in sorted(found.files.items()):
        if file not in listed:
            yield Problem(file, f"it is not listed in {RECORD}; remove it or pack it.")
        elif size > limits.file_bytes:
            yield Problem(file, f"it has {amount(size)} and at most {amount(limits.file_bytes)} are taken.")
    if (total := sum(found.files.values())) > (most := limits.total_bytes):
        yield Problem("it", f"its files have {amount(total)} and at most {amount(most)} are taken.")
