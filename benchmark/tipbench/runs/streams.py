"""Hand a stream to a method step by step, record its answer to each step at once, and make predictions of the answers.

**Alarms.** A unit's alarm is the first step at which its score reaches a threshold, and none where it never does. The
threshold is the score of the valid part that maximises F-latency there (:mod:`tipbench.metrics.early`), by the labels
that the method may learn from and every unit weighing one, among scores strictly above the least, so that a constant
score raises no alarm; of several that do equally well it is the highest. An alarm at step k depends on scores of steps
up to k only.

**Forecasts.** After each row of a unit: which candidate its next row will have. A method answers each step with up to
ten candidates for every unit of it, which are recorded at once under the key of the row that they were made after.
Whether another row follows is hidden; forecasts that no row follows, or that the task does not ask for, are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.data.fold import Fold, PartSteps, StepStream, detach
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import MOST_CANDIDATES
from tipbench.method import StreamMethod
from tipbench.metrics.early import is_timely, penalty
from tipbench.metrics.estimation import weighted_median

_FLOATS = (pl.Float32, pl.Float64)
_EXAMPLES = 3


@dataclass(frozen=True)
class StepScores:
    """The score of every row: ``unit`` [rows], ``step`` int32 [rows] rising, ``score`` float64 [rows]."""

    unit: pl.Series
    step: NDArray[np.int32]
    score: NDArray[np.float64]


def scores_of(method: StreamMethod, steps: PartSteps, name: str) -> StepScores:
    """Return the scores of a fitted method for every row of a part, handed over step by step.

    ``name``: what errors call the method. Raises UsageError for a step that answers with anything but one finite score
    for each of its units.
    """
    unit = steps.rows[steps.unit]
    score = np.empty(steps.rows.height)
    method.begin(detach(steps.units))
    start = 0
    for number, rows in enumerate(steps, 1):
        end = start + rows.height
        # Copied at once: what a method does to its answer afterwards changes nothing.
        score[start:end] = _checked_scores(method.step(rows), unit.slice(start, end - start), number, name)
        start = end
    return StepScores(unit, steps.steps, score)


def _checked_scores(found: pl.DataFrame, asked: pl.Series, number: int, name: str) -> NDArray[np.float64]:
    """Return the scores of the units that were asked for, in their order."""
    where = f"{name}: step {number}"
    check_columns(found, asked, ("score",), where)
    if not found[asked.name].equals(asked):
        found = found.sort(asked.name)
        if not found[asked.name].equals(asked):
            raise UsageError(f"{where} returned {difference(found[asked.name], asked, 'score')}.")
    check_finite(found, asked.name, where)
    return found["score"].cast(pl.Float64).to_numpy()


def check_columns(found: object, asked: pl.Series, others: tuple[str, ...], where: str) -> None:
    """Refuse a step's answer that is not a frame of the unit's key and these columns, ``score`` among them.

    Raises UsageError; ``where`` is what its sentence begins with.
    """
    unit = asked.name
    if not isinstance(found, pl.DataFrame):
        raise UsageError(f"{where} returned a {type(found).__name__}; return a polars DataFrame.")
    if missing := [column for column in (unit, *others) if column not in found.columns]:
        raise UsageError(
            f"{where} returned no column {', '.join(missing)} among {', '.join(found.columns) or 'none'}; "
            f"return {', '.join((unit, *others))}."
        )
    if found.schema[unit] != asked.dtype:
        raise UsageError(f"{where} returned {unit} as {found.schema[unit]}; keep it {asked.dtype}.")
    if found.schema["score"] not in _FLOATS:
        raise UsageError(f"{where} returned score as {found.schema['score']}; make it Float32 or Float64.")


def check_finite(found: pl.DataFrame, unit: str, where: str) -> None:
    """Refuse scores of a step that are not finite. Raises UsageError with how many and the first few."""
    bad = found.filter(~pl.col("score").is_finite().fill_null(False))
    if bad.height:
        first = ", ".join(map(str, bad[unit].head(_EXAMPLES)))
        raise UsageError(
            f"{where} returned {bad.height:,} of {found.height:,} scores that are NaN, null or infinite "
            f"(first at {first}); return a finite score for each."
        )


def difference(given: pl.Series, asked: pl.Series, do: str) -> str:
    """Return what is wrong with the units of a step's answer, with counts and the first few, and what to do."""
    faults = {
        "repeated": given.filter(given.is_duplicated()).unique(),
        "missing": asked.filter(~asked.is_in(given.implode())),
        "that were not in the step": given.filter(~given.is_in(asked.implode())).unique(),
    }
    said = ", ".join(
        f"{len(units):,} {what} ({', '.join(map(str, units.sort().head(_EXAMPLES)))})"
        for what, units in faults.items()
        if len(units)
    )
    return f"{said}; {do} each of its {len(asked):,} of {asked.name} once"


