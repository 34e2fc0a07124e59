"""F1 of the positive class, and recall by typology, at the threshold that serves F1 best on the valid part.

``f1`` = 2 TP / (2 TP + FP + FN), every row weighing one, at the data's own prevalence: the measure of AMLworld (Altman
et al. 2023). A unit is flagged when its score is at or above the threshold, which is the score of the valid part with
the highest F1 there (the highest of several), by the labels that valid is scored by. In a bootstrap it stays as it is.
Only tasks that name ``f1`` among their metrics are given it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, MetricValues, not_available
from tipbench.metrics.operating import NO_VALID_PART, thresholds
from tipbench.metrics.shared import F1

NAME = "f1"
METRICS = (F1,)
NO_POSITIVE = "no positive in the valid part to fix a threshold on"
TYPOLOGY = "typology"


def f1_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the score [rows] at and above which F1 is highest; the highest of several. There must be a positive
    [rows]."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    found = np.cumsum(positive[order])[ends]
    return float(ranked[ends[np.argmax(2 * found / (ends + 1 + positive.sum()))]])


def measure(inputs: MetricInputs) -> MetricValues:
    """Return ``f1``; and, where answers have a ``typology``, groups ``typology=...`` with ``recall`` at the 1% budget,
    ``recall_at_f1``, ``positives`` and ``positive_clusters``, without intervals: most are of few clusters."""
    positive = inputs.valid["label"].to_numpy() == 1
    if not positive.any():
        reason = NO_VALID_PART if inputs.valid.is_empty() else NO_POSITIVE
        return MetricValues(metrics=not_available(NAME), withheld={NAME: reason})
    threshold = f1_threshold(inputs.valid["score"].to_numpy(), positive)
    flagged = inputs.test["score"].to_numpy() >= threshold
    sums = ClusterSums(inputs.clusters)
    sums.add("true", inputs.positive & flagged)
    sums.add("flagged", flagged)
    sums.add("positive", inputs.positive)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        # Without a positive nothing can be found, and F1 says nothing.
        none = np.where(total("positive") > 0, total("flagged") + total("positive"), 0.0)
        return {NAME: ratio(2 * total("true"), none)}

    return MetricValues(metrics=metrics, groups=_typologies(inputs, flagged))


def _typologies(inputs: MetricInputs, flagged: NDArray[np.bool_]) -> dict[str, dict[str, float | None]]:
    if TYPOLOGY not in inputs.test.columns:
        return {}
    budget = inputs.test["score"].to_numpy() >= thresholds(inputs)["budget_1pct"]
    groups: dict[str, dict[str, float | None]] = {}
    for name in inputs.test[TYPOLOGY].drop_nulls().unique().sort():
        rows = (inputs.test[TYPOLOGY] == name).fill_null(False).to_numpy() & inputs.positive
        if rows.any():
            groups[f"{TYPOLOGY}={name}"] = {
                "recall": float(budget[rows].mean()),
                "recall_at_f1": float(flagged[rows].mean()),
                "positives": int(rows.sum()),
                "positive_clusters": inputs.clusters.among(rows),
            }
    return groups


FAMILY = Family(SCORES, METRICS, measure)
