"""What an aggregation of crowd votes decides at one half, for tasks that name these metrics among their own.

Scores are probabilities of the positive class; at or above one half a unit is condemned, and a score of exactly one
half counts half (so that a tie is a coin's toss and the order of rows never matters).

- ``accuracy``: share of right decisions, as the literature on truth inference has it (Zheng et al. 2017).
- ``false_positive_rate``: share of the lawful (independent and business) who are condemned. By group in ``groups``.
- ``brigaded_false_positive_rate``: the same of the lawful whom a brigade targets, pooled over brigades.
- ``worst_brigade``: the largest share of one brigade's lawful targets, over the brigades that have at least three in
  the test part. A maximum over few brigades has no useful bootstrap, so it comes without an interval.

- ``accusations_per_find``, ``worst_group_accused``: of :mod:`tipbench.metrics.accusations`, at this threshold. An
  operation counts half where no unit of it is above one half and any ties.

Withheld where a score is outside [0, 1]; what needs groups or brigades is given only where the answers know them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.accusations import OWN, OWN_NAMES, as_decided, lawful_rows
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, or_none, ratio
from tipbench.metrics.calibration import NOT_PROBABILITIES
from tipbench.metrics.harm import lawful_members
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, not_available, together
from tipbench.metrics.shared import ACCURACY

GROUP, BRIGADE = frozenset({"group"}), frozenset({"group", "brigade"})
METRICS = (
    ACCURACY,
    Metric("false_positive_rate", "lawful adverts condemned", lower_is_better=True, needs=GROUP),
    Metric("brigaded_false_positive_rate", "brigaded adverts condemned", lower_is_better=True, needs=BRIGADE),
    Metric("worst_brigade", "condemned of the worst brigade's", lower_is_better=True, needs=BRIGADE),
    *OWN,
)
HALF = 0.5
FEWEST_TARGETS = 3
NO_BRIGADE = f"no brigade has {FEWEST_TARGETS} lawful targets in the test part"


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of the module for which the ground truth has the columns."""
    wanted = [metric.name for metric in METRICS if metric.needs <= set(inputs.test.columns)]
    if not inputs.predictions["score"].is_between(0.0, 1.0).all():
        return MetricValues(metrics=not_available(*wanted), withheld=dict.fromkeys(wanted, NOT_PROBABILITIES))
    parts = [_by_unit(inputs, [name for name in wanted if name not in OWN_NAMES])]
    if "group" in inputs.test.columns:
        condemned = decided(inputs.test["score"].to_numpy())
        parts.append(as_decided(inputs, lawful_rows(inputs), condemned, condemned * inputs.positive))
    return together(parts)


def _by_unit(inputs: MetricInputs, wanted: list[str]) -> MetricValues:
    """Return those of these metrics that count units."""
    condemned = decided(inputs.test["score"].to_numpy())
    sums, groups = _sums(inputs, condemned)
    worst = worst_brigade(inputs, condemned) if "worst_brigade" in wanted else None

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        found = {"accuracy": ratio(total("right"), total("all"))}
        for name, group in (("false_positive_rate", "lawful"), ("brigaded_false_positive_rate", "brigaded")):
            if name in wanted:
                found[name] = ratio(total(f"{group}/condemned"), total(group))
        if "worst_brigade" in wanted:
            found["worst_brigade"] = np.full(len(drawn), np.nan if worst is None else worst)
        return {name: found[name] for name in wanted}

    bare = {"worst_brigade": "a maximum over brigades"} if worst is not None else {}
    none = {"worst_brigade": NO_BRIGADE} if "worst_brigade" in wanted and worst is None else {}
    return MetricValues(
        metrics=metrics, without_interval=bare, withheld=none, groups=_rates(inputs, sums, groups)
    )


def decided(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for scores above one half, 0 below, one half for a tie."""
    return (scores > HALF) + HALF * (scores == HALF)


def _sums(inputs: MetricInputs, condemned: NDArray[np.float64]) -> tuple[ClusterSums, tuple[str, ...]]:
    """Return sums a cluster of what is right, and of each lawful group and its condemned; and these groups' names."""
    sums = ClusterSums(inputs.clusters)
    sums.add("all", inputs.weights)
    sums.add("right", inputs.weights * np.where(inputs.positive, condemned, 1.0 - condemned))
    if "group" not in inputs.test.columns:
        return sums, ()
    members = {name: rows & ~inputs.positive for name, rows in lawful_members(inputs).items()}
    if "brigade" in inputs.test.columns:
        members["brigaded"] = members["lawful"] & inputs.test["brigade"].is_not_null().to_numpy()
    for name, rows in members.items():
        sums.add(name, inputs.weights * rows)
        sums.add(f"{name}/condemned", inputs.weights * rows * condemned)
    return sums, tuple(members)


def _rates(
    inputs: MetricInputs, sums: ClusterSums, groups: tuple[str, ...]
) -> dict[str, dict[str, float | None]]:
    def rates(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/condemned"), total(name)) for name in groups}

    values = observed(rates, inputs.clusters.count) if groups else {}
    return {name: {"false_positive_rate": or_none(value)} for name, value in values.items()}


def worst_brigade(inputs: MetricInputs, condemned: NDArray[np.float64]) -> float | None:
    """Return the largest share of a brigade's lawful targets that is condemned; None where no brigade has enough."""
    lawful = lawful_members(inputs)["lawful"] & ~inputs.positive
    rows = lawful & inputs.test["brigade"].is_not_null().to_numpy()
    _, brigade = np.unique(inputs.test["brigade"].fill_null(-1).to_numpy()[rows], return_inverse=True)
    targets = np.bincount(brigade)
    shares = np.bincount(brigade, condemned[rows]) / np.maximum(targets, 1)
    enough = shares[targets >= FEWEST_TARGETS]
    return float(enough.max()) if enough.size else None


FAMILY = Family(SCORES, METRICS, measure)
