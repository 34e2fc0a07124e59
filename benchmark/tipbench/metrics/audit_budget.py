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
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, ratio
from tipbench.metrics.case import Case
from tipbench.metrics.harm import SPAM, lawful_members
from tipbench.metrics.labelset import reached
from tipbench.metrics.metric import Family, Measured, Metric

BUDGET = 0.05
SLOT = frozenset({"slot"})
METRICS = (
    Metric("precision_at_audit_budget", "precision at the audit budget", needs=SLOT),
    Metric("recall_at_audit_budget", "recall at the audit budget", needs=SLOT),
)
NAMES = tuple(metric.name for metric in METRICS)
NO_POSITIVE = "no positive in the test part"


def measure(case: Case) -> Measured:
    """Return both metrics; the ground truth must have slots."""
    audited = reached(case.test["score"].to_numpy(), case.test["slot"], case.weights, BUDGET)
    sums = ClusterSums(case.clusters)
    sums.add("audited", case.weights * audited)
    sums.add("positive", case.weights * case.positive)
    sums.add("found", case.weights * case.positive * audited)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {
            NAMES[0]: ratio(total("found"), total("audited")),
            NAMES[1]: ratio(total("found"), total("positive")),
        }

    withheld = {} if case.positive.any() else {NAMES[1]: NO_POSITIVE}
    return Measured(metrics=metrics, withheld=withheld, groups=_audited(case, audited))


def _audited(case: Case, audited: NDArray[np.float64]) -> dict[str, dict[str, float | None]]:
    if "group" not in case.test.columns:
        return {}
    members = {name: rows & ~case.positive for name, rows in lawful_members(case).items() if name != SPAM}
    sums = ClusterSums(case.clusters)
    for name, rows in members.items():
        sums.add(name, case.weights * rows)
        sums.add(f"{name}/audited", case.weights * rows * audited)

    def shares(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/audited"), total(name)) for name in members}

    values = observed(shares, case.clusters.count)
    return {name: {"audited": None if np.isnan(value) else value} for name, value in values.items()}


FAMILY = Family(SCORES, METRICS, measure)
