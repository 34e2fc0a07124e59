"""Check and score a submission, by the one function that authors and maintainers use."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import polars as pl
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation
from tipbench.kinds.refusals import PredictionsRefused, check_predictions
from tipbench.loading import prepare
from tipbench.metrics.scores import Score
from tipbench.runs.cost import Meter
from tipbench.runs.results import SCHEMA_VERSION, Cost, PredictionsFile, Result, Versions, digest_of
from tipbench.runs.scoring import evaluate_prepared
from tipbench.task import Source, Task
from tipbench.tasks import score_version, task_of
from tipcore.engines import run_all
from tipcore.errors import UsageError
from tipcore.operating_system import CONFINES, Folder
from tipcore.table_files import read_parquet
from tipdata.core.world import versions
from tipdata.release import open_release

from tipboard.submissions.files import RECORD_BYTES, Limits, Unreadable, limits_of, read_regular
from tipboard.submissions.folder import look, open_folder_of
from tipboard.submissions.guard import read_guarded
from tipboard.submissions.messages import Problem, Refused, quote
from tipboard.submissions.record import RECORD, Malformed, SubmissionRecord, SubmittedFile, record_of
from tipboard.submissions.terms import Form, disagreements, form_of

T = TypeVar("T")


@dataclass(frozen=True)
class SubmissionTruth:
    """The answers of one release or season.

    Attributes:
        prepared: returns the answers of a task on a split, as :func:`tipbench.loading.prepare` does.
        units: returns the largest number of units of a task on any split; it limits the rows that are read.
        scored: False where predictions are only checked.
    """

    prepared: Callable[[Task, str], Prepared]
    units: Callable[[Task], int]
    scored: bool = True


TruthOf = Callable[[SubmissionRecord], SubmissionTruth]
"""Returns the truth for a well-formed record. Raises UsageError for data that it does not have."""


def release_truth(sizes: Collection[str] = ("tiny", "small", "forms"), quiet: bool = False) -> TruthOf:
    """Return the truth of public releases of these sizes, which are generated where missing.

    No other size is opened, so that no submission decides what a machine generates.
    """

    def of(record: SubmissionRecord) -> SubmissionTruth:
        if record.size is None:
            raise UsageError(
                f"data: {record.data} is a season and no release: check it with `tipbench submit FOLDER season=SEASON`."
            )
        if record.size not in sizes:
            raise UsageError(
                f"data: {record.data} is of size {record.size} and this check opens {', '.join(sizes)}; "
                f"allow it with sizes={record.size}."
            )
        source = open_release(record.versions.data, record.size, quiet=quiet)
        return SubmissionTruth(
            lambda task, split: prepare(task, release=source, split=split), lambda task: _count(task, source)
        )

    return of


def _count(task: Task, source: Source) -> int:
    """Return the number of units of a task in a release; a forecast may ask about every row of its stream."""
    units = task.units(source) if task.forecast is None else source.scan(task.stream)
    return units.select(pl.len()).collect().item()


SCORING_FAILS = (ArithmeticError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""Exceptions of scoring that are caused by extreme predictions."""
UNDECLARED = "undeclared"
"""The version of a method without a pinned package."""


@dataclass(frozen=True)
class ScoredFile:
    """One accepted file of predictions. ``predictions``: its clean copy, where a ``workdir`` was given."""

    entry: SubmittedFile
    result: Result
    evaluation: Evaluation
    predictions: Path | None


@dataclass(frozen=True)
class Checked:
    """An accepted submission: its record and its scored files, in the order of the record."""

    record: SubmissionRecord
    scored: list[ScoredFile]


def check(
    folder: Path,
    *,
    truth: TruthOf | None = None,
    limits: Limits | None = None,
    replicates: int = 1000,
    workdir: Path | None = None,
    quiet: bool = False,
) -> Checked:
    """Check a submission and score every file of it.

    Args:
        folder: that holds ``submission.json``.
        truth: where answers come from; public releases of the sizes tiny and small by default.
        limits: those of the release's size by default.
        replicates: of the cluster bootstrap.
        workdir: an empty folder that the caller owns and in which clean copies of the predictions stay.
        quiet: no progress and no notices.

    Raises:
        UsageError: where there is no such folder.
        Refused: with one sentence for everything that is wrong at the first step at which something is.
    """
    if not CONFINES and not quiet:
        sys.stderr.write(
            "this system cannot limit the memory that reading takes: check only your own files\n"
        )
    made = TemporaryDirectory(prefix="tipbench-check-", ignore_cleanup_errors=True)
    with open_folder_of(folder) as descriptor, made as place:
        record = _record(folder, descriptor, limits)
        try:
            answers = (truth or release_truth(quiet=quiet))(record)
        except UsageError as error:
            raise Refused(folder, [Problem(RECORD, str(error))]) from None
        entries, bounds = record.predictions, limits or limits_of(record.size)
        forms = _forms(folder, record, answers)
        read = read_guarded(descriptor, entries, forms, bounds, workdir or Path(place))
        clean = _without_problems(folder, record, read)
        folds: dict[tuple[str, str], list[SubmittedFile]] = {}  # so that the answers of a fold are made once
        for entry in entries:
            folds.setdefault((entry.task, entry.split), []).append(entry)
        work = partial(_score_fold, record, answers, clean, replicates)
        scored = run_all(work, list(folds.values()), engine="sequential", label="folds", quiet=quiet)
        results = _without_problems(
            folder, record, {file: one for fold in scored for file, one in fold.items()}
        )
        kept = clean if workdir is not None else {}
        return Checked(record, [ScoredFile(one, *results[one.file], kept.get(one.file)) for one in entries])


