"""Calibration of scores that claim to be probabilities: all of them, valid and test, lie in [0, 1].

``brier``: the headline-weighted mean of (score - label)^2 at the data's own prevalence (Brier 1950). The
reliability curve has ten bins of equal width, each with its lower edge; the last one has its upper edge too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, not_available

BINS = 10
EDGES = (np.arange(1, BINS) / BINS).astype(np.float32)
"""Inner edges of the bins. Scores are compared with them as float32, so that .7 is in the bin [.7, .8) whether it was
stored as float32 (.69999999) or as float64; a float64 less than 3e-8 below an edge counts as the edge."""
METRICS = (Metric("brier", "Brier score", lower_is_better=True),)
NOT_PROBABILITIES = "scores outside [0, 1]"


def measure(inputs: MetricInputs) -> MetricValues:
    """Return Brier score, and ``curves["reliability"]``: one entry a bin with ``low``, ``high``, ``weight`` (share
    of the test part's), ``mean_score`` and ``positive_share`` (null in an empty bin)."""
    scores = inputs.predictions["score"]
    if not scores.is_between(0.0, 1.0).all():
        return MetricValues(metrics=not_available("brier"), withheld={"brier": NOT_PROBABILITIES})
    score, label, weight = inputs.test["score"].to_numpy(), inputs.positive.astype(np.float64), inputs.weights
    sums = ClusterSums(inputs.clusters)
    sums.add("loss", weight, (score - label) ** 2)
    sums.add("weight", weight)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {"brier": ratio(total("loss"), total("weight"))}

    return MetricValues(metrics=metrics, curves={"reliability": reliability(score, label, weight)})


def reliability(
    score: NDArray[np.float64], label: NDArray[np.float64], weight: NDArray[np.float64]
) -> list[dict[str, float | None]]:
    """Return the ten bins of scores [rows] in [0, 1] against labels 0 or 1 [rows] under weights [rows]."""
    bins = np.searchsorted(EDGES, score.astype(np.float32), side="right")
    mass = np.bincount(bins, weight, BINS)
    mean = ratio(np.bincount(bins, weight * score, BINS), mass)
    positive = ratio(np.bincount(bins, weight * label, BINS), mass)
    return [
        {
            "low": index / BINS,
            "high": (index + 1) / BINS,
            "weight": float(mass[index] / mass.sum()),
            "mean_score": float(mean[index]) if mass[index] else None,
            "positive_share": float(positive[index]) if mass[index] else None,
        }
        for index in range(BINS)
    ]


FAMILY = Family(SCORES, METRICS, measure)
