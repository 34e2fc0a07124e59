"""Run the cells of one fold, one after the other: fit, predict, check, score, record."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from polars.exceptions import PanicException
from tipcore.errors import MachineFault, NotMapped, UsageError
from tipcore.extras import extra_with, how_to_install

from tipbench.evaluation.evaluation import check_predictions, evaluate
from tipbench.fence.method import MethodError
from tipbench.fence.session import Limits
from tipbench.method import check_shape, is_oracle, unread
from tipbench.runs.cell import is_described
from tipbench.runs.cost import Meter
from tipbench.runs.decisions import Job, Outcome
from tipbench.runs.digests import method_sources
from tipbench.runs.loaded import refuse_changed
from tipbench.runs.log import LOGGER, logging_to
from tipbench.runs.making import Methods
from tipbench.runs.predicting import predictions_of
from tipbench.runs.recording import Unwritable, cost_of, record
from tipbench.runs.results import Result, read_predictions
from tipbench.runs.shared_fold import SharedFold
from tipbench.runs.validation import asked_of, kept_of, validate
from tipbench.tasks import task_of


@dataclass(frozen=True)
class Batch:
    """Jobs of one fold, for one process. ``folder``: the one that relative paths are below. ``fence``: limits of the
    fence that methods are put behind, None for none."""

    jobs: tuple[Job, ...]
    import_path: tuple[str, ...]
    folder: str
    fence: Limits | None = None


def run_batch(batch: Batch, raising: bool = False, log_file: str | None = None) -> list[Outcome]:
    """Run the jobs of one fold, one after the other. ``raising``: a method's own error is not caught."""
    os.chdir(batch.folder)  # a worker that is used again stands where an earlier call did
    sys.path.extend(path for path in batch.import_path if path not in sys.path)
    shared = SharedFold(batch.jobs[0].cell)
    with logging_to(log_file):
        return [
            outcome
            for _, jobs in groupby(batch.jobs, lambda job: job.cell.config["baseline"])
            for outcome in _of_one_method(list(jobs), shared, batch.fence, raising)
        ]


def _of_one_method(
    jobs: list[Job], shared: SharedFold, fence: Limits | None, raising: bool
) -> Iterator[Outcome]:
    """Run jobs that differ in their seed, behind the same fences while nothing fails and no fold comes step by step."""
    streamed = bool(task_of(jobs[0].cell.task).stream)
    with closing(Methods(jobs[0].cell, shared, fence)) as methods:
        for job in jobs:
            outcome = _logged(job, shared, methods, raising)
            if streamed or outcome.result is None:
                methods.close()
            yield outcome


def _logged(job: Job, shared: SharedFold, methods: Methods, raising: bool) -> Outcome:
    LOGGER.info("begins: %s%s", job.cell.name, "" if job.kept is None else " (scores alone)")
    started = time.perf_counter()
    outcome = run_one(job, shared, methods, raising)
    seconds = time.perf_counter() - started
    if outcome.result is None:
        LOGGER.error(
            "failed after %.1f s: %s: %s",
            seconds,
            job.cell.name,
            (outcome.trace or str(outcome.cause)).strip(),
        )
    else:
        LOGGER.info("ended after %.1f s: %s, in %s", seconds, job.cell.name, job.cell.folder)
    return outcome


def run_one(job: Job, shared: SharedFold, methods: Methods, raising: bool = False) -> Outcome:
    """Run a job with a method that these make. ``raising``: a method's own error is raised."""
    try:
        return Outcome(job.cell, _run_cell(job, shared, methods))
    except Unwritable:
        raise
    except (UsageError, MachineFault) as error:
        return Outcome(job.cell, cause=str(error), usage=True, unmapped=isinstance(error, NotMapped))
    except MethodError as error:
        if raising:
            raise
        return Outcome(job.cell, cause=str(error), trace=error.trace)
    except (Exception, SystemExit, PanicException) as error:
        if isinstance(error, ModuleNotFoundError) and (extra := extra_with(error.name)):
            needs = (
                f"{job.cell.baseline} needs {error.name}, which is not installed: {how_to_install(extra)}."
            )
            return Outcome(job.cell, cause=needs, usage=True)
        if raising:
            raise
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        said = " ".join(str(error).split()) or "no message"
        return Outcome(job.cell, cause=f"{type(error).__name__}: {said}{where}", trace=traceback.format_exc())


def _run_cell(job: Job, shared: SharedFold, methods: Methods) -> Result:
    cell, task = job.cell, task_of(job.cell.task)
    method = methods.make()
    if methods.fence is None:
        refuse_changed(method_sources(cell.config["baseline"]["method"]))
    check_shape(task, method, cell.target)
    prepared = shared.prepared(frozenset(method.needs), is_oracle(method))
    meter, notes = Meter(), [*prepared.notes, *unread(cell.baseline, method, prepared.many)]
    if not is_described(cell.config, job.versions.data):
        notes.append(
            f"these are not the files that data={cell.data} describes: its summary and source are left out."
        )
    if job.kept is None:
        predictions = predictions_of(method, methods.make, prepared, cell, meter, notes)
    else:
        predictions, notes = read_predictions(cell.folder, job.kept), job.kept.notes
    answers = prepared.answers_to(predictions)
    with meter.part("score"):
        checked = check_predictions(answers, predictions)
        evaluation = evaluate(task, answers, checked, replicates=cell.config["replicates"], checked=True)
    meter.add(*methods.cost())
    cost = cost_of(job, meter)  # before the valid part is predicted, which is not part of what a method costs
    ask = asked_of(method, cell) if job.kept is None else kept_of(cell, job.kept)
    validated = validate(prepared, cell, checked, ask)
    return record(
        job, prepared, evaluation, checked, is_oracle(method), cost, notes, validated, methods.fence
    )