def _record(folder: Path, descriptor: Folder, limits: Limits | None) -> SubmissionRecord:
    """Return the record if the folder agrees with it. Raises Refused."""
    found = look(descriptor)
    if not found.has_record or any(one.where == RECORD for one in found.problems):
        raise Refused(folder, found.problems)
    try:
        record = record_of(read_regular(descriptor, RECORD, RECORD_BYTES))
    except Unreadable as reason:
        raise Refused(folder, [Problem(RECORD, f"{reason}."), *found.problems]) from None
    except Malformed as error:
        raise Refused(folder, [*error.problems, *found.problems]) from None
    declared = disagreements(record, found, limits or limits_of(record.size), list(versions()))
    if problems := [*found.problems, *declared]:
        raise Refused(folder, problems)
    return record


def _forms(folder: Path, record: SubmissionRecord, truth: SubmissionTruth) -> dict[str, Form]:
    """Return the form of files by task. Raises Refused for files of tasks without a truth."""
    forms: dict[str, Form] = {}
    problems: dict[str, str] = {}
    for entry in record.predictions:
        if entry.task not in forms:
            try:
                forms[entry.task] = form_of(task_of(entry.task), truth.units(task_of(entry.task)))
            except UsageError as error:
                problems[entry.file] = _problem_of(error)
    _without_problems(folder, record, problems)
    return forms


def _without_problems(folder: Path, record: SubmissionRecord, found: Mapping[str, T | str]) -> dict[str, T]:
    """Return what was found of each file. Raises Refused where any of it is a problem, a sentence (str).

    Problems are listed in the order of the record.
    """
    problems = {file: one for file, one in found.items() if isinstance(one, str)}
    if problems:
        files = [entry.file for entry in record.predictions if entry.file in problems]
        raise Refused(folder, [Problem(file, problems[file]) for file in files])
    return {file: one for file, one in found.items() if not isinstance(one, str)}


def _problem_of(error: UsageError) -> str:
    """Return a refusal of predictions as a problem of their file."""
    said = error.said if isinstance(error, PredictionsRefused) else str(error)
    return said.rstrip(".") + "."


def _score_fold(
    record: SubmissionRecord,
    truth: SubmissionTruth,
    clean: Mapping[str, Path],
    replicates: int,
    entries: Sequence[SubmittedFile],
) -> dict[str, tuple[Result, Evaluation] | str]:
    """Return by file the result and evaluation of each of a fold's files, or why it has none."""
    task = task_of(entries[0].task)
    try:
        prepared = truth.prepared(task, entries[0].split)
    except UsageError as error:
        return {entry.file: _problem_of(error) for entry in entries}
    found: dict[str, tuple[Result, Evaluation] | str] = {}
    for entry in entries:
        content = clean[entry.file].read_bytes()
        predictions = prepared.back(read_parquet(content))
        try:
            evaluation, seconds = _score(truth, prepared, predictions, replicates)
            result = _result(record, entry, prepared, evaluation, seconds, digest_of(content))
            found[entry.file] = result, evaluation
        except UsageError as error:
            found[entry.file] = _problem_of(error)
        except SCORING_FAILS as error:
            said = quote(" ".join(str(error).split()), 100)
            named = type(error).__name__ + (f": {said}" if said else "")
            found[entry.file] = f"its values give no finite scores ({named})."
    return found


def _score(
    truth: SubmissionTruth, prepared: Prepared, predictions: pl.DataFrame, replicates: int
) -> tuple[Evaluation, float | None]:
    """Return scores and the wall seconds of scoring; where the truth is hidden, only check predictions."""
    task = prepared.task
    if not truth.scored:
        check_predictions(prepared.answers_to(predictions), predictions)
        return Evaluation({task.primary: Score(value=None, note="hidden: scored at the close")}), None
    meter = Meter()
    with meter.part("score"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = evaluate_prepared(task, prepared, predictions, replicates, open_entry=True)
    return found, meter.wall("score")


def _result(
    record: SubmissionRecord,
    entry: SubmittedFile,
    prepared: Prepared,
    evaluation: Evaluation,
    seconds: float | None,
    digest: str,
) -> Result:
    task, package = prepared.task, record.package or UNDECLARED
    cost = dict.fromkeys(Cost.model_fields) | (entry.cost.model_dump() if entry.cost else {})
    return Result(
        schema_version=SCHEMA_VERSION,
        method=f"{task.name}/{record.method}",
        data=record.data,
        verified=False,
        versions=Versions(data=record.versions.data, evaluator=score_version(task), method=package),
        config_hash="",
        config={},
        primary=task.primary,
        entry_class=record.entry_class,
        cost=Cost(**{**cost, "score_s": seconds}),
        environment={"hardware": record.hardware},
        predictions=PredictionsFile(file=entry.file, digest=digest),
        notes=prepared.notes,
        **entry.model_dump(include={"task", "split", "seed", "labels", "access"}),
        **evaluation.record(),
    )
