"""What a threshold fixed on the valid part does on the test part.

A unit is flagged when its score is at or above the threshold. Two thresholds are fixed, with headline
weights:

- ``budget_1pct``: the lowest score of the valid part at which the flagged weight is at most 1% of valid's.
  Units of equal score are flagged together or not at all, so the budget is never exceeded: where the next
  block of ties does not fit, the whole block stays out; where even the highest does not fit, the threshold is
  the next number above it, and on valid nothing is flagged.
- ``recall_50``: the highest score of the valid part at which recall there is at least one half.

Of an open entry, whose author chose the scores of the valid part too, both are fixed on the scores of the test part
(:attr:`tipbench.metrics.inputs.MetricInputs.open_entry`).

``ppv_*`` is the precision at the first threshold for a prevalence pi: pi TPR / (pi TPR + (1 - pi) FPR). It is
withheld where the false positives come from under ten clusters (operations), since FPR is then next to
unknown. In a bootstrap the thresholds stay as they are: the test clusters alone are resampled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, or_none, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, not_available

BUDGET = 0.01
RECALL = 0.5
PREVALENCES = {"ppv_0.1pct": 0.001, "ppv_1pct": 0.01, "ppv_5pct": 0.05, "ppv_30pct": 0.30}
METRICS = tuple(
    Metric(name, f"precision at {100 * prevalence:g}% prevalence") for name, prevalence in PREVALENCES.items()
)
FEWEST_FALSE_POSITIVE_CLUSTERS = 10
NO_VALID_PART = "no valid part to fix a threshold on"


def budget_threshold(
    scores: NDArray[np.float64], weights: NDArray[np.float64], budget: float = BUDGET
) -> float:
    """Return the lowest score [rows] at which at most this share of the weight [rows] is flagged."""
    values, flagged = _flagged_weight(scores, weights)
    # The slack keeps a budget that is met exactly from being missed by rounding.
    fits = np.count_nonzero(flagged <= budget * flagged[-1] * (1 + 1e-12))
    return float(values[fits - 1]) if fits else float(np.nextafter(values[0], np.inf))


def recall_threshold(
    scores: NDArray[np.float64], weights: NDArray[np.float64], recall: float = RECALL
) -> float:
    """Return the highest score at which recall is at least this, from the positives' scores and weights
    [positives]."""
    values, found = _flagged_weight(scores, weights)
    return float(values[np.searchsorted(found, recall * found[-1] * (1 - 1e-12))])


def _flagged_weight(
    scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct scores, falling, and the weight at or above each."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    return ranked[ends], np.cumsum(weights[order])[ends]


def thresholds(inputs: MetricInputs) -> dict[str, float]:
    """Return the thresholds by name, fixed on the valid part, or on the test of an open entry: none without one, no
    ``recall_50`` without a positive."""
    rows = inputs.threshold_rows
    if rows.is_empty():
        return {}
    score, weight = rows["score"].to_numpy(), rows["weight"].to_numpy()
    positive = rows["label"].to_numpy() == 1
    fixed = {"budget_1pct": budget_threshold(score, weight)}
    if positive.any():
        fixed["recall_50"] = recall_threshold(score[positive], weight[positive])
    return fixed


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the PPV grid, and ``curves["operating_points"]``: for each threshold ``threshold``, ``recall``,
    ``false_positive_rate``, ``precision`` (at the test part's own prevalence), ``flagged_share`` (of its
    weight), ``false_positive_clusters`` and the PPV grid (null where withheld, and without a positive)."""
    fixed = thresholds(inputs)
    if not fixed:
        return MetricValues(
            metrics=not_available(*PREVALENCES), withheld=dict.fromkeys(PREVALENCES, NO_VALID_PART)
        )
    points = {name: _point(inputs, threshold) for name, threshold in fixed.items()}
    budget = fixed["budget_1pct"]
    false_clusters = _false_positive_clusters(inputs, budget)
    withheld = {}
    if false_clusters < FEWEST_FALSE_POSITIVE_CLUSTERS:
        needed = FEWEST_FALSE_POSITIVE_CLUSTERS
        reason = f"false positives come from only {false_clusters} clusters, {needed} needed"
        withheld = dict.fromkeys(PREVALENCES, reason)
    return MetricValues(
        metrics=_Flagged(inputs, budget).ppv, withheld=withheld, curves={"operating_points": points}
    )


class _Flagged:
    """Weights of true and false positives at one threshold, a cluster."""

    def __init__(self, inputs: MetricInputs, threshold: float) -> None:
        self.sums = ClusterSums(inputs.clusters)
        flagged = inputs.test["score"].to_numpy() >= threshold
        for name, rows in (("positive", inputs.positive), ("negative", ~inputs.positive)):
            self.sums.add(name, inputs.weights, rows)
            self.sums.add(f"flagged_{name}", inputs.weights, rows & flagged)

    def rates(self, drawn: NDArray[np.float64]) -> Metrics:
        """Return recall, false-positive rate, precision and flagged share under the multiplicities."""
        total = self.sums.totals(drawn)
        true, false = total("flagged_positive"), total("flagged_negative")
        return {
            "recall": ratio(true, total("positive")),
            "false_positive_rate": ratio(false, total("negative")),
            "precision": ratio(true, true + false),
            "flagged_share": ratio(true + false, total("positive") + total("negative")),
        }

    def ppv(self, drawn: NDArray[np.float64]) -> Metrics:
        """Return the PPV grid under the multiplicities."""
        rates = self.rates(drawn)
        recall, false = rates["recall"], rates["false_positive_rate"]
        return {name: ratio(pi * recall, pi * recall + (1 - pi) * false) for name, pi in PREVALENCES.items()}


def _false_positive_clusters(inputs: MetricInputs, threshold: float) -> int:
    false = (inputs.test["score"].to_numpy() >= threshold) & ~inputs.positive
    return inputs.clusters.among(false)


def _point(inputs: MetricInputs, threshold: float) -> dict[str, float | None]:
    flagged, clusters = _Flagged(inputs, threshold), _false_positive_clusters(inputs, threshold)
    rates = observed(flagged.rates, inputs.clusters.count)
    ppv = observed(flagged.ppv, inputs.clusters.count)
    shown = {name: or_none(value) for name, value in rates.items()}
    enough = clusters >= FEWEST_FALSE_POSITIVE_CLUSTERS
    grid = {name: or_none(value) if enough else None for name, value in ppv.items()}
    return {"threshold": threshold, **shown, "false_positive_clusters": clusters, **grid}


FAMILY = Family(SCORES, METRICS, measure)
