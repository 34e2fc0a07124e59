"""How early a method alarms where an alarm is due, and how often where none is.

A unit is positive from its onset on. ``delay`` = max(0, step - onset) of an alarm, in steps. An alarm more than
five steps before the onset (:data:`PREMATURE`) came for no reason that was there: it counts as a false positive
in precision, and its unit as missed in recall and in ERDE.

- ``f_latency`` = F1 * ``speed`` (Sadeque, Xu and Bethard 2018, "Measuring the latency of depression detection in
  social media"), ``speed`` = 1 - the median penalty over true positives, penalty = -1 + 2 / (1 + exp(-p delay)).
  There a penalty is counted from the first item, here from the onset, and p is set so that a delay of
  twenty steps (:data:`HALF_SPEED_DELAY`) costs one half: p = ln 3 / 20. Without a true positive it is 0.
- ``erde_5``, ``erde_50``: the early-risk detection error (Losada and Crestani 2016, "A test collection
  for research on depression and language use"), lower is better: the mean cost of a unit, which is for a true
  positive 1 - 1 / (1 + exp(k - o)) with k = delay + 1, for a miss 1, for a false positive the share of positives,
  for a true negative 0.
- ``precision``, ``recall``, ``f1``; ``median_delay`` over true positives, in steps.
- ``harm_gap`` where groups are known, ``protection_gap`` where form, sex or language of those exploited are:
  as in :mod:`tipbench.metrics.harm`, of alarms in the place of scores over a threshold. Here the lawful groups
  are all but trafficking and spam, and those under twenty clusters are not compared.
- ``accusations_per_find``, ``worst_group_accused``: of :mod:`tipbench.metrics.harm`, of the same groups.

All are headline-weighted, and all are functions of the clusters' multiplicities. A median is the mean of the
first values at which the cumulated weight reaches, and exceeds, half of the whole: with equal weights the usual.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.scores import ALARMS
from tipbench.metrics.bootstrap import FEWEST_CLUSTERS, ClusterSums, Floats, Mask, Metrics, ratio
from tipbench.metrics.estimation import find_middle
from tipbench.metrics.harm import (
    ATTRIBUTES,
    DECIDED_METRICS,
    HARM_GAP,
    LAWFUL,
    PROTECTION_GAP,
    explain_worthless_gap,
    measure_decided,
    measure_false_accusations,
    measure_protection,
    withhold_if_silent,
)
from tipbench.metrics.metric import (
    F1,
    PRECISION,
    RECALL,
    Family,
    Metric,
    MetricInputs,
    MetricValues,
    combine,
    find_equal,
)

EARLY_METRICS = (
    Metric("f_latency", "F-latency"),
    Metric("erde_5", "ERDE at 5", lower_is_better=True),
    Metric("erde_50", "ERDE at 50", lower_is_better=True),
    PRECISION,
    RECALL,
    F1,
    Metric("speed", "speed"),
    Metric("median_delay", "median delay", lower_is_better=True, unit="steps"),
    HARM_GAP,
    PROTECTION_GAP,
    *DECIDED_METRICS,
)
PREMATURE = 5
HALF_SPEED_DELAY = 20
P = float(np.log(3) / HALF_SPEED_DELAY)
ERDE = {"erde_5": 5, "erde_50": 50}
CURVE = (0, 1, 2, 5, 10, 20, 50)
"""Delays at which recall is shown."""

TRAFFICKING, SPAM = "trafficking", "spam"
#: Negatives of trafficking operations: conversations that never reach commitment.
UNCOMMITTED = "uncommitted"


def penalty(delay: NDArray) -> Floats:
    """Return what a delay in steps costs, from 0 (none) to 1; one half at twenty."""
    return -1 + 2 / (1 + np.exp(-P * np.asarray(delay, dtype=np.float64)))


def latency_cost(delay: NDArray, o: float) -> Floats:
    """Return ERDE's cost of a true positive with this delay in steps: one half where delay + 1 = o."""
    # The exponent is bounded, beyond which the cost is 1 to the last bit.
    return 1 - 1 / (1 + np.exp(np.minimum(np.asarray(delay, dtype=np.float64) + 1 - o, 700.0)))


def is_timely(step: NDArray, onset: NDArray) -> Mask:
    """Return whether an alarm at this step is no more than five before the onset."""
    return step >= onset - PREMATURE


