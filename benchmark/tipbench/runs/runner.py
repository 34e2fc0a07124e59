"""Fit, predict, score, record: cells in, run folders out.

Cells that share a fold travel together, so that it is prepared once for all of them; a cell that fails says why
and the others go on; a cell that is finished is not run again.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from tipdata.core.engine import run_all
from tipdata.core.errors import NotMapped, UsageError

from tipbench.data.access import check_needs
from tipbench.data.custom.config import own_data
from tipbench.data.custom.folds import check_own
from tipbench.data.prepare import prepare
from tipbench.data.prepared import Prepared
from tipbench.evaluation.evaluation import Evaluation, check_predictions, evaluate
from tipbench.kinds.predictions import as_stored
from tipbench.method import check_shape, is_oracle, lacking
from tipbench.runs.cells import Cell, data_name
from tipbench.runs.cost import UNKNOWN_PEAK, Meter, environment
from tipbench.runs.digests import digests_of
from tipbench.runs.results import (
    PREDICTIONS,
    SCHEMA_VERSION,
    Cost,
    Digests,
    PredictionsFile,
    Result,
    Scored,
    Versions,
    digest_of,
    parquet_bytes,
    read_predictions,
    read_result,
    store,
)
from tipbench.runs.streamed.forecasts import asked
from tipbench.runs.streamed.predictions import streamed_predictions
from tipbench.runs.versions import versions_of
from tipbench.task import task_of

PARTIAL = ".partial"
STALE_SECONDS = 86_400


class Unwritable(UsageError):
    """Runs cannot be written: no other cell could be either."""


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its result, or the cause of its failure in one line.

    ``usage``: the failure is a user's mistake; ``unmapped``: a :class:`NotMapped`. ``trace``: the traceback of another.
    """

    cell: Cell
    result: Result | None = None
    cause: str | None = None
    usage: bool = False
    unmapped: bool = False
    trace: str | None = None
    reused: bool = False


@dataclass(frozen=True)
class Job:
    """A cell to run; with ``kept``, predictions that only have to be scored anew."""

    cell: Cell
    versions: Versions
    digests: Digests
    kept: Result | None = None


@dataclass(frozen=True)
class Batch:
    """Jobs of one fold, for one process. ``partial``: where runs are written before they are renamed."""

    jobs: tuple[Job, ...]
    partial: Path
    import_path: tuple[str, ...] = ()


def run(
    cells: Sequence[Cell],
    engine: str = "sequential",
    workers: int | None = None,
    overwrite: str = "only_missing",
    quiet: bool = False,
) -> list[Outcome]:
    """Run every cell that is not finished and return the outcomes of all, in the cells' order.

    ``overwrite``: ``only_missing`` runs what is not there or was made by other code or data (and only scores anew what
    other code scored; :mod:`tipbench.runs.digests`), ``always`` runs everything, ``never`` keeps whatever is there.

    Raises:
        UsageError: where runs cannot be written.
    """
    outcomes: dict[Path, Outcome] = {}
    jobs: list[Job] = []
    for cell in cells:
        made = decided(cell, overwrite)
        if isinstance(made, Job):
            jobs.append(made)
        else:
            outcomes[cell.folder] = made
    if outcomes and jobs and not quiet:
        sys.stderr.write(f"{len(outcomes)} of {len(cells)} cells are finished, {len(jobs)} to run\n")
    if jobs:
        done = _run_jobs(jobs, engine, workers, quiet)
        outcomes |= {outcome.cell.folder: outcome for outcome in done}
    return [outcomes[cell.folder] for cell in cells]


def decided(cell: Cell, overwrite: str = "only_missing") -> Outcome | Job:
    """What is there already as an outcome, or what is to be done."""
    try:
        versions = versions_of(cell)
        job = Job(cell, versions, digests_of(cell, versions.data))
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True)
    if overwrite == "always" or not cell.folder.exists():
        return job
    try:
        result = read_result(cell.folder)
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True) if overwrite == "never" else job
    if overwrite == "never":
        return Outcome(cell, result, reused=True)
    then, now = result.digests, job.digests
    if then is None or (then.method, then.input) != (now.method, now.input):
        return job
    if then.score == now.score and result.versions.evaluator == versions.evaluator:
        return Outcome(cell, result, reused=True)
    return replace(job, kept=result)


