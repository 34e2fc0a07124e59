"""Units of one class among several: how many are right, and how right it is class by class.

The class with the highest score is what is predicted; where several are highest each counts for its part, so that a tie
is a coin's toss and the order of classes never matters.

- ``accuracy``: share of right classes, as the literature on truth inference has it (Zheng et al. 2017).
- ``macro_f1``: the mean over classes of F1 = 2 right / (predicted + true), so that rare classes count like common ones.
  A class that no unit of the test part has, nor is predicted, is left out of the mean.

All use the headline weights. By class in ``groups``: precision, recall, and how many units have it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.classes import CLASSES
from tipbench.kinds.labelsets import SCORE_PREFIX
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, or_none, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues
from tipbench.metrics.shared import ACCURACY

METRICS = (ACCURACY, Metric("macro_f1", "macro F1 over classes"))


def measure(inputs: MetricInputs) -> MetricValues:
    """Return both metrics, with ``class=NAME`` in groups."""
    names = inputs.answers.label_names
    truth, decided = _truth_and_decided(inputs)
    weight = inputs.answers.scored()["weight"].to_numpy()
    sums = ClusterSums(inputs.clusters)
    sums.add("all", weight)
    for name, true, said in zip(names, truth.T, decided.T, strict=True):
        sums.add(f"{name}/true", weight * true)
        sums.add(f"{name}/said", weight * said)
        sums.add(f"{name}/right", weight * true * said)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        right = np.sum([total(f"{name}/right") for name in names], axis=0)
        f1 = np.stack(
            [ratio(2 * total(f"{n}/right"), total(f"{n}/true") + total(f"{n}/said")) for n in names]
        )
        there = ~np.isnan(f1)
        return {
            "accuracy": ratio(right, total("all")),
            "macro_f1": ratio(np.where(there, f1, 0.0).sum(axis=0), there.sum(axis=0)),
        }

    return MetricValues(metrics=metrics, groups=_by_class(inputs, sums, truth))


def _truth_and_decided(inputs: MetricInputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which class each scored unit has, and which it is given, [units, classes] with rows that add up to 1."""
    names, unit = inputs.answers.label_names, inputs.answers.unit
    scored = inputs.answers.scored()
    scores = inputs.predictions.filter(inputs.predictions[unit].is_in(scored[unit].implode()))
    values = scores.select(f"{SCORE_PREFIX}{name}" for name in names).to_numpy().astype(np.float64)
    highest = (values == values.max(axis=1, keepdims=True)).astype(np.float64)
    truth = scored.select(f"{LABEL_PREFIX}{name}" for name in names).to_numpy().astype(np.float64)
    return truth, highest / highest.sum(axis=1, keepdims=True)


def _by_class(
    inputs: MetricInputs, sums: ClusterSums, truth: NDArray[np.float64]
) -> dict[str, dict[str, float | None]]:
    names = inputs.answers.label_names

    def shares(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        found = {}
        for name in names:
            found[f"{name}/precision"] = ratio(total(f"{name}/right"), total(f"{name}/said"))
            found[f"{name}/recall"] = ratio(total(f"{name}/right"), total(f"{name}/true"))
        return found

    values = {place: or_none(value) for place, value in observed(shares, inputs.clusters.count).items()}
    return {
        f"class={name}": {
            "precision": values[f"{name}/precision"],
            "recall": values[f"{name}/recall"],
            "units": float(count),
        }
        for name, count in zip(names, truth.sum(axis=0), strict=True)
    }


FAMILY = Family(CLASSES, METRICS, measure)
