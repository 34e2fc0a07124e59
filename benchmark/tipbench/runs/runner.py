"""Run cells: what is finished is kept, and the others are fitted, predicted, scored and recorded.

Cells that share a fold travel together, so that it is prepared once for all of them; a cell that fails says why
and the others go on.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PanicException
from tipcore.atomic import check_writable, restore
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import MachineFault, NotMapped, UsageError
from tipcore.extras import extra_with, how_to_install

from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.fence.method import MethodError
from tipbench.fence.session import Limits
from tipbench.kinds.refusals import check_predictions
from tipbench.method import check_shape, check_worlds, class_of, is_oracle, warn_unread
from tipbench.metrics.scores import Score
from tipbench.runs import results
from tipbench.runs.cells import Cell, is_described, without_prose
from tipbench.runs.cost import UNKNOWN_PEAK, Meter, environment
from tipbench.runs.digests import digests_of, method_sources, refuse_changed, versions_of
from tipbench.runs.folds import SharedFold, fit_and_predict, predict_fold
from tipbench.runs.log import LOGGER, logging_to
from tipbench.runs.methods import Methods
from tipbench.runs.results import Cost, Digests, Fence, PredictionsFile, Result, Versions
from tipbench.runs.scoring import validate
from tipbench.tasks import task_of


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its result, or the cause of its failure in one line.

    ``usage``: the failure is a user's mistake; ``unmapped``: own data do not map what the method needs; ``trace``: the
    traceback of any other. ``error``: the name of the error's class; ``limit``: of the fence's limit that was passed.
    """

    cell: Cell
    result: Result | None = None
    cause: str | None = None
    usage: bool = False
    unmapped: bool = False
    trace: str | None = None
    reused: bool = False
    error: str | None = None
    limit: str | None = None


@dataclass(frozen=True)
class Job:
    """A cell to run; with ``kept``, predictions that only have to be scored again.

    ``valid``: whether the valid part is scored too. A season leaves it out: it ranks by the test alone.
    """

    cell: Cell
    versions: Versions
    digests: Digests
    kept: Result | None = None
    valid: bool = True


def decide(cell: Cell, overwrite: str = "only_missing", fenced: bool = False) -> Outcome | Job:
    """Return what is there already as an outcome, or what is to be done.

    ``fenced``: whether a result counts only where the method was behind a fence (or is an oracle, which never is).
    """
    try:
        versions = versions_of(cell)
        job = Job(cell, versions, digests_of(cell, versions.data))
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True)
    restore(cell.folder)
    if overwrite == "always" or not cell.folder.exists():
        return job
    try:
        result = results.read_result(cell.folder)
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True) if overwrite == "never" else job
    if overwrite == "never":
        return Outcome(cell, result, reused=True)
    if fenced and result.fence is None and not result.oracle_method:
        return job
    then, now = result.digests, job.digests
    if then is None or (then.method, then.input) != (now.method, now.input):
        return job
    if then.score == now.score and result.versions.evaluator == versions.evaluator:
        return Outcome(cell, result, reused=True)
    try:
        results.check_files(cell.folder, result)
    except UsageError:
        return job
    return replace(job, kept=result)


class Unwritable(UsageError):
    """Runs cannot be written: no other cell could be either."""


def run_batch(
    jobs: Sequence[Job],
    folder: str,
    import_path: Sequence[str],
    fence: Limits | None = None,
    raising: bool = False,
    log_file: str | None = None,
) -> list[Outcome]:
    """Run the jobs of one fold in a process, one after the other.

    ``folder``: the one that relative paths are below. ``fence``: limits of the fence that methods are put behind, None
    for none. ``raising``: a method's own error is not caught.
    """
    os.chdir(folder)  # a worker that is used again stands where an earlier call did
    sys.path.extend(path for path in import_path if path not in sys.path)
    shared = SharedFold(jobs[0].cell)
    streamed = bool(task_of(jobs[0].cell.task).stream)
    outcomes = []
    with logging_to(log_file):
        for _, of_method in groupby(jobs, lambda job: job.cell.config["baseline"]):
            seeds = list(of_method)
            # They share their fences while nothing fails and no fold comes step by step.
            with closing(Methods(seeds[0].cell, shared, fence)) as methods:
                for job in seeds:
                    outcomes.append(_run_and_log(job, shared, methods, raising))
                    if streamed or outcomes[-1].result is None:
                        methods.close()
    return outcomes


