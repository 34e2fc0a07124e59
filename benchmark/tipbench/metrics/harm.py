"""Whom a false alarm harms, and whom a method fails to protect, at the thresholds fixed on the valid part.

*False accusations*, where the answers know each unit's group: the share of a group's units that are flagged
(headline-weighted), and the share of its operations of which any unit of the test part is ever flagged.
Lawful groups are the task's own but spam: kinds of units such as ``independent``, ``business`` and
``resident``, which share out all lawful units, and :data:`MARKS`, which overlap them: ``migrant`` (the lawful whose
language is outside the region's majority), and of firms ``small`` and ``seasonal``; each where the answers have a
Boolean column of that name. ``lawful`` is all lawful units. ``spam``, where the task has it, is reported beside them
and is part of no lawful total or gap.

On a user's own data every group that they name is lawful, whatever its name, but for ``spam`` and ``trafficking``.

``harm_gap`` = the worst lawful group's rate per unit - the rate of all lawful units, at the 1% budget.

*Protection*, where the answers know the form, sex or language of those exploited: recall of each group of
positives at the 1% budget, headline-weighted. Groups of under 20 positive clusters are merged into ``other``,
which counts only if it has 20 itself; units whose attribute is null are in no group of it. Every form's own recall,
with its interval, is in :mod:`tipbench.metrics.by_form`.

``protection_gap`` = the best group's recall - the worst's within one attribute (whose groups share out the
same positives), the widest over the attributes.

Both gaps are withheld where nothing is found, or too little, where all is flagged, or over three times the budget or
under a third of it, and where the flagged are no better than chance (:mod:`tipbench.metrics.finds`): who flags nobody,
everybody or anybody would have the best of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    ClusterSums,
    Metrics,
    observed,
    or_none,
    ratio,
)
from tipbench.metrics.by_form import FORM, ByForm
from tipbench.metrics.finds import worthless
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, not_available, together
from tipbench.metrics.operating import BUDGET, NO_VALID_PART, thresholds

HARM_GAP = Metric(
    "harm_gap",
    "harm gap",
    lower_is_better=True,
    unit="per item",
    needs=frozenset({"group"}),
    beside=True,
    says="false accusations in the worst lawful group minus those in all lawful groups, where 1% of the valid part is "
    "flagged or by the alarms raised",
)
PROTECTION_GAP = Metric(
    "protection_gap",
    "protection gap",
    lower_is_better=True,
    unit="of recall",
    beside=True,
    says="recall in the best served group of people exploited minus recall in the worst served group, where 1% of the "
    "valid part is flagged or by the alarms raised",
)
METRICS = (HARM_GAP, PROTECTION_GAP)
LAWFUL, SPAM = "lawful", "spam"
MARKS = ("migrant", "small", "seasonal")
#: Groups that are not a kind of unit: a lawful unit of any kind may have any of these marks.
ATTRIBUTES = (FORM, "sex", "language")
OTHER = "other"
#: Threshold -> how the names of its rates end; the gaps are at the first.
SUFFIX = {"budget_1pct": "", "recall_50": "_at_recall_50"}

Groups = dict[str, dict[str, float | None]]


def measure(inputs: MetricInputs) -> MetricValues:
    """Return ``harm_gap`` and ``protection_gap`` where the answers have the columns for them.

    ``groups``: the task's groups (``independent``, ``business``, ``migrant`` …), ``lawful`` and ``spam`` with the rates
    ``false_accusations_per_unit`` and ``..._per_operation`` (and both ``_at_recall_50``), and the counts
    ``units`` and ``operations``; ``form=...``, ``sex=...``, ``language=...`` with ``recall`` and
    ``positive_clusters``; and ``form``, ``sex``, ``language`` with their ``protection_gap``.
    """
    columns = inputs.test.columns
    names = ["harm_gap"] if "group" in columns else []
    attributes = [name for name in ATTRIBUTES if name in columns]
    names += ["protection_gap"] if attributes else []
    fixed = thresholds(inputs)
    if not names or not fixed:
        return MetricValues(metrics=not_available(*names), withheld=dict.fromkeys(names, NO_VALID_PART))
    score = inputs.test["score"].to_numpy()
    flagged = {SUFFIX[name]: score >= value for name, value in fixed.items()}
    parts = []
    if "group" in columns:
        members = {group: rows & ~inputs.positive for group, rows in lawful_members(inputs).items()}
        compared = tuple(group for group in members if group not in (LAWFUL, SPAM))
        parts.append(accusations(inputs, members, compared, flagged, "false_accusations"))
    if attributes:
        parts.append(protection(inputs, flagged[""], attributes))
    reason = worthless(inputs, flagged[""], flagged[""] & inputs.positive, BUDGET)
    return unless_silent(together(parts), names, reason)


def unless_silent(values: MetricValues, names: Sequence[str], silent: str | None) -> MetricValues:
    """Return the same with these gaps withheld, by attribute too, where a method is silent."""
    if silent is None:
        return values
    groups = {
        group: {name: None if name in names else value for name, value in entry.items()}
        for group, entry in values.groups.items()
    }
    return replace(values, withheld={**dict.fromkeys(names, silent), **values.withheld}, groups=groups)


def lawful_kinds(inputs: MetricInputs) -> list[str]:
    """Return the kinds of lawful units that harm is reported for; own data have no marks, and may name a group like
    one."""
    marks = MARKS if inputs.answers.custom is None else ()
    return [group for group in inputs.groups if group not in (*marks, SPAM)]


def lawful_members(inputs: MetricInputs) -> dict[str, NDArray[np.bool_]]:
    """Return the rows of each group that could be accused falsely, [rows]."""
    test, kinds = inputs.test, lawful_kinds(inputs)
    kind = test["group"]
    lawful = kind.is_in(kinds).fill_null(False).to_numpy()
    members = {name: (kind == name).fill_null(False).to_numpy() for name in kinds}
    for mark in MARKS:
        if mark in test.columns:
            members[mark] = lawful & test[mark].fill_null(False).to_numpy()
    spam = {SPAM: (kind == SPAM).fill_null(False).to_numpy()} if SPAM in inputs.groups else {}
    return {**members, LAWFUL: lawful, **spam}


def accusations(
    inputs: MetricInputs,
    members: dict[str, NDArray[np.bool_]],
    compared: tuple[str, ...],
    flagged: dict[str, NDArray[np.bool_]],
    called: str,
) -> MetricValues:
    """Return the share of each group's units, and of its operations, that is flagged; and the ``harm_gap``.

    ``members``: group -> its rows [rows], ``lawful`` among them. ``compared``: the groups of which the worst
    makes the gap. ``flagged``: how the rates' names end -> the rows flagged [rows]; the gap is of the first.
    """
    main = next(iter(flagged))
    sums = ClusterSums(inputs.clusters)
    for group, rows in members.items():
        sums.add(f"{group}/unit", inputs.weights, rows)
        sums.add_ever(f"{group}/operation", rows)
        for point, mask in flagged.items():
            sums.add(f"{group}/unit/{point}", inputs.weights, rows & mask)
            sums.add_ever(f"{group}/operation/{point}", rows & mask)
    # What is kept for the replicates is of clusters, never of rows.
    names, points = tuple(members), tuple(flagged)

    def rates(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {
            f"{group}/{per}/{point}": ratio(total(f"{group}/{per}/{point}"), total(f"{group}/{per}"))
            for group in names
            for per in ("unit", "operation")
            for point in points
        }

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        rate = rates(drawn)
        if not compared:
            return not_available("harm_gap")(drawn)
        groups = np.stack([rate[f"{group}/unit/{main}"] for group in compared])
        # A group without a member in the replicate is not the worst.
        worst = np.fmax.reduce(groups, axis=0)
        return {"harm_gap": worst - rate[f"{LAWFUL}/unit/{main}"]}

    values = observed(rates, inputs.clusters.count)
    groups: Groups = {}
    for group, rows in members.items():
        entry: dict[str, float | None] = {}
        for point in flagged:
            for per in ("unit", "operation"):
                value = values[f"{group}/{per}/{point}"]
                entry[f"{called}_per_{per}{point}"] = or_none(value)
        entry["units"] = int(rows.sum())
        entry["operations"] = inputs.clusters.among(rows)
        groups[group] = entry
    withheld = {} if compared else {"harm_gap": TOO_FEW}
    if not members[LAWFUL].any():
        withheld = {"harm_gap": "no lawful unit in the test part"}
    return MetricValues(metrics=metrics, withheld=withheld, groups=groups)


def protection(inputs: MetricInputs, flagged: NDArray[np.bool_], attributes: list[str]) -> MetricValues:
    """Return recall by group of those exploited, and the protection gap, from the rows flagged [rows]."""
    sums = ClusterSums(inputs.clusters)
    groups: Groups = {}
    counted: dict[str, list[str]] = {}
    for attribute in attributes:
        counted[attribute] = []
        for name, rows in merged_groups(
            inputs.test[attribute], inputs.positive, inputs.clusters.codes
        ).items():
            group = f"{attribute}={name}"
            sums.add(f"{group}/all", inputs.weights, rows)
            sums.add(f"{group}/found", inputs.weights, rows & flagged)
            clusters = inputs.clusters.among(rows)
            groups[group] = {"positive_clusters": clusters}
            if clusters >= FEWEST_CLUSTERS:
                counted[attribute].append(group)
    by_form = None
    if FORM in attributes:
        by_form = ByForm(inputs.clusters, inputs.test[FORM], inputs.positive, inputs.weights, flagged)
    names = list(groups)
    compared = {attribute: large for attribute, large in counted.items() if len(large) >= 2}

    def recalls(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {group: ratio(total(f"{group}/found"), total(f"{group}/all")) for group in names}

    def gaps(drawn: NDArray[np.float64]) -> Metrics:
        recall = recalls(drawn)
        return {
            attribute: np.ptp(np.stack([recall[group] for group in large]), axis=0)
            for attribute, large in compared.items()
        }

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        return {"protection_gap": np.maximum.reduce(list(gaps(drawn).values()))}

    if names:
        for group, recall in observed(recalls, inputs.clusters.count).items():
            groups[group] = {"recall": recall, **groups[group]}
    if not compared:
        return MetricValues(
            metrics=not_available("protection_gap"),
            withheld={"protection_gap": TOO_FEW},
            groups=groups,
            by_form=by_form,
        )
    for attribute, gap in observed(gaps, inputs.clusters.count).items():
        groups[attribute] = {"protection_gap": gap}
    return MetricValues(metrics=metrics, groups=groups, by_form=by_form)


def merged_groups(
    attribute: pl.Series, positive: NDArray[np.bool_], codes: NDArray[np.integer]
) -> dict[str, NDArray[np.bool_]]:
    """Return the positive rows [rows] of each value of an attribute that has 20 positive clusters, and of all others
    as ``other``; rows whose attribute is null are in none."""
    rows_of = {
        str(value): (attribute == value).fill_null(False).to_numpy() & positive
        for value in attribute.drop_nulls().unique().sort()
    }
    large = {
        name: rows
        for name, rows in rows_of.items()
        if name != OTHER and np.unique(codes[rows]).size >= FEWEST_CLUSTERS
    }
    small = [rows for name, rows in rows_of.items() if name not in large]
    other = np.logical_or.reduce(small) if small else np.zeros(len(positive), dtype=bool)
    return {**large, OTHER: other} if other.any() else large


FAMILY = Family(SCORES, METRICS, measure)
