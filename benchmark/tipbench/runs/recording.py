"""Record a run: its result, its cost, its predictions by the user's own names; whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, Score
from tipbench.runs.cell import is_described, without_prose
from tipbench.runs.cost import UNKNOWN_PEAK, Meter, environment
from tipbench.runs.decisions import Job
from tipbench.runs.records import Cost, Estimated, Fence, FormRecall, PredictionsFile, Scored
from tipbench.runs.results import PREDICTIONS, SCHEMA_VERSION, VALID, Result, digest_of, parquet_bytes, store
from tipbench.runs.validation import Validated


class Unwritable(UsageError):
    """Runs cannot be written: no other cell could be either."""


def record(
    job: Job,
    prepared: Prepared,
    evaluation: Evaluation,
    predictions: pl.DataFrame,
    oracle: bool,
    cost: Cost,
    notes: list[str],
    validated: Validated,
    fence: Fence | None = None,
) -> Result:
    """Store a run in its cell's folder and return its result.

    ``oracle``: whether the method was shown hidden truth; ``fence``: what it was kept from.
    Raises Unwritable where it cannot be written.
    """
    content = parquet_bytes(_with_names(predictions, prepared))
    valid = None if validated.predictions is None else parquet_bytes(validated.predictions)
    result = result_of(job, prepared, evaluation, oracle, digest_of(content), cost, notes, validated.score)
    fence = fence if job.kept is None else job.kept.fence
    result = result.model_copy(update={"fence": fence})
    if valid is not None:
        kept = PredictionsFile(file=VALID, digest=digest_of(valid))
        result = result.model_copy(update={"valid_predictions": kept})
    try:
        store(job.cell.folder, result, content, evaluation.primary_draws, valid)
    except UsageError as error:
        raise Unwritable(str(error)) from None
    return result


def _with_names(predictions: pl.DataFrame, prepared: Prepared) -> pl.DataFrame:
    """Return the user's own ids beside numbered units."""
    unit = prepared.answers.unit
    if prepared.names is None or unit not in predictions.columns:
        return predictions
    return predictions.join(prepared.names, on=unit, how="left", maintain_order="left")


def result_of(
    job: Job,
    prepared: Prepared,
    evaluation: Evaluation,
    oracle: bool,
    digest: str,
    cost: Cost,
    notes: list[str],
    valid: Score,
) -> Result:
    """Return all that is known of a run that was just scored."""
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
        config=_described(cell.config, job.versions.data),
        primary=next(iter(evaluation.scores)),
        scores={name: Scored(**asdict(score)) for name, score in evaluation.scores.items()},
        valid=Scored(**asdict(valid)),
        prevalence=evaluation.prevalence,
        estimates={name: Estimated(**asdict(one)) for name, one in evaluation.estimates.items()},
        groups=evaluation.groups,
        by_form={name: FormRecall(**asdict(one)) for name, one in evaluation.by_form.items()},
        oracle=evaluation.oracle,
        curves=evaluation.curves,
        cost=cost,
        environment=environment() if job.kept is None else job.kept.environment,
        predictions=PredictionsFile(file=PREDICTIONS, digest=digest),
        notes=[str(note) for note in notes],
        warnings=evaluation.warnings + ([UNKNOWN_PEAK] if cost.peak_mib is None else []),
    )


def _described(config: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the config; of files that it does not speak of, without its words on what they are and where they come
    from."""
    return config if is_described(config, version) else {**config, "data": without_prose(config["data"])}


def cost_of(job: Job, meter: Meter) -> Cost:
    """Return the cost of the cell; predictions that were kept keep what they cost."""
    if job.kept is not None:
        return job.kept.cost.model_copy(update={"score_s": meter.wall("score")})
    return Cost(
        fit_s=meter.wall("fit"),
        predict_s=meter.wall("predict"),
        score_s=meter.wall("score"),
        cpu_s=meter.cpu(),
        peak_mib=meter.peak_mib(),
    )