def _run_and_log(job: Job, shared: SharedFold, methods: Methods, raising: bool) -> Outcome:
    LOGGER.info("begins: %s%s", job.cell.name, "" if job.kept is None else " (scores alone)")
    started = time.perf_counter()
    outcome = run_one(job, shared, methods, raising)
    seconds = time.perf_counter() - started
    if outcome.result is None:
        cause = (outcome.trace or str(outcome.cause)).strip()
        LOGGER.error("failed after %.1f s: %s: %s", seconds, job.cell.name, cause)
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
        return Outcome(
            job.cell,
            cause=str(error),
            usage=True,
            unmapped=isinstance(error, NotMapped),
            error=type(error).__name__,
            limit=getattr(error, "limit", None),
        )
    except MethodError as error:
        if raising:
            raise
        return Outcome(job.cell, cause=str(error), trace=error.trace, error=type(error).__name__)
    except (Exception, SystemExit, PanicException) as error:
        if isinstance(error, ModuleNotFoundError) and (extra := extra_with(error.name)):
            needs = f"{job.cell.baseline} needs {error.name}, which is not installed"
            return Outcome(job.cell, cause=f"{needs}: {how_to_install(extra)}.", usage=True)
        if raising:
            raise
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        said = " ".join(str(error).split()) or "no message"
        name, trace = type(error).__name__, traceback.format_exc()
        return Outcome(job.cell, cause=f"{name}: {said}{where}", trace=trace, error=name)


def _run_cell(job: Job, shared: SharedFold, methods: Methods) -> Result:
    cell, task = job.cell, task_of(job.cell.task)
    method = methods.make()
    if methods.fence is None:
        refuse_changed(method_sources(cell.config["baseline"]["method"]))
    check_shape(task, method, cell.target)
    if cell.worlds:
        check_worlds(method, cell.baseline)
    prepared = shared.prepared(frozenset(method.needs), is_oracle(method))
    meter, notes = Meter(), [*prepared.notes, *warn_unread(cell.baseline, method, prepared.many)]
    if not is_described(cell.config, job.versions.data):
        notes.append(
            f"these are not the files that data={cell.data} describes: its summary and source are left out."
        )
    if job.kept is None:
        predictions = fit_and_predict(method, methods.make, prepared, cell, meter, notes)
    else:
        predictions, notes = results.read_predictions(cell.folder, job.kept), job.kept.notes
    answers = prepared.answers_to(predictions)
    with meter.part("score"):
        checked = check_predictions(answers, predictions)
        evaluation = evaluate(task, answers, checked, replicates=cell.config["replicates"], checked=True)
    meter.add(*methods.cost())
    cost = _cost(job, meter)  # before the valid part is predicted, which is not part of what a method costs

    def predict_valid(valid: Prepared) -> pl.DataFrame:
        if job.kept is not None:
            return results.read_valid(cell.folder, job.kept)
        return predict_fold(method, valid, 0, cell.target)

    valid = validate(prepared, cell, checked, predict_valid) if job.valid else (None, None)
    return record(job, prepared, evaluation, checked, method, cost, notes, valid, methods.fence)


def _cost(job: Job, meter: Meter) -> Cost:
    """Return the cost of the cell; predictions that were kept keep what they cost."""
    if job.kept is not None:
        return job.kept.cost.model_copy(update={"score_s": meter.wall("score")})
    walls = {f"{part}_s": meter.wall(part) for part in ("fit", "predict", "score")}
    return Cost(**walls, cpu_s=meter.cpu(), peak_mib=meter.peak_mib())


