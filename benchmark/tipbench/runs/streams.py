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

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.data.fold import Fold, PartSteps, StepStream, detach
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
    score, start = np.empty(steps.rows.height), 0
    for where, asked, answer in _hand_over(method, steps, name):
        # Copied at once: what a method does to its answer afterwards changes nothing.
        score[start : start + asked.height] = _checked_scores(answer, asked[steps.unit], where)
        start += asked.height
    return StepScores(steps.rows[steps.unit], steps.steps, score)


def _hand_over(
    method: StreamMethod, steps: PartSteps, name: str
) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """Hand a part over step by step; yield how errors call the step, its rows, which no method was given, and the
    method's answer."""
    method.begin(detach(steps.units))
    start = 0
    for number, rows in enumerate(steps, 1):
        asked = steps.rows.slice(start, rows.height)
        start += asked.height
        yield f"{name}: step {number}", asked, method.step(rows)


def _checked_scores(found: pl.DataFrame, asked: pl.Series, where: str) -> NDArray[np.float64]:
    """Return the scores of the units that were asked for, in their order."""
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
    # Where the valid part is the test, its scores are those that the threshold was chosen by.
    test = valid if stream.test is stream.valid else scores_of(method, stream.test, name)
    return alarms(test, stream.test.units[fold.task.unit], threshold)


def alarms(scored: StepScores, units: pl.Series, threshold: float) -> pl.DataFrame:
    """Return the first step of every unit whose score reaches the threshold, ``[unit, step Int32]``; null for none."""
    reached = scored.score >= threshold
    rows = pl.DataFrame({units.name: scored.unit.filter(reached), "step": scored.step[reached]})
    first = rows.group_by(units.name).agg(pl.col("step").min())
    return units.to_frame().join(first, on=units.name, how="left", maintain_order="left")


def _find_records(scored: StepScores, units: pl.Series) -> pl.DataFrame:
    """Return the steps at which a unit scored higher than at any before, ``[place, step, score]``, by unit and step.

    ``place``: of the unit among these units; rows of others are left out. At any threshold an alarm is at one of them.
    """
    rows = pl.DataFrame({units.name: scored.unit, "step": scored.step, "score": scored.score})
    placed = rows.join(units.to_frame().with_row_index("place"), on=units.name, how="inner")
    before = pl.col("score").cum_max().shift(1).over("place")
    return placed.sort("place", "step").filter(before.is_null() | (pl.col("score") > before))


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
    found, false = (_find_records(scored, one[unit]) for one in (positives, negatives))
    thresholds, f = _f_latency(found, positives["onset"].to_numpy(), false)
    f[~np.isin(thresholds, above)] = 0.0
    return float(thresholds[np.argmax(f)]) if f.max(initial=0.0) > 0 else float(above.max())


def _f_latency(
    found: pl.DataFrame, onset: NDArray, negative: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of the positives' records, falling, and F-latency with each as the threshold.

    ``onset`` [positives]: of each positive.
    """
    unit, step, score = (found[name].to_numpy() for name in ("place", "step", "score"))
    # A unit's alarm at a falling threshold moves from its last record to its first.
    last = np.append(unit[1:] != unit[:-1], True)[: unit.size]
    delay = np.where(is_timely(step, onset[unit]), np.maximum(step - onset[unit], 0), -1)
    left = np.where(last, -2, np.append(delay[1:], -2)[: delay.size])
    order = np.argsort(-score, kind="stable")
    score, entered, left = score[order], delay[order], left[order]
    ends = np.append(score[1:] != score[:-1], True)[: score.size]
    delays = np.unique(entered[entered >= 0])
    thresholds = score[ends]
    if not delays.size:
        return thresholds, np.zeros(thresholds.size)
    weights = np.stack([_standing(entered, left, d)[ends] for d in delays], axis=1)
    true = weights.sum(axis=1)
    peaks = np.sort(negative.group_by("place").agg(pl.col("score").max())["score"])
    false = _standing(entered, left, -1)[ends] + peaks.size - np.searchsorted(peaks, thresholds)
    speed = np.nan_to_num(1 - weighted_median(weights, penalty(delays)))
    return thresholds, 2 * true / (true + false + onset.size) * speed


def _standing(entered: NDArray, left: NDArray, state: int) -> NDArray[np.float64]:
    """Return how many units are in a state after each record, [records]."""
    return np.cumsum((entered == state).astype(np.float64) - (left == state))


def streamed_forecasts(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the forecasts of a fitted method on the test part, ``[query, candidate Int64, score Float64]``.

    ``name``: the name of the method in errors. Raises UsageError unless the answer to each step has, for each unit of
    the step, one to ten different candidates with finite scores.
    """
    forecast = fold.task.forecast
    if forecast is None:
        raise ValueError(f"{fold.task.name} forecasts nothing")
    unit, made = fold.task.unit, []
    for where, asked, answer in _hand_over(method, stream.test, name):
        found = _checked_forecasts(answer, asked[unit], asked.schema[forecast.candidate], where)
        keys = asked.select(unit, query=forecast.query)
        made.append(
            found.join(keys, on=unit, maintain_order="left").select(
                "query", pl.col("candidate").cast(pl.Int64), "score"
            )
        )
    if not made:
        raise UsageError(
            f"{fold.task.name}: test has not a single row of {fold.task.stream}; split it otherwise."
        )
    return pl.concat(made)


def _checked_forecasts(found: pl.DataFrame, units: pl.Series, kind: pl.DataType, where: str) -> pl.DataFrame:
    """Return a copy of a step's answer in its columns, with scores as Float64."""
    unit = units.name
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


def streamed_predictions(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the predictions of a fitted method for a test that it is handed step by step."""
    streamed = streamed_alarms if fold.task.forecast is None else streamed_forecasts
    return streamed(method, fold, stream, name)
