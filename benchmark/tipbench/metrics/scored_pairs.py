"""Scored record pairs of a user's own data: the pairwise scores at a threshold tuned on the valid part.

Where a linkage task is given scores of labelled pairs instead of clusters, a pair is predicted positive at or
above the score that gives the highest F1 on the valid part (the highest such score), as the literature on
record linkage does (Konda et al. 2016); precision, recall and F1 are those on the test part. The threshold
stays as it is in a bootstrap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, MetricValues, not_available
from tipbench.metrics.operating import NO_VALID_PART
from tipbench.metrics.shared import PAIRWISE_F1, PAIRWISE_PRECISION, PAIRWISE_RECALL

METRICS = (PAIRWISE_F1, PAIRWISE_PRECISION, PAIRWISE_RECALL)
NAMES = tuple(metric.name for metric in METRICS)


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the pairwise scores, for a task of clusters whose ground truth is of scored pairs."""
    valid = inputs.valid
    positive = valid["label"].to_numpy() == 1
    if not positive.any():
        return MetricValues(metrics=not_available(*NAMES), withheld=dict.fromkeys(NAMES, NO_VALID_PART))
    threshold = best_f1_threshold(valid["score"].to_numpy(), positive, valid["weight"].to_numpy())
    flagged = inputs.test["score"].to_numpy() >= threshold
    sums = ClusterSums(inputs.clusters)
    sums.add("wanted", inputs.weights * inputs.positive)
    sums.add("flagged", inputs.weights * flagged)
    sums.add("found", inputs.weights * (flagged & inputs.positive))

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        found, flagged, wanted = total("found"), total("flagged"), total("wanted")
        return {
            PAIRWISE_F1.name: ratio(2 * found, flagged + wanted),
            PAIRWISE_PRECISION.name: ratio(found, flagged),
            PAIRWISE_RECALL.name: ratio(found, wanted),
        }

    return MetricValues(metrics=metrics, curves={"pair_threshold": threshold})


def best_f1_threshold(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float:
    """Return the highest score [rows] at or above which F1 is at its highest; there must be a positive."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    flagged = np.cumsum(weights[order])[ends]
    found = np.cumsum((weights * positive)[order])[ends]
    return float(ranked[ends[np.argmax(2 * found / (flagged + found[-1]))]])


FAMILY = Family(SCORES, METRICS, measure)