def record(
    job: Job,
    prepared: Prepared,
    evaluation: Evaluation,
    predictions: pl.DataFrame,
    method: Any,
    cost: Cost,
    notes: list[str],
    valid: tuple[Score | None, pl.DataFrame | None],
    fence: Fence | None,
) -> Result:
    """Store a run in its cell's folder, a user's own ids beside numbered units, and return its result.

    Where the files are not those that the config of the data describes, the description is left out. ``valid``: as
    :func:`validate` returns it. Raises Unwritable where the run cannot be written.
    """
    cell, config, kept = job.cell, job.cell.config, job.kept
    if not is_described(config, job.versions.data):
        config = {**config, "data": without_prose(config["data"])}
    if prepared.names is not None and (unit := prepared.answers.unit) in predictions.columns:
        predictions = predictions.join(prepared.names, on=unit, how="left", maintain_order="left")
    content = results.parquet_bytes(predictions)
    valid_score, valid_predictions = valid
    valid_content = valid_file = None
    if valid_predictions is not None:
        valid_content = results.parquet_bytes(valid_predictions)
        valid_file = PredictionsFile(file=results.VALID, digest=results.digest_of(valid_content))
    warnings = evaluation.warnings + ([UNKNOWN_PEAK] if cost.peak_mib is None else [])
    result = Result(
        schema_version=results.SCHEMA_VERSION,
        task=cell.task,
        method=cell.baseline,
        data=prepared.data,
        split=prepared.split,
        seed=cell.seed,
        labels=prepared.labels,
        access=prepared.access,
        oracle_method=is_oracle(method),
        entry_class=class_of(method, cell.worlds),
        fence=fence if kept is None else kept.fence,
        versions=job.versions,
        digests=job.digests,
        config_hash=cell.hash,
        config=config,
        primary=next(iter(evaluation.scores)),
        valid=valid_score,
        prevalence=evaluation.prevalence,
        estimates=evaluation.estimates,
        cost=cost,
        environment=environment() if kept is None else kept.environment,
        predictions=PredictionsFile(file=results.PREDICTIONS, digest=results.digest_of(content)),
        valid_predictions=valid_file,
        notes=[str(note) for note in notes],
        **{**evaluation.record(), "warnings": warnings},
    )
    try:
        results.store(cell.folder, result, content, evaluation.primary_draws, valid_content)
    except UsageError as error:
        raise Unwritable(str(error)) from None
    return result


def run(
    cells: Sequence[Cell],
    engine: Engine | str = "sequential",
    overwrite: str = "only_missing",
    quiet: bool = False,
    raising: bool = False,
    log_file: str | None = None,
    fence: Limits | None = None,
) -> list[Outcome]:
    """Run every cell that is not finished and return the outcomes of all, in the cells' order.

    ``overwrite``: ``only_missing`` runs what is not there or was made by other code or data (and only scores again what
    other code scored; :mod:`tipbench.runs.digests`), ``always`` runs everything, ``never`` keeps every result.

    ``raising``: a method's own error is raised instead of being noted in its outcome. ``log_file``: see
    :mod:`tipbench.runs.log`. ``fence``: limits of the fence that each method is put behind; None for none.

    Raises:
        UsageError: where runs or the log cannot be written.
    """
    made = {cell.folder: decide(cell, overwrite, fence is not None) for cell in cells}
    outcomes = {folder: one for folder, one in made.items() if isinstance(one, Outcome)}
    jobs = [one for one in made.values() if isinstance(one, Job)]
    if outcomes:
        finished = f"{len(outcomes)} of {len(cells)} cells are finished, {len(jobs)} to run"
        with logging_to(log_file):
            LOGGER.info(finished)
        if jobs and not quiet:
            sys.stderr.write(f"{finished}\n")
    if jobs:
        _check_place(jobs[0].cell.runs)
        chosen = engine_of(engine)
        work = partial(
            run_batch,
            folder=os.getcwd(),
            import_path=tuple(sys.path),
            fence=fence,
            raising=raising,
            log_file=log_file,
        )
        with logging_to(log_file):
            done = run_all(work, deal(jobs, chosen.here), chosen, "cells", quiet, len)
        outcomes |= {outcome.cell.folder: outcome for of_batch in done for outcome in of_batch}
    return [outcomes[cell.folder] for cell in cells]


def _check_place(runs: Path) -> None:
    """Raise UsageError where no runs can be written to a folder."""
    try:
        check_writable(runs)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"runs.path={runs} is a file or lies in one: give the path of a folder.") from None
    except OSError as error:
        raise UsageError(
            f"runs cannot be written to {runs}: {error.strerror or error}; {results.ELSEWHERE}."
        ) from None


def deal(jobs: Sequence[Job], workers: int) -> list[list[Job]]:
    """Return jobs by fold; where there are fewer folds than workers, a fold's jobs are dealt to several."""
    by_fold: dict[str, list[Job]] = {}
    for job in jobs:
        by_fold.setdefault(job.cell.fold_key, []).append(job)
    ways = -(-workers // len(by_fold))
    return [group[start::ways] for group in by_fold.values() for start in range(min(ways, len(group)))]
