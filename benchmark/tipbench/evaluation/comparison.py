"""Is one method better than another? A paired cluster bootstrap of the difference in the primary metric.

Both methods are scored under the same draws of clusters, so what is common to them cancels. The two-sided p
is read from the bootstrap distribution of the difference (Davison and Hinkley 1997, section 4.4; the
percentile interval inverted): 2 min(Pr(d* <= 0), Pr(d* >= 0)), each share estimated by (1 + count) / (1 +
replicates), at most 1. So no p is below 2 / (1 + replicates), and 1,000 replicates can tell up to 25 methods
from a reference after Holm's correction (Holm 1979) at the 5% level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import TOO_FEW, Floats, compute_observed, percentile_interval, replicate
from tipbench.metrics.metric import MetricInputs, make_inputs
from tipbench.metrics.registry import measure_primary
from tipbench.task import Problem

LEVEL = 0.05
TOO_OFTEN = "undefined in too many bootstrap replicates"


@dataclass(frozen=True)
class Comparison:
    """A method against the reference: ``compare_draws`` = method - reference in ``metric``, its 95% interval,
    the two-sided ``p``, ``p_holm`` over the methods compared, and whether that is under 5%. Without an
    interval ``p`` is None, ``significant`` False, and ``note`` says why."""

    method: str
    reference: str
    metric: str
    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    significant: bool = False
    note: str | None = None


class Draws(NamedTuple):
    """The primary metric of one method: its value, and under each draw of the clusters [replicates], empty where
    there are too few; ``clusters``: their number. Those of two methods are paired where they are of the same answers,
    seed and number of replicates."""

    value: float
    draws: Floats
    clusters: int


def compare(
    task: Problem,
    answers: Answers,
    predictions: dict[str, pl.DataFrame],
    reference: str,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> list[Comparison]:
    """Return every method against the reference, in the order given.

    ``predictions`` holds one frame a method, the reference's among them. Raises :class:`UsageError` as
    :func:`tipbench.evaluation.evaluation.evaluate` does, naming the method, and for a reference that is not there.
    """
    if replicates < 1:
        raise UsageError(f"compare: {replicates} replicates were asked for; give at least 1")
    if reference not in predictions:
        raise UsageError(
            f"compare: reference {reference!r} is not among {', '.join(predictions) or 'no methods'}; "
            "name one of them"
        )
    by_method = {}
    for name, frame in predictions.items():
        try:
            by_method[name] = make_inputs(task, answers, frame)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    if not by_method[reference].known:
        raise UsageError(
            "compare: no test row has a known label; methods are compared where the truth is known"
        )
    base = draw_primary(by_method[reference], replicates, seed)
    found = [
        compare_draws(name, reference, inputs.primary, draw_primary(inputs, replicates, seed), base)
        for name, inputs in by_method.items()
        if name != reference
    ]
    return correct(found)


def draw_primary(inputs: MetricInputs, replicates: int, seed: int = 0) -> Draws:
    """Return the primary metric of one method; no draws where there are too few clusters."""
    measured = measure_primary(inputs)
    value = compute_observed(measured.metrics, inputs.clusters.count)[inputs.primary]
    if not inputs.clusters.enough or inputs.primary in measured.without_interval:
        return Draws(value, np.empty(0), inputs.clusters.count)
    drawn = replicate(measured.metrics, inputs.clusters.count, replicates, seed)[inputs.primary]
    return Draws(value, drawn, inputs.clusters.count)


def compare_draws(method: str, reference: str, metric: str, one: Draws, base: Draws) -> Comparison:
    """Return a method against the reference, before Holm's correction; see :class:`Comparison`.

    Raises UsageError for draws that are not of the same clusters and replicates.
    """
    difference = one.value - base.value
    if np.isnan(difference):
        return Comparison(method, reference, metric, None, note="undefined")
    compared = Comparison(method, reference, metric, difference)
    if not (one.draws.size and base.draws.size):
        return replace(compared, note=TOO_FEW)
    if (one.draws.size, one.clusters) != (base.draws.size, base.clusters):
        raise UsageError(
            f"compare: the draws of {method} and {reference} are of {one.clusters:,} and {base.clusters:,} clusters, "
            f"{one.draws.size:,} and {base.draws.size:,} replicates: score them again on the same test"
        )
    differences = one.draws - base.draws
    interval = percentile_interval(differences)
    if interval is None:
        return replace(compared, note=TOO_OFTEN)
    p = compute_two_sided_p(differences[~np.isnan(differences)])
    return replace(compared, low=interval[0], high=interval[1], p=p)


def compute_two_sided_p(differences: Floats) -> float:
    """Return two-sided p of no difference, from the replicates [replicates] of the difference."""
    below, above = np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0)
    return min(1.0, float(2 * (1 + min(below, above)) / (1 + differences.size)))


def adjust_holm(p: Sequence[float] | Floats) -> list[float]:
    """Return Holm's step-down adjustment: the p values, smallest first, times the number not yet rejected, made
    monotone, at most 1."""
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1)))
    return adjusted.tolist()


def correct(found: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons of one table, with Holm's p over those that have a p."""
    adjusted = iter(adjust_holm([one.p for one in found if one.p is not None]))
    return [
        one if one.p is None else replace(one, p_holm=(value := next(adjusted)), significant=value < LEVEL)
        for one in found
    ]