def _run_jobs(jobs: list[Job], engine: str, workers: int | None, quiet: bool) -> list[Outcome]:
    partial = jobs[0].cell.runs / f"{PARTIAL}-{os.getpid()}"
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(partial.parent, error) from None
    _sweep_stale(partial.parent)
    try:
        batches = _batches(jobs, partial, 1 if engine == "sequential" else workers or os.cpu_count() or 1)
        done = run_all(run_batch, batches, engine=engine, workers=workers, label="folds", quiet=quiet)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [outcome for outcomes in done for outcome in outcomes]


def _sweep_stale(runs: Path) -> None:
    """Remove what a run that was killed more than a day ago left half-written."""
    for left in runs.glob(f"{PARTIAL}-*"):
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _batches(jobs: list[Job], partial: Path, workers: int) -> list[Batch]:
    """Jobs by fold; where there are fewer folds than workers, a fold's jobs are dealt to several."""
    by_fold: dict[str, list[Job]] = {}
    for job in jobs:
        by_fold.setdefault(job.cell.fold_key, []).append(job)
    ways = -(-workers // len(by_fold))
    dealt = [group[start::ways] for group in by_fold.values() for start in range(min(ways, len(group)))]
    return [Batch(tuple(part), partial, tuple(sys.path)) for part in dealt]


def run_batch(batch: Batch) -> list[Outcome]:
    """Run the jobs of one fold, one after the other."""
    sys.path.extend(path for path in batch.import_path if path not in sys.path)
    shared = SharedFold(batch.jobs[0].cell)
    return [_attempt(job, shared, batch.partial) for job in batch.jobs]


@dataclass
class SharedFold:
    """The fold of cells with one key, prepared when first asked for and then kept."""

    cell: Cell
    _kept: dict[bool, Prepared] = field(default_factory=dict)

    def prepared(self, needs: frozenset[str], oracle: bool) -> Prepared:
        """The fold, after a check that this method may see what it needs. Raises UsageError as ``prepare`` does."""
        if oracle not in self._kept:
            self._kept[oracle] = prepare_cell(self.cell.config, needs, oracle)
        else:
            self._check(needs, oracle)
        return self._kept[oracle]

    def _check(self, needs: frozenset[str], oracle: bool) -> None:
        task = task_of(self.cell.task)
        if self.own is None:
            check_needs(task, needs, self._kept[oracle].access, oracle)
        else:
            check_own(task, self.own, self.cell.config["labels"], needs, oracle)

    @cached_property
    def own(self) -> Any:
        return None if self.cell.config["data"] is None else own_data(self.cell.config["data"])


def prepare_cell(
    config: dict[str, Any], needs: frozenset[str] = frozenset(), oracle: bool = False
) -> Prepared:
    """The folds and answers that a cell's config asks for."""
    return prepare(
        task_of(config["task"]),
        release=None if config["release"] is None else data_name(config),
        own=config["data"],
        split=config["split"],
        labels=config["labels"],
        access=config["access"],
        needs=needs,
        oracle=oracle,
    )


def _attempt(job: Job, shared: SharedFold, partial: Path) -> Outcome:
    try:
        return Outcome(job.cell, _run_cell(job, shared, partial))
    except Unwritable:
        raise
    except UsageError as error:
        return Outcome(job.cell, cause=str(error), usage=True, unmapped=isinstance(error, NotMapped))
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
        said = " ".join(str(error).split()) or "no message"
        return Outcome(job.cell, cause=f"{type(error).__name__}: {said}{where}", trace=traceback.format_exc())


def _run_cell(job: Job, shared: SharedFold, partial: Path) -> Result:
    cell = job.cell
    method = instantiate(cell.config["baseline"]["method"])
    check_shape(task_of(cell.task), method, cell.target)
    prepared = shared.prepared(frozenset(method.needs), is_oracle(method))
    meter = Meter()
    notes = list(prepared.notes)
    if job.kept is None:
        predictions = _predict(method, prepared, cell, meter, notes)
    else:
        predictions, notes = read_predictions(cell.folder, job.kept), job.kept.notes
    answers = prepared.answers_to(predictions)
    with meter.part("score"):
        predictions = as_stored(check_predictions(answers, predictions))
        evaluation = evaluate(task_of(cell.task), answers, predictions, replicates=cell.config["replicates"])
    content = parquet_bytes(_with_names(predictions, prepared))
    result = _record(job, prepared, evaluation, is_oracle(method), digest_of(content), meter, notes)
    try:
        store(cell.folder, partial, result, content)
    except OSError as error:
        raise _unwritable(cell.folder, error) from None
    return result


def instantiate(method: dict[str, Any]) -> Any:
    """An object of the class named by ``_target_``. Raises UsageError as :func:`make`, and where it is no method."""
    target, made = method["_target_"], make(method)
    if lacks := lacking(made):
        raise UsageError(f"{target} is no method: it lacks {', '.join(lacks)}; see tipbench.method.Method.")
    return made


def make(method: dict[str, Any]) -> Any:
    """An object of the class named by ``_target_``, with the other keys as its arguments.

    Raises UsageError where the class cannot be imported or does not take the arguments.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate as hydra_instantiate

    target = method["_target_"]
    try:
        return hydra_instantiate(method, _convert_="all")
    except InstantiationException as error:
        said = " ".join(str(error.__cause__ or error).split()).rstrip(".")
        raise UsageError(f"baseline.method._target_={target} cannot be made: {said}.") from error


def _predict(method: Any, prepared: Prepared, cell: Cell, meter: Meter, notes: list[str]) -> pl.DataFrame:
    """Predictions pooled over the folds, each by a method that is made anew; what it notes is added to ``notes``."""
    pooled = []
    for number, fold in enumerate(prepared.folds):
        one = method if number == 0 else instantiate(cell.config["baseline"]["method"])
        with meter.part("fit"):
            one.fit(fold, cell.seed)
        with meter.part("predict"):
            pooled.append(
                streamed_predictions(one, fold, prepared.streams[number], cell.target)
                if fold.task.stream
                else one.predict(fold)
            )
        notes += [note for note in getattr(one, "notes", ()) if note not in notes]
    whole = pooled[0] if len(pooled) == 1 else pl.concat(pooled)
    return asked(prepared.answers, whole) if prepared.folds[0].task.forecast else whole


def _with_names(predictions: pl.DataFrame, prepared: Prepared) -> pl.DataFrame:
    """The user's own ids beside numbered units."""
    unit = prepared.answers.unit
    if prepared.names is None or unit not in predictions.columns:
        return predictions
    return predictions.join(prepared.names, on=unit, how="left", maintain_order="left")


def _record(
    job: Job,
    prepared: Prepared,
    evaluation: Evaluation,
    oracle: bool,
    digest: str,
    meter: Meter,
    notes: list[str],
) -> Result:
    cell = job.cell
    return Result(
        task=cell.task,
        method=cell.baseline,
        data=prepared.data,
        split=prepared.split,
        seed=cell.seed,
        labels=prepared.labels,
        access=prepared.access,
        oracle_method=oracle,
        schema_version=SCHEMA_VERSION,
        versions=job.versions,
        digests=job.digests,
        config_hash=cell.hash,
        config=cell.config,
        primary=task_of(cell.task).primary,
        scores={name: Scored(**asdict(score)) for name, score in evaluation.scores.items()},
        groups=evaluation.groups,
        oracle=evaluation.oracle,
        curves=evaluation.curves,
        cost=_cost(job, meter),
        environment=environment() if job.kept is None else job.kept.environment,
        predictions=PredictionsFile(file=PREDICTIONS, digest=digest),
        notes=notes,
        warnings=evaluation.warnings + ([UNKNOWN_PEAK] if meter.peak_mib() is None else []),
    )


def _cost(job: Job, meter: Meter) -> Cost:
    """The cost of the cell; predictions that were kept keep what they cost."""
    if job.kept is not None:
        return job.kept.cost.model_copy(update={"score_s": meter.wall("score")})
    return Cost(
        fit_s=meter.wall("fit"),
        predict_s=meter.wall("predict"),
        score_s=meter.wall("score"),
        cpu_s=meter.cpu(),
        peak_mib=meter.peak_mib(),
    )


def _unwritable(folder: Path, error: OSError) -> Unwritable:
    reason = error.strerror or str(error)
    return Unwritable(
        f"runs cannot be written to {folder}: {reason}; free space there or set runs.path=FOLDER."
    )
