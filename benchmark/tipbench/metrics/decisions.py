"""Metrics of decisions: F1 at a tuned threshold, crowd votes at one half, and audits within a budget.

**F1 of the positive class**, and recall by typology, at the threshold with the highest F1 on the valid part.
``f1`` = 2 TP / (2 TP + FP + FN), every row weighing one, at the data's own prevalence: the measure of AMLworld (Altman
et al. 2023). A unit is flagged when its score is at or above the threshold, which is the score of the valid part with
the highest F1 there (the highest of several), by the labels that valid is scored by. In a bootstrap it stays fixed.
Only tasks that name ``f1`` among their metrics are given it.

**Crowd votes.** Scores are probabilities of the positive class; at or above one half a unit is condemned, and a score
of exactly one half counts half (so that a tie is a coin's toss and the order of rows never matters).

- ``accuracy``: share of right decisions, as the literature on truth inference has it (Zheng et al. 2017).
- ``false_positive_rate``: share of the lawful (independent and business) who are condemned. By group in ``groups``.
- ``brigaded_false_positive_rate``: the same of the lawful whom a brigade targets, pooled over brigades.
- ``worst_brigade``: the largest share of one brigade's lawful targets, over the brigades that have at least three in
  the test part. A maximum over few brigades has no useful bootstrap, so it comes without an interval.
- ``accusations_per_find``, ``worst_group_accused``: of :mod:`tipbench.metrics.harm`, at this threshold. An
  operation counts half where no unit of it is above one half and any ties.

Withheld where a score is outside [0, 1]; metrics that need groups or brigades are given only where the answers have
them.

**Audits.** In each ``slot`` of the answers (a region) the highest-scored 5% of the test units by weight are audited.
Where the limit falls inside a block of equal scores, or inside one unit, it counts in proportion: the expectation over
random orders.

- ``precision_at_audit_budget``: the share of positives among the audited, at the data's own prevalence.
- ``recall_at_audit_budget``: the share of the positives that is audited. A constant score gets .05.

In a bootstrap the audited units stay fixed and clusters are resampled, as with a threshold fixed beforehand.
``groups`` gets ``audited`` for each lawful group: the share of its units that is audited without reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.labelled import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, compute_observed, none_if_nan, ratio
from tipbench.metrics.harm import (
    DECIDED_METRICS,
    DECIDED_NAMES,
    SPAM,
    lawful_members,
    lawful_rows,
    measure_decided,
)
from tipbench.metrics.labelsets import reach_capacity
from tipbench.metrics.metric import (
    ACCURACY,
    F1,
    Family,
    Metric,
    MetricInputs,
    MetricValues,
    combine,
    undefined_metrics,
)
from tipbench.metrics.ranking import NO_VALID_PART, NOT_PROBABILITIES, fix_thresholds

F1_NAME = "f1"
F1_METRICS = (F1,)
NO_VALID_POSITIVE = "no positive in the valid part to fix a threshold on"
TYPOLOGY = "typology"


def f1_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the score [rows] at and above which F1 is highest; the highest of several. There must be a positive
    [rows]."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    found = np.cumsum(positive[order])[ends]
    return float(ranked[ends[np.argmax(2 * found / (ends + 1 + positive.sum()))]])


def measure_f1(inputs: MetricInputs) -> MetricValues:
    """Return ``f1``; and, where answers have a ``typology``, groups ``typology=...`` with ``recall`` at the 1% budget,
    ``recall_at_f1``, ``positives`` and ``positive_clusters``, without intervals: most are of few clusters."""
    positive = inputs.valid["label"].to_numpy() == 1
    if not positive.any():
        reason = NO_VALID_PART if inputs.valid.is_empty() else NO_VALID_POSITIVE
        return MetricValues(metrics=undefined_metrics(F1_NAME), withheld={F1_NAME: reason})
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
        return {F1_NAME: ratio(2 * total("true"), none)}

    return MetricValues(metrics=metrics, groups=_recall_by_typology(inputs, flagged))


def _recall_by_typology(
    inputs: MetricInputs, flagged: NDArray[np.bool_]
) -> dict[str, dict[str, float | None]]:
    if TYPOLOGY not in inputs.test.columns:
        return {}
    budget = inputs.test["score"].to_numpy() >= fix_thresholds(inputs)["budget_1pct"]
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


MINORITY = Family("minority", SCORES, F1_METRICS, measure_f1)


GROUP, BRIGADE = frozenset({"group"}), frozenset({"group", "brigade"})
CROWD_METRICS = (
    ACCURACY,
    Metric("false_positive_rate", "lawful adverts condemned", lower_is_better=True, needs=GROUP),
    Metric("brigaded_false_positive_rate", "brigaded adverts condemned", lower_is_better=True, needs=BRIGADE),
    Metric("worst_brigade", "condemned of the worst brigade's", lower_is_better=True, needs=BRIGADE),
    *DECIDED_METRICS,
)
HALF = 0.5
FEWEST_TARGETS = 3
NO_BRIGADE = f"no brigade has {FEWEST_TARGETS} lawful targets in the test part"


def measure_crowd(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of the module for which the ground truth has the columns."""
    wanted = [metric.name for metric in CROWD_METRICS if metric.needs <= set(inputs.test.columns)]
    if not inputs.predictions["score"].is_between(0.0, 1.0).all():
        return MetricValues(
            metrics=undefined_metrics(*wanted), withheld=dict.fromkeys(wanted, NOT_PROBABILITIES)
        )
    parts = [_measure_units(inputs, [name for name in wanted if name not in DECIDED_NAMES])]
    if "group" in inputs.test.columns:
        condemned = decide(inputs.test["score"].to_numpy())
        parts.append(measure_decided(inputs, lawful_rows(inputs), condemned, condemned * inputs.positive))
    return combine(parts)