NEVER = float("inf")
"""The threshold that no score reaches."""


def streamed_alarms(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the alarms of a fitted method on the test part of its fold, ``[unit, step Int32]``, by unit.

    Raises UsageError as :func:`tipbench.runs.streams.scores_of` does; ``name`` is what errors call it.
    """
    valid = scores_of(method, stream.valid, name)
    threshold = best_threshold(valid, fold.labels("valid").collect())
    return alarms(scores_of(method, stream.test, name), stream.test.units[fold.task.unit], threshold)


def alarms(scored: StepScores, units: pl.Series, threshold: float) -> pl.DataFrame:
    """Return the first step of every unit whose score reaches the threshold, ``[unit, step Int32]``; null for none."""
    reached = scored.score >= threshold
    rows = pl.DataFrame({units.name: scored.unit.filter(reached), "step": scored.step[reached]})
    first = rows.group_by(units.name).agg(pl.col("step").min())
    return units.to_frame().join(first, on=units.name, how="left", maintain_order="left")


class PeakScores(NamedTuple):
    """The steps at which a unit scored higher than at any before: its place among the units, step and score,
    [records], by unit and rising step. At any threshold an alarm is at one of them."""

    unit: NDArray[np.integer]
    step: NDArray[np.int32]
    score: NDArray[np.float64]


def peak_scores(scored: StepScores, units: pl.Series) -> PeakScores:
    """Return the records of these units; rows of others are left out."""
    rows = pl.DataFrame({units.name: scored.unit, "step": scored.step, "score": scored.score})
    placed = rows.join(units.to_frame().with_row_index("place"), on=units.name, how="inner")
    before = pl.col("score").cum_max().shift(1).over("place")
    found = placed.sort("place", "step").filter(before.is_null() | (pl.col("score") > before))
    return PeakScores(*(found[name].to_numpy() for name in ("place", "step", "score")))


def best_threshold(scored: StepScores, labels: pl.DataFrame) -> float:
    """Return the threshold for these scores of the valid part, from ``[unit, label, onset]``; infinite where every
    score is the same.

    F-latency falls wherever a lower threshold alarms negatives only, so it is looked at where an alarm of a
    positive begins or moves: at the scores of their records.
    """
    above = scored.score[scored.score > scored.score.min(initial=np.inf)]
    if not above.size:
        return NEVER
    unit = scored.unit.name
    positives, negatives = (labels.filter(pl.col("label") == label) for label in (1, 0))
    thresholds, f = _f_latency(
        peak_scores(scored, positives[unit]),
        positives["onset"].to_numpy(),
        peak_scores(scored, negatives[unit]),
        positives.height,
    )
    f[~np.isin(thresholds, above)] = 0.0
    return float(thresholds[np.argmax(f)]) if f.max(initial=0.0) > 0 else float(above.max())


def _f_latency(
    found: PeakScores, onset: NDArray, negative: PeakScores, positives: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of the positives' records, falling, and F-latency with each as the threshold."""
    # A unit's alarm at a falling threshold moves from its last record to its first.
    last = np.append(found.unit[1:] != found.unit[:-1], True)[: found.unit.size]
    timely = is_timely(found.step, onset[found.unit])
    delay = np.where(timely, np.maximum(found.step - onset[found.unit], 0), -1)
    left = np.where(last, -2, np.append(delay[1:], -2)[: delay.size])
    order = np.argsort(-found.score, kind="stable")
    score, entered, left = found.score[order], delay[order], left[order]
    ends = np.append(score[1:] != score[:-1], True)[: score.size]
    delays = np.unique(entered[entered >= 0])
    weights = np.stack([_standing(entered, left, d)[ends] for d in delays], axis=1) if delays.size else None
    thresholds = score[ends]
    if weights is None:
        return thresholds, np.zeros(thresholds.size)
    true = weights.sum(axis=1)
    peaks = np.sort(pl.DataFrame(negative._asdict()).group_by("unit").agg(pl.col("score").max())["score"])
    false = _standing(entered, left, -1)[ends] + peaks.size - np.searchsorted(peaks, thresholds)
    speed = np.nan_to_num(1 - weighted_median(weights, penalty(delays)))
    return thresholds, 2 * true / (true + false + positives) * speed


def _standing(entered: NDArray, left: NDArray, state: int) -> NDArray[np.float64]:
    """Return how many units are in a state after each record, [records]."""
    return np.cumsum((entered == state).astype(np.float64) - (left == state))


def streamed_forecasts(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the forecasts of a fitted method after every row of test, ``[query, candidate Int64, score Float64]``.

    ``name``: what errors call the method. Raises UsageError for a step that answers with anything but one to ten
    candidates, each once and with a finite score, for each of its units.
    """
    forecast = fold.task.forecast
    if forecast is None:
        raise ValueError(f"{fold.task.name} forecasts nothing")
    unit, steps = fold.task.unit, stream.test
    method.begin(detach(steps.units))
    made, start = [], 0
    for number, rows in enumerate(steps, 1):
        # Queries and candidates are read from rows that no method was given.
        keys = steps.rows.slice(start, rows.height).select(unit, forecast.query, forecast.candidate)
        start += rows.height
        found = _checked_forecasts(
            method.step(rows), keys[unit], keys.schema[forecast.candidate], number, name
        )
        made.append(
            found.join(keys, on=unit, maintain_order="left").select(
                pl.col(forecast.query).alias("query"), pl.col("candidate").cast(pl.Int64), "score"
            )
        )
    if not made:
        raise UsageError(
            f"{fold.task.name}: test has not a single row of {fold.task.stream}; split it otherwise."
        )
    return pl.concat(made)


def _checked_forecasts(
    found: pl.DataFrame, units: pl.Series, kind: pl.DataType, number: int, name: str
) -> pl.DataFrame:
    """Return a copy of a step's answer in its columns, with scores as Float64."""
    unit, where = units.name, f"{name}: step {number}"
    check_columns(found, units, ("candidate", "score"), where)
    if found.schema["candidate"] != kind:
        raise UsageError(f"{where} returned candidate as {found.schema['candidate']}; keep it {kind}.")
    given = found[unit].unique()
    if not given.sort().equals(units.sort()):
        raise UsageError(f"{where} returned {difference(given, units, 'name candidates of')}.")
    check_finite(found, unit, where)
    if nulls := found["candidate"].null_count():
        raise UsageError(
            f"{where} returned {nulls:,} of {found.height:,} candidates that are null; leave them out."
        )
    repeated = found.filter(pl.struct(unit, "candidate").is_duplicated())
    if repeated.height:
        raise UsageError(
            f"{where} returned {repeated.height:,} of {found.height:,} rows that repeat a candidate of their unit "
            f"(first at {repeated[unit][0]}); name each once."
        )
    long = found.group_by(unit).len().filter(pl.col("len") > MOST_CANDIDATES).sort(unit)
    if long.height:
        raise UsageError(
            f"{where} returned more than {MOST_CANDIDATES} candidates for {long.height:,} of {len(units):,} units "
            f"(first: {long[unit][0]}); keep the best {MOST_CANDIDATES}."
        )
    # Copied at once: what a method does to its answer afterwards changes nothing.
    return detach(found.select(unit, "candidate", pl.col("score").cast(pl.Float64)))


def keep_answered_queries(answers: Answers, forecasts: pl.DataFrame) -> pl.DataFrame:
    """Return the forecasts that there are answers to."""
    queries = answers.frame.select(pl.col(answers.unit).alias("query"))
    return forecasts.join(queries, on="query", how="semi", maintain_order="left")


def streamed_predictions(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the predictions of a fitted method for a test that it is handed step by step."""
    streamed = streamed_alarms if fold.task.forecast is None else streamed_forecasts
    return streamed(method, fold, stream, name)