def measure_alarms(inputs: MetricInputs) -> MetricValues:
    """Return all metrics, and what they depend on.

    ``curves["early"]``: ``p``, ``half_speed_delay``, ``premature`` (steps before the onset beyond which an
    alarm is false), ``erde_o``, ``cost_miss``, ``cost_false_positive`` (the share of positives),
    ``alarmed_share``, and ``recall_by_delay``: delay -> the recall of alarms that come with no more.

    ``groups``: of each group of negatives, and of the ``lawful`` together, ``false_alarms_per_unit``,
    ``false_alarms_per_operation``, ``units`` and ``operations``; trafficking that never reaches commitment is
    ``uncommitted`` and part of no lawful total. ``form=...``, ``sex=...`` and ``language=...`` as in
    :func:`tipbench.metrics.harm.measure_harm`.
    """
    step, onset = (
        inputs.test[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("step", "onset")
    )
    alarmed = ~np.isnan(step)
    found = inputs.positive & is_timely(step, onset)
    outcomes = _measure_outcomes(inputs, alarmed, found, np.maximum(step - onset, 0.0)[found])
    return combine([outcomes, _measure_harm(inputs, alarmed, found)])


def _measure_outcomes(inputs: MetricInputs, alarmed: Mask, found: Mask, delay: Floats) -> MetricValues:
    """Return every metric of the alarms, and what the metrics depend on.

    ``alarmed``, ``found`` [rows]: the rows with an alarm, with a true one. ``delay`` [found]: of true alarms.
    """
    sums = ClusterSums(inputs.clusters)
    for name, o in ERDE.items():
        cost = np.zeros(found.size)
        cost[found] = latency_cost(delay, o)
        sums.add(name, inputs.weights, cost)
    false = alarmed & ~found
    for name, rows in {
        "all": np.ones(found.size, dtype=bool),
        "positive": inputs.positive,
        "alarmed": alarmed,
        "found": found,
        "false": false,
        "false/negative": false & ~inputs.positive,
    }.items():
        sums.add(name, inputs.weights, rows)
    # True positives by rising delay.
    order = np.argsort(delay, kind="stable")
    delay, penalties = delay[order], penalty(delay[order])
    codes, weights = inputs.clusters.codes[found][order], inputs.weights[found][order]

    def medians(drawn: Floats) -> tuple[Floats, Floats]:
        """Return speed and median delay [replicates]; NaN where nothing was found."""
        made = np.full((2, len(drawn)), np.nan)
        for row, multiplicity in enumerate(drawn):
            cumulated = np.cumsum(multiplicity.take(codes) * weights)
            if cumulated.size and cumulated[-1] > 0:
                places = np.array(find_middle(cumulated))
                made[:, row] = 1 - penalties[places].mean(), delay[places].mean()
        return made[0], made[1]

    def metrics(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        positive, true, false = total("positive"), total("found"), total("false")
        f1 = ratio(2 * true, true + false + positive)
        f1[positive <= 0] = np.nan
        speed, median = medians(drawn)
        others = ratio(positive, total("all")) * total("false/negative") + (positive - true)
        return {
            "f_latency": np.where(np.isnan(speed), 0 * f1, f1 * speed),
            **{name: ratio(total(name) + others, total("all")) for name in ERDE},
            "precision": ratio(true, true + false),
            "recall": ratio(true, positive),
            "f1": f1,
            "speed": speed,
            "median_delay": median,
        }

    return MetricValues(metrics=metrics, curves={"early": _describe_alarms(inputs, sums, delay, weights)})


def _describe_alarms(
    inputs: MetricInputs, sums: ClusterSums, delay: Floats, weights: Floats
) -> dict[str, Any]:
    """Return what the metrics depend on, and recall by delay, with each cluster once.

    ``delay``, ``weights`` [found]: of true alarms.
    """
    total = sums.totals(np.ones((1, inputs.clusters.count)))
    positive = float(total("positive")[0])
    return {
        "p": P,
        "half_speed_delay": HALF_SPEED_DELAY,
        "premature": PREMATURE,
        "erde_o": list(ERDE.values()),
        "cost_miss": 1.0,
        "cost_false_positive": float(ratio(total("positive"), total("all"))[0]),
        "alarmed_share": float(ratio(total("alarmed"), total("all"))[0]),
        "recall_by_delay": {str(d): float(weights[delay <= d].sum()) / positive for d in CURVE if positive},
    }


def _measure_harm(inputs: MetricInputs, alarmed: Mask, found: Mask) -> MetricValues:
    """Return false alarms by group, and protection by attribute, as far as the answers know them."""
    parts, gaps = [], []
    if "group" in inputs.test.columns:
        gaps.append(HARM_GAP.name)
        members = _find_members(inputs)
        compared = tuple(
            group
            for group, rows in members.items()
            if group not in (UNCOMMITTED, SPAM, LAWFUL) and inputs.clusters.among(rows) >= FEWEST_CLUSTERS
        )
        parts.append(measure_false_accusations(inputs, members, compared, {"": alarmed}, "false_alarms"))
        large = {group: rows for group, rows in members.items() if group in (*compared, LAWFUL)}
        parts.append(measure_decided(inputs, large, alarmed.astype(float), found.astype(float)))
    if any(name in inputs.test.columns for name in ATTRIBUTES):
        gaps.append(PROTECTION_GAP.name)
        parts.append(measure_protection(inputs, found))
    reason = explain_worthless_gap(inputs, alarmed, found)
    return withhold_if_silent(combine(parts), gaps, reason)


def _find_members(inputs: MetricInputs) -> dict[str, Mask]:
    """Return the negative rows of each group, [rows], and all lawful ones."""
    kind = inputs.test["group"]
    named = kind.replace({TRAFFICKING: UNCOMMITTED})
    groups = named.drop_nulls().unique().sort()
    every = {str(group): find_equal(named, group) & ~inputs.positive for group in groups}
    members = {group: rows for group, rows in every.items() if rows.any()}
    lawful = ~kind.is_in([TRAFFICKING, UNCOMMITTED, SPAM]).fill_null(True).to_numpy() & ~inputs.positive
    if "migrant" in inputs.test.columns:
        members["migrant"] = lawful & inputs.test["migrant"].fill_null(False).to_numpy()
    return {**members, LAWFUL: lawful}


FAMILY = Family("early", ALARMS, EARLY_METRICS, measure_alarms)