def _measure_units(inputs: MetricInputs, wanted: list[str]) -> MetricValues:
    """Return those of these metrics that count units."""
    condemned = decide(inputs.test["score"].to_numpy())
    sums, groups = _sum_decisions(inputs, condemned)
    worst = find_worst_brigade(inputs, condemned) if "worst_brigade" in wanted else None

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
        metrics=metrics, without_interval=bare, withheld=none, groups=_rates_by_group(inputs, sums, groups)
    )


def decide(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for scores above one half, 0 below, one half for a tie."""
    return (scores > HALF) + HALF * (scores == HALF)


def _sum_decisions(
    inputs: MetricInputs, condemned: NDArray[np.float64]
) -> tuple[ClusterSums, tuple[str, ...]]:
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


def _rates_by_group(
    inputs: MetricInputs, sums: ClusterSums, groups: tuple[str, ...]
) -> dict[str, dict[str, float | None]]:
    def rates(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/condemned"), total(name)) for name in groups}

    values = compute_observed(rates, inputs.clusters.count) if groups else {}
    return {name: {"false_positive_rate": none_if_nan(value)} for name, value in values.items()}


def find_worst_brigade(inputs: MetricInputs, condemned: NDArray[np.float64]) -> float | None:
    """Return the largest share of a brigade's lawful targets that is condemned; None where no brigade has enough."""
    lawful = lawful_members(inputs)["lawful"] & ~inputs.positive
    rows = lawful & inputs.test["brigade"].is_not_null().to_numpy()
    _, brigade = np.unique(inputs.test["brigade"].fill_null(-1).to_numpy()[rows], return_inverse=True)
    targets = np.bincount(brigade)
    shares = np.bincount(brigade, condemned[rows]) / np.maximum(targets, 1)
    enough = shares[targets >= FEWEST_TARGETS]
    return float(enough.max()) if enough.size else None


CROWD = Family("crowd", SCORES, CROWD_METRICS, measure_crowd)


AUDIT_BUDGET = 0.05
SLOT = frozenset({"slot"})
AUDIT_METRICS = (
    Metric("precision_at_audit_budget", "precision at the audit budget", needs=SLOT),
    Metric("recall_at_audit_budget", "recall at the audit budget", needs=SLOT),
)
AUDIT_NAMES = tuple(metric.name for metric in AUDIT_METRICS)
NO_TEST_POSITIVE = "no positive in the test part"


def measure_audits(inputs: MetricInputs) -> MetricValues:
    """Return both metrics; the ground truth must have slots."""
    audited = reach_capacity(
        inputs.test["score"].to_numpy(), inputs.test["slot"], inputs.weights, AUDIT_BUDGET
    )
    sums = ClusterSums(inputs.clusters)
    sums.add("audited", inputs.weights * audited)
    sums.add("positive", inputs.weights * inputs.positive)
    sums.add("found", inputs.weights * inputs.positive * audited)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {
            AUDIT_NAMES[0]: ratio(total("found"), total("audited")),
            AUDIT_NAMES[1]: ratio(total("found"), total("positive")),
        }

    withheld = {} if inputs.positive.any() else {AUDIT_NAMES[1]: NO_TEST_POSITIVE}
    return MetricValues(metrics=metrics, withheld=withheld, groups=_audits_by_group(inputs, audited))


def _audits_by_group(
    inputs: MetricInputs, audited: NDArray[np.float64]
) -> dict[str, dict[str, float | None]]:
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

    values = compute_observed(shares, inputs.clusters.count)
    return {name: {"audited": none_if_nan(value)} for name, value in values.items()}


AUDITS = Family("audit_budget", SCORES, AUDIT_METRICS, measure_audits)
