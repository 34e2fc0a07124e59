"""Is a submission acceptable, and what does it score? The one function that authors and maintainers use."""

from __future__ import annotations

import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, check_predictions
from tipbench.loading import prepare
from tipbench.metrics.scores import Score
from tipbench.runs.cost import Meter
from tipbench.runs.results import (
    SCHEMA_VERSION,
    Cost,
    PredictionsFile,
    Result,
    Versions,
    digest_of,
)
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
from tipboard.submissions.guard import Guarded, read_guarded
from tipboard.submissions.messages import SCORING_FAILS, Problem, Refused, not_finite, of_predictions, quote
from tipboard.submissions.record import RECORD, Malformed, SubmissionRecord, SubmittedFile, record_of
from tipboard.submissions.terms import Form, disagreements, form_of

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
            raise UsageError(f"data: {record.data} is a sealed round: give its published folder with round=.")
        if record.size not in sizes:
            raise UsageError(
                f"data: {record.data} is of size {record.size} and this check opens {', '.join(sizes)}; "
                f"allow it with sizes={record.size}."
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


SEALED = "sealed: scored at close"
"""In the place of a score whose truth is not known yet."""


@dataclass(frozen=True)
class ScoredPredictions:
    """Scores and the wall seconds that they took."""

    evaluation: Evaluation
    seconds: float | None = None


def scored_predictions(
    truth: SubmissionTruth, task: Task, prepared: Prepared, predictions: pl.DataFrame, replicates: int
) -> ScoredPredictions:
    """Return scores, without a library's remarks about numbers that are too large for it; of a sealed round the keys
    only are checked."""
    if not truth.scored:
        check_predictions(prepared.answers_to(predictions), predictions)
        return ScoredPredictions(Evaluation({task.primary: Score(value=None, note=SEALED)}))
    meter = Meter()
    with meter.part("score"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = evaluate_prepared(task, prepared, predictions, replicates, open_entry=True)
    return ScoredPredictions(found, meter.wall("score"))


UNDECLARED = "undeclared"
"""The version of a method that no package is pinned for."""

Each = Callable[[Result, Evaluation], None]
"""Called for every file that is scored. Whether the submission is accepted is known only when ``check`` returns:
another file may still be refused."""


@dataclass(frozen=True)
class ScoredFile:
    """One file of predictions that was accepted. ``predictions``: its clean file, where a ``workdir`` was given."""

    entry: SubmittedFile
    result: Result
    predictions: Path | None


@dataclass(frozen=True)
class Checked:
    """An accepted submission: what was declared, and the score of every file in the order of the record.

    ``peak_mib``: peak memory of the process that read the files, None where the system does not say.
    """

    record: SubmissionRecord
    scored: list[ScoredFile]
    peak_mib: float | None


@dataclass(frozen=True)
class _Outcome:
    """Results of one fold's files, and a sentence for each that has none; by file."""

    results: dict[str, Result]
    problems: dict[str, str]


def check(
    folder: Path,
    *,
    truth: TruthOf | None = None,
    limits: Limits | None = None,
    replicates: int = 1000,
    workdir: Path | None = None,
    each: Each | None = None,
    quiet: bool = False,
) -> Checked:
    """Check a submission and score every file of it.

    Args:
        folder: that holds ``submission.json``.
        truth: where answers come from; public releases of the sizes tiny and small by default.
        limits: those of the release's size by default.
        replicates: of the cluster bootstrap.
        workdir: an empty folder that the caller owns and in which clean copies of the predictions stay.
        each: see :data:`Each`.
        quiet: no progress and no notices.

    Raises:
        UsageError: where there is no such folder.
        Refused: with one sentence for everything that is wrong at the first step at which something is.
    """
    if not CONFINES and not quiet:
        sys.stderr.write(
            "this system cannot limit the memory that reading takes: check only your own files\n"
        )
    with open_folder_of(folder) as descriptor, _clean_files(workdir) as clean:
        record = _record(folder, descriptor, limits)
        limits = limits or limits_of(record.size)
        answers = _truth(folder, record, truth or release_truth(quiet=quiet))
        guarded = _read(folder, descriptor, record, answers, limits, clean)
        outcomes = run_all(
            partial(_score_fold, record, answers, guarded, replicates, each),
            _by_fold(record),
            engine="sequential",
            label="folds",
            quiet=quiet,
        )
        problems = {file: said for one in outcomes for file, said in one.problems.items()}
        _refuse(folder, record, problems, guarded.peak_mib)
        results = {file: result for one in outcomes for file, result in one.results.items()}
        kept = guarded.clean if workdir is not None else {}
        scored = [ScoredFile(one, results[one.file], kept.get(one.file)) for one in record.predictions]
        return Checked(record, scored, guarded.peak_mib)


@contextmanager
def _clean_files(workdir: Path | None) -> Iterator[Path]:
    """A folder for clean files, that of the caller or one that is gone in the end."""
    if workdir is not None:
        yield workdir
        return
    made = Path(tempfile.mkdtemp(prefix="tipbench-check-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _record(folder: Path, descriptor: Folder, limits: Limits | None) -> SubmissionRecord:
    """Return the record, with everything beside it as it says. Raises Refused."""
    found = look(descriptor)
    if not found.has_record or any(one.where == RECORD for one in found.problems):
        raise Refused(folder, found.problems)
    try:
        record = record_of(read_regular(descriptor, RECORD, RECORD_BYTES))
    except Unreadable as reason:
        raise Refused(folder, [Problem(RECORD, f"{reason}."), *found.problems]) from None
    except Malformed as error:
        raise Refused(folder, [*error.problems, *found.problems]) from None
    problems = [
        *found.problems,
        *disagreements(record, found, limits or limits_of(record.size), list(versions())),
    ]
    if problems:
        raise Refused(folder, problems)
    return record


def _read(
    folder: Path,
    descriptor: Folder,
    record: SubmissionRecord,
    truth: SubmissionTruth,
    limits: Limits,
    workdir: Path,
) -> Guarded:
    guarded = read_guarded(descriptor, record.predictions, _forms(folder, record, truth), limits, workdir)
    _refuse(folder, record, guarded.problems, guarded.peak_mib)
    return guarded


def _forms(folder: Path, record: SubmissionRecord, truth: SubmissionTruth) -> dict[str, Form]:
    """Return what a file may be, by task. Raises Refused for tasks that there is no truth of."""
    forms: dict[str, Form] = {}
    problems: dict[str, str] = {}
    for entry in record.predictions:
        try:
            forms[entry.task] = form_of(task_of(entry.task), truth.units(task_of(entry.task)))
        except UsageError as error:
            problems[entry.file] = of_predictions(entry.file, error).said
    _refuse(folder, record, problems, None)
    return forms


def _refuse(folder: Path, record: SubmissionRecord, problems: dict[str, str], peak_mib: float | None) -> None:
    """Raises Refused where there are problems, in the order of the record."""
    if problems:
        files = [entry.file for entry in record.predictions if entry.file in problems]
        raise Refused(folder, [Problem(file, problems[file]) for file in files], peak_mib)


def _truth(folder: Path, record: SubmissionRecord, truth: TruthOf) -> SubmissionTruth:
    try:
        return truth(record)
    except UsageError as error:
        raise Refused(folder, [Problem(RECORD, str(error))]) from None


def _by_fold(record: SubmissionRecord) -> list[list[SubmittedFile]]:
    """Return entries of one task and split together, so that its answers are made once."""
    folds: dict[tuple[str, str], list[SubmittedFile]] = {}
    for entry in record.predictions:
        folds.setdefault((entry.task, entry.split), []).append(entry)
    return list(folds.values())


def _score_fold(
    record: SubmissionRecord,
    truth: SubmissionTruth,
    guarded: Guarded,
    replicates: int,
    each: Each | None,
    entries: Sequence[SubmittedFile],
) -> _Outcome:
    task, outcome = task_of(entries[0].task), _Outcome({}, {})
    try:
        prepared = truth.prepared(task, entries[0].split)
    except UsageError as error:
        return _Outcome({}, {entry.file: of_predictions(entry.file, error).said for entry in entries})
    for entry in entries:
        content = guarded.clean[entry.file].read_bytes()
        predictions = read_parquet(content)
        try:
            truth.check(task, predictions)
            evaluation = scored_predictions(truth, task, prepared, predictions, replicates)
            result = _result(record, entry, task, prepared, evaluation, digest_of(content))
        except UsageError as error:
            outcome.problems[entry.file] = of_predictions(entry.file, error).said
        except SCORING_FAILS as error:
            outcome.problems[entry.file] = not_finite(error, quote(" ".join(str(error).split()), 100))
        else:
            outcome.results[entry.file] = result
            if each is not None:
                each(result, evaluation.evaluation)
    return outcome


def _result(
    record: SubmissionRecord,
    entry: SubmittedFile,
    task: Task,
    prepared: Prepared,
    evaluation: ScoredPredictions,
    digest: str,
) -> Result:
    found = evaluation.evaluation
    declared = {} if entry.cost is None else entry.cost.model_dump()
    return Result(
        schema_version=SCHEMA_VERSION,
        task=task.name,
        method=f"{task.name}/{record.method}",
        data=record.data,
        split=entry.split,
        seed=entry.seed,
        labels=entry.labels,
        access=entry.access,
        verified=False,
        versions=Versions(
            data=record.versions.data,
            evaluator=score_version(task),
            method=record.pinned.package if record.pinned else UNDECLARED,
        ),
        config_hash="",
        config={},
        primary=task.primary,
        cost=Cost(**{**dict.fromkeys(Cost.model_fields), **declared, "score_s": evaluation.seconds}),
        environment={"hardware": record.hardware},
        predictions=PredictionsFile(file=entry.file, digest=digest),
        notes=prepared.notes,
        **found.record(),
    )
