"""What an audit budget comes to: the top 5% of a region's firms, or of whatever shares a budget.

In each ``slot`` of the answers (a region) the highest-scored 5% of the test units by weight are audited. Where the
limit falls inside a block of equal scores, or inside one unit, it counts in proportion: the expectation over random
orders.

- ``precision_at_audit_budget``: the share of positives among the audited, at the data's own prevalence.
- ``recall_at_audit_budget``: the share of the positives that is audited. A constant score gets .05.

In a bootstrap those audited stay as they are and clusters are resampled, as with a threshold fixed beforehand.
``groups`` gets ``audited`` for each lawful group: the share of its units that is audited without reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, or_none, ratio
from tipbench.metrics.harm import SPAM, lawful_members
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.labelset import reached
from tipbench.metrics.metric import Family, Metric, MetricValues

BUDGET = 0.05
SLOT = frozenset({"slot"})
METRICS = (
    Metric("precision_at_audit_budget", "precision at the audit budget", needs=SLOT),
    Metric("recall_at_audit_budget", "recall at the audit budget", needs=SLOT),
)
NAMES = tuple(metric.name for metric in METRICS)
NO_POSITIVE = "no positive in the test part"


def measure(inputs: MetricInputs) -> MetricValues:
    """Return both metrics; the ground truth must have slots."""
    audited = reached(inputs.test["score"].to_numpy(), inputs.test["slot"], inputs.weights, BUDGET)
    sums = ClusterSums(inputs.clusters)
    sums.add("audited", inputs.weights * audited)
    sums.add("positive", inputs.weights * inputs.positive)
    sums.add("found", inputs.weights * inputs.positive * audited)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {
            NAMES[0]: ratio(total("found"), total("audited")),
            NAMES[1]: ratio(total("found"), total("positive")),
        }

    withheld = {} if inputs.positive.any() else {NAMES[1]: NO_POSITIVE}
    return MetricValues(metrics=metrics, withheld=withheld, groups=_audited(inputs, audited))


def _audited(inputs: MetricInputs, audited: NDArray[np.float64]) -> dict[str, dict[str, float | None]]:
    if "group" not in inputs.test.columns:
        return {}
    members = {name: rows & ~inputs.positive for name, rows in lawful_members(inputs).items() if name != SPAM}
    sums = ClusterSums(inputs.clusters)
    for name, rows in members.items():
        sums.add(name, inputs.weights * rows)
        sums.add(f"{name}/audited", inputs.weights * rows * audited)

    def shares(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/audited"), total(name)) for name in members}

    values = observed(shares, inputs.clusters.count)
    return {name: {"audited": or_none(value)} for name, value in values.items()}


FAMILY = Family(SCORES, METRICS, measure)
