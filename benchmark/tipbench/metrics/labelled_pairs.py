"""Predicted clusters against a user's own labelled pairs, where those are the only truth.

A labelled pair is predicted positive when both its units are in one predicted cluster.
``pairwise_precision``, ``pairwise_recall`` and ``pairwise_f1`` are over the labelled pairs of the test part,
each weighing one. Pairs share units, so there are no clusters to resample and no interval is given.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tipbench.kinds.clusters import CLUSTERS
from tipbench.metrics.bootstrap import Metrics
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, MetricValues, not_available
from tipbench.metrics.shared import PAIRWISE_F1, PAIRWISE_PRECISION, PAIRWISE_RECALL

METRICS = (PAIRWISE_F1, PAIRWISE_PRECISION, PAIRWISE_RECALL)
NO_CLUSTERS = "labelled pairs have no clusters to resample"


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the pairwise metrics where the answers hold labelled pairs and no true clusters; nothing otherwise."""
    pairs = inputs.answers.scored_pairs()
    if pairs is None or inputs.answers.frame["cluster"].null_count() < inputs.answers.frame.height:
        return MetricValues(metrics=not_available())
    values = pair_scores(pairs, inputs.predictions, inputs.answers.unit)
    absent = [name for name, value in values.items() if np.isnan(value)]

    def metrics(drawn: np.ndarray) -> Metrics:
        return {name: np.full(len(drawn), value) for name, value in values.items()}

    return MetricValues(
        metrics=metrics,
        withheld=dict.fromkeys(absent, "no such pair"),
        without_interval=dict.fromkeys(values, NO_CLUSTERS),
    )


def pair_scores(pairs: pl.DataFrame, predictions: pl.DataFrame, unit: str) -> dict[str, float]:
    """Return precision, recall and F1 over pairs ``[left, right, label]``; NaN where the denominator is zero."""
    ends = [
        pairs.select(pl.col(end).alias(unit)).join(predictions, on=unit, how="left", maintain_order="left")[
            "cluster"
        ]
        for end in ("left", "right")
    ]
    predicted = (ends[0] == ends[1]).to_numpy()
    positive = pairs["label"].to_numpy() == 1
    true, flagged, wanted = int((predicted & positive).sum()), int(predicted.sum()), int(positive.sum())
    return {
        "pairwise_f1": 2 * true / (flagged + wanted) if flagged + wanted else np.nan,
        "pairwise_precision": true / flagged if flagged else np.nan,
        "pairwise_recall": true / wanted if wanted else np.nan,
    }


FAMILY = Family(CLUSTERS, METRICS, measure)
