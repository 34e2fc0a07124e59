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

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Floats, GroupShares, Mask, Metrics, ratio
from tipbench.metrics.harm import DECIDED_METRICS, LAWFUL, lawful_members, lawful_rows, measure_decided
from tipbench.metrics.metric import (
    ACCURACY,
    F1,
    NO_POSITIVE,
    NOT_PROBABILITIES,
    Family,
    Groups,
    Metric,
    MetricInputs,
    MetricValues,
    combine,
    find_equal,
    withhold_all,
)
from tipbench.metrics.ranking import NO_VALID_PART, find_f1_threshold, fix_thresholds, reach_capacity

NO_VALID_POSITIVE = "no positive in the valid part to fix a threshold on"
TYPOLOGY = "typology"


def measure_f1(inputs: MetricInputs) -> MetricValues:
    """Return ``f1``; and, where answers have a ``typology``, groups ``typology=...`` with ``recall`` at the 1% budget,
    ``recall_at_f1``, ``positives`` and ``positive_clusters``, without intervals: most are of few clusters."""
    valid = inputs.valid
    positive = valid["label"].to_numpy() == 1
    if not positive.any():
        return withhold_all([F1.name], NO_VALID_PART if valid.is_empty() else NO_VALID_POSITIVE)
    threshold = find_f1_threshold(valid["score"].to_numpy(), positive, np.ones(positive.size))
    flagged = inputs.score >= threshold
    sums = ClusterSums(inputs.clusters)
    sums.add("true", inputs.positive & flagged)
    sums.add("flagged", flagged)
    sums.add("positive", inputs.positive)

    def metrics(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        # Without a positive nothing can be found, and F1 says nothing.
        none = np.where(total("positive") > 0, total("flagged") + total("positive"), 0.0)
        return {F1.name: ratio(2 * total("true"), none)}

    return MetricValues(metrics=metrics, groups=_recall_by_typology(inputs, flagged))


def _recall_by_typology(inputs: MetricInputs, flagged: Mask) -> Groups:
    if TYPOLOGY not in inputs.test.columns:
        return {}
    budget = inputs.score >= fix_thresholds(inputs)["budget_1pct"]
    groups: Groups = {}
    for name in inputs.test[TYPOLOGY].drop_nulls().unique().sort():
        rows = find_equal(inputs.test[TYPOLOGY], name) & inputs.positive
        if rows.any():
            groups[f"{TYPOLOGY}={name}"] = {
                "recall": float(budget[rows].mean()),
                "recall_at_f1": float(flagged[rows].mean()),
                "positives": int(rows.sum()),
                "positive_clusters": inputs.clusters.among(rows),
            }
    return groups


MINORITY = Family("minority", SCORES, (F1,), measure_f1)


GROUP, BRIGADE = frozenset({"group"}), frozenset({"group", "brigade"})
WORST = "worst_brigade"
CROWD_METRICS = (
    ACCURACY,
    Metric("false_positive_rate", "lawful adverts condemned", lower_is_better=True, needs=GROUP),
    Metric("brigaded_false_positive_rate", "brigaded adverts condemned", lower_is_better=True, needs=BRIGADE),
    Metric(WORST, "condemned of the worst brigade's", lower_is_better=True, needs=BRIGADE),
    *DECIDED_METRICS,
)
HALF = 0.5
FEWEST_TARGETS = 3
NO_BRIGADE = f"no brigade has {FEWEST_TARGETS} lawful targets in the test part"


def measure_crowd(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of the family for which the ground truth has the columns."""
    if not inputs.predictions["score"].is_between(0.0, 1.0).all():
        columns = set(inputs.test.columns)
        return withhold_all([one.name for one in CROWD_METRICS if one.needs <= columns], NOT_PROBABILITIES)
    condemned = decide(inputs.score)
    units = _measure_units(inputs, condemned)
    if "group" not in inputs.test.columns:
        return units
    decided = measure_decided(inputs, lawful_rows(inputs), condemned, condemned * inputs.positive)
    return combine([units, decided])


def _measure_units(inputs: MetricInputs, condemned: Floats) -> MetricValues:
    """Return the metrics that count units, from how far each is condemned, [rows]."""
    sums = ClusterSums(inputs.clusters)
    sums.add("all", inputs.weights)
    sums.add("right", inputs.weights, np.where(inputs.positive, condemned, 1.0 - condemned))
    members: dict[str, Mask] = {}
    if "group" in inputs.test.columns:
        members = {name: rows & ~inputs.positive for name, rows in lawful_members(inputs).items()}
        if "brigade" in inputs.test.columns:
            members["brigaded"] = members[LAWFUL] & inputs.test["brigade"].is_not_null().to_numpy()
    for name, rows in members.items():
        sums.add(name, inputs.weights, rows)
        sums.add(f"{name}/condemned", inputs.weights, rows, condemned)
    rates = {name: (f"{name}/condemned", name) for name in members}
    of_group = {"false_positive_rate": LAWFUL, "brigaded_false_positive_rate": "brigaded"}
    of_group = {name: rates[group] for name, group in of_group.items() if group in members}
    shares = sums.ratios({"accuracy": ("right", "all")} | of_group)
    by_group: Groups = {name: {"false_positive_rate": value} for name, value in sums.observe(rates).items()}
    units = MetricValues(metrics=shares, groups=by_group)
    if "brigaded" not in members:
        return units
    return combine([units, _measure_worst_brigade(inputs, condemned, members["brigaded"])])


def _measure_worst_brigade(inputs: MetricInputs, condemned: Floats, rows: Mask) -> MetricValues:
    """Return the largest share of one brigade's lawful targets [rows] that is condemned."""
    _, brigade = np.unique(inputs.test["brigade"].fill_null(-1).to_numpy()[rows], return_inverse=True)
    targets = np.bincount(brigade)
    shares = np.bincount(brigade, condemned[rows]) / np.maximum(targets, 1)
    enough = shares[targets >= FEWEST_TARGETS]
    if not enough.size:
        return withhold_all([WORST], NO_BRIGADE)
    return MetricValues(
        metrics=lambda drawn: {WORST: np.full(len(drawn), enough.max())},
        without_interval={WORST: "a maximum over brigades"},
    )


def decide(scores: Floats) -> Floats:
    """Return 1 for scores above one half, 0 below, one half for a tie."""
    return (scores > HALF) + HALF * (scores == HALF)


CROWD = Family("crowd", SCORES, CROWD_METRICS, measure_crowd)


AUDIT_BUDGET = 0.05
SLOT = frozenset({"slot"})
AUDIT_PRECISION = Metric("precision_at_audit_budget", "precision at the audit budget", needs=SLOT)
AUDIT_RECALL = Metric("recall_at_audit_budget", "recall at the audit budget", needs=SLOT)


def measure_audits(inputs: MetricInputs) -> MetricValues:
    """Return both metrics; the ground truth must have slots."""
    weights, positive = inputs.weights, inputs.positive
    audited = reach_capacity(inputs.score, inputs.test["slot"], weights, AUDIT_BUDGET)
    sums = ClusterSums(inputs.clusters)
    sums.add("audited", weights, audited)
    sums.add("positive", weights, positive)
    sums.add("found", weights, positive, audited)
    groups = lawful_rows(inputs) if "group" in inputs.test.columns else {}
    shares = GroupShares(inputs.clusters, weights, groups, audited).observed
    ratios = {AUDIT_PRECISION.name: ("found", "audited"), AUDIT_RECALL.name: ("found", "positive")}
    return MetricValues(
        metrics=sums.ratios(ratios),
        withheld={} if positive.any() else {AUDIT_RECALL.name: NO_POSITIVE},
        groups={name: {"audited": share} for name, share in shares.items()},
    )


AUDITS = Family("audit_budget", SCORES, (AUDIT_PRECISION, AUDIT_RECALL), measure_audits)
