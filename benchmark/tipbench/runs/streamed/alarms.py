"""From the scores of a stream to alarms: a threshold fixed on valid, and the first step at which it is reached.

The threshold is the score of the valid part that maximises F-latency there (:mod:`tipbench.metrics.early`), by the
labels that the method may learn from and every unit weighing one, among scores strictly above the least seen, so
that a constant score raises no alarm; the highest of several that do equally well.

An alarm at step k depends on scores of steps up to k only: later ones cannot move it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.data.fold import Fold, StepStream
from tipbench.method import StreamMethod
from tipbench.metrics.early import is_timely, penalty
from tipbench.metrics.medians import median
from tipbench.runs.streamed.handover import Scored, scores_of

NEVER = float("inf")
"""The threshold that no score reaches."""


def streamed_alarms(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return the alarms of a fitted method on the test part of its fold, ``[unit, step Int32]``, by unit.

    Raises UsageError as :func:`tipbench.runs.streamed.handover.scores_of` does; ``name`` is what errors call it.
    """
    valid = scores_of(method, stream.valid, name)
    threshold = best_threshold(valid, fold.labels("valid").collect())
    return alarms(scores_of(method, stream.test, name), stream.test.units[fold.task.unit], threshold)


def alarms(scored: Scored, units: pl.Series, threshold: float) -> pl.DataFrame:
    """Return the first step of every unit whose score reaches the threshold, ``[unit, step Int32]``; null for none."""
    reached = scored.score >= threshold
    rows = pl.DataFrame({units.name: scored.unit.filter(reached), "step": scored.step[reached]})
    first = rows.group_by(units.name).agg(pl.col("step").min())
    return units.to_frame().join(first, on=units.name, how="left", maintain_order="left")


class Records(NamedTuple):
    """The steps at which a unit scored higher than at any before: its place among the units, step and score,
    [records], by unit and rising step. At whatever threshold, an alarm is at one of them."""

    unit: NDArray[np.integer]
    step: NDArray[np.int32]
    score: NDArray[np.float64]


def records(scored: Scored, units: pl.Series) -> Records:
    """Return the records of these units; rows of others are left out."""
    rows = pl.DataFrame({units.name: scored.unit, "step": scored.step, "score": scored.score})
    placed = rows.join(units.to_frame().with_row_index("place"), on=units.name, how="inner")
    before = pl.col("score").cum_max().shift(1).over("place")
    found = placed.sort("place", "step").filter(before.is_null() | (pl.col("score") > before))
    return Records(*(found[name].to_numpy() for name in ("place", "step", "score")))


def best_threshold(scored: Scored, labels: pl.DataFrame) -> float:
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
        records(scored, positives[unit]),
        positives["onset"].to_numpy(),
        records(scored, negatives[unit]),
        positives.height,
    )
    f[~np.isin(thresholds, above)] = 0.0
    return float(thresholds[np.argmax(f)]) if f.max(initial=0.0) > 0 else float(above.max())


def _f_latency(
    found: Records, onset: NDArray, negative: Records, positives: int
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
    speed = np.nan_to_num(1 - median(weights, penalty(delays)))
    return thresholds, 2 * true / (true + false + positives) * speed


def _standing(entered: NDArray, left: NDArray, state: int) -> NDArray[np.float64]:
    """Return how many units are in a state after each record, [records]."""
    return np.cumsum((entered == state).astype(np.float64) - (left == state))
