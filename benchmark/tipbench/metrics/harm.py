"""Harm: false accusations by group, protection by group, and what a find costs lawful people and businesses.

**False accusations**, where the answers know each unit's group: the share of a group's units that are flagged
(headline-weighted), and the share of its operations with at least one flagged unit in the test part. Thresholds are
fixed on the valid part (:mod:`tipbench.metrics.ranking`). Lawful groups are the task's own except spam: kinds of units
such as ``independent``, ``business`` and ``resident``, which partition all lawful units, and :data:`MARKS`, which
overlap them: ``migrant`` (lawful units whose language is outside the region's majority), ``terse`` (adverts of lawful
writers who usually say little), and of firms ``small`` and ``seasonal``; each where the answers
have a Boolean column of that name. ``lawful`` is all lawful units. ``spam``, where the task has it, is reported beside
them and is part of no lawful total or gap. On a user's own data every group is lawful, whatever its name, except
``spam`` and ``trafficking``.

``harm_gap`` = the worst lawful group's rate per unit - the rate of all lawful units, at the 1% budget.

**Protection**, where the answers know the form, sex or language of those exploited: recall of each group of
positives at the 1% budget, headline-weighted. Groups of under 20 positive clusters are merged into ``other``,
which counts only if it has 20 itself; units whose attribute is null are in no group of it. Recall of each form, with
its interval, is :class:`tipbench.metrics.metric.ByForm`.

``protection_gap`` = the best group's recall - the worst's within one attribute (whose groups partition the
positives), the widest over the attributes.

**Silence.** A method that flags nothing accuses nobody, and serves all groups of the exploited equally: not at all. So
metrics where less is better have no value, and no rank, where too little was found. A method that flags nearly
everybody, or flags at random, also treats all groups alike. So a gap also needs that roughly the budget is flagged and
that the flagged units are better than chance: :func:`explain_worthless_gap`.

**Accusations per find.** An operation is *found*, or *accused*, where any unit of it is flagged, however many it has.

- ``accusations_per_find_20``, ``accusations_per_find_50``: at the highest threshold at which a fifth, or half, of the
  test part's trafficking operations are found, the lawful operations that are accused, for each that had to be found.
  A unit at the threshold is flagged. What *had to be found* is a fifth or half of the trafficking operations, rounded
  up: ties flag more operations of both sorts, and finding more than required does not lower the ratio. A constant
  score flags everyone.
- ``worst_group_accused_50``: the share of a lawful group's operations that is accused at the second threshold, in the
  group where it is largest.
- ``accusations_per_find``, ``worst_group_accused``: the same at the method's own decisions, for the tasks that have
  them (:mod:`tipbench.metrics.decisions`, :mod:`tipbench.metrics.early`), for each operation that was found. Withheld
  where too little was found.

Operations count one each, whatever their units weigh. The thresholds are found again under each draw of a bootstrap,
as that of recall at a share of false positives is. No value is given where no operation is known, for pooled folds,
whose scores come from several methods, and where under five operations have to be found: chance then finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from tipbench.kinds.kind import PartRows
from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    ClusterSums,
    Codes,
    Floats,
    GroupShares,
    Mask,
    Metrics,
    compute_observed,
    none_if_nan,
    ratio,
    split_draws,
)
from tipbench.metrics.metric import (
    FORM,
    NO_POSITIVE,
    ByForm,
    Family,
    Groups,
    Metric,
    MetricInputs,
    MetricValues,
    combine,
    find_equal,
    undefined_metrics,
    withhold_all,
)
from tipbench.metrics.ranking import BUDGET, NO_VALID_PART, fix_thresholds

NO_FINDS, FEW_FINDS, ALL_FLAGGED = "no finds", "few finds", "all flagged"
FAR_OVER, FAR_UNDER, CHANCE = "far over budget", "far under budget", "no better than chance"
TOO_FEW_TO_FIND = "too few to find"
SILENT = (NO_FINDS, FEW_FINDS, ALL_FLAGGED, FAR_OVER, FAR_UNDER, CHANCE, TOO_FEW_TO_FIND)
"""Reasons that a table shows in the place of a number."""

FEWEST_FINDS = 5
"""Trafficking operations that must be found, or half of those that there are where these are fewer than ten.

One operation more or less then changes recall by a fifth of its value; with fewer, groups cannot be compared.
"""

FARTHEST = 3.0
"""The factor by which the flagged share of the test part may differ from the budget: scores drift from valid to test,
and a method that scores the valid part differently from the test could flag any share of the test."""

LEAST_LIKELIHOOD_RATIO = 4 / 3
"""Recall of the flagged over the rate of false positives: a positive unit must be flagged a third more often than a
negative one. At random the ratio is 1 at any prevalence, and slightly over 1 in half of all tries; it is below 4/3
wherever three in four of the negatives are flagged."""


def explain_silence(inputs: MetricInputs, flagged: Mask, found: Mask) -> str | None:
    """Return why a method has no harm metrics; None where it found enough.

    ``flagged`` [rows]: the test rows that it flags. ``found`` [rows]: those that are rightly flagged.
    """
    if flagged.all():
        return ALL_FLAGGED
    count, there = inputs.clusters.among(found), inputs.clusters.among(inputs.positive)
    if not count:
        return NO_FINDS
    return FEW_FINDS if count < min(FEWEST_FINDS, there / 2) else None


def explain_worthless_gap(
    inputs: MetricInputs, flagged: Mask, found: Mask, budget: float | None = None
) -> str | None:
    """Return why a method has no gap; None where it has one.

    ``flagged``, ``found``: as of :func:`explain_silence`. ``budget``: the share of the weight that it should
    flag; None where it flags as many as it likes.
    """
    if (silent := explain_silence(inputs, flagged, found)) is not None:
        return silent
    weights, positive = inputs.weights, inputs.positive
    if budget is not None:
        share = float(weights @ flagged / weights.sum())
        if share > FARTHEST * budget:
            return FAR_OVER
        if share < budget / FARTHEST:
            return FAR_UNDER
    recall = weights @ found / (weights @ positive)
    false = weights @ (flagged & ~positive)
    # Without a negative unit there is no rate of false accusations.
    if false and recall < LEAST_LIKELIHOOD_RATIO * false / (weights @ ~positive):
        return CHANCE
    return None


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
NO_LAWFUL = "no lawful unit in the test part"
LAWFUL, SPAM = "lawful", "spam"
MARKS = ("migrant", "terse", "small", "seasonal")
#: Groups that are not a kind of unit: a lawful unit of any kind may have any of these marks.
ATTRIBUTES = (FORM, "sex", "language")
OTHER = "other"
Members = Mapping[str, Mask]
"""Lawful group -> its rows, [rows]; ``lawful`` are all."""
#: Threshold -> how the names of its rates end; the gaps are at the first.
SUFFIX = {"budget_1pct": "", "recall_50": "_at_recall_50"}


def measure_harm(inputs: MetricInputs) -> MetricValues:
    """Return ``harm_gap`` and ``protection_gap`` where the answers have the columns for them.

    ``groups``: the task's groups (``independent``, ``business``, ``migrant`` …), ``lawful`` and ``spam`` with the rates
    ``false_accusations_per_unit`` and ``..._per_operation`` (and both ``_at_recall_50``), and the counts
    ``units`` and ``operations``; ``form=...``, ``sex=...``, ``language=...`` with ``recall`` and
    ``positive_clusters``; and ``form``, ``sex``, ``language`` with their ``protection_gap``.
    """
    grouped = "group" in inputs.test.columns
    attributed = any(name in inputs.test.columns for name in ATTRIBUTES)
    names = [HARM_GAP.name] * grouped + [PROTECTION_GAP.name] * attributed
    fixed = fix_thresholds(inputs)
    if not names or not fixed:
        return withhold_all(names, NO_VALID_PART)
    score = inputs.score
    flagged = {SUFFIX[name]: score >= value for name, value in fixed.items()}
    parts = []
    if grouped:
        members = {group: rows & ~inputs.positive for group, rows in lawful_members(inputs).items()}
        compared = tuple(group for group in members if group not in (LAWFUL, SPAM))
        parts.append(measure_false_accusations(inputs, members, compared, flagged, "false_accusations"))
    if attributed:
        parts.append(measure_protection(inputs, flagged[""]))
    reason = explain_worthless_gap(inputs, flagged[""], flagged[""] & inputs.positive, BUDGET)
    return withhold_if_silent(combine(parts), names, reason)


def withhold_if_silent(values: MetricValues, names: Sequence[str], silent: str | None) -> MetricValues:
    """Return the same with these gaps withheld, by attribute too, where a method is silent."""
    if silent is None:
        return values
    groups = {
        group: {name: None if name in names else value for name, value in entry.items()}
        for group, entry in values.groups.items()
    }
    return replace(values, withheld={**dict.fromkeys(names, silent), **values.withheld}, groups=groups)


def lawful_members(inputs: MetricInputs) -> dict[str, Mask]:
    """Return the rows of each group that could be accused falsely, [rows]."""
    test = inputs.test
    kind = test["group"]
    # Own data have no marks, and may name a group like one.
    marks = MARKS if inputs.answers.custom is None else ()
    kinds = [group for group in inputs.groups if group not in (*marks, SPAM)]
    lawful = kind.is_in(kinds).fill_null(False).to_numpy()
    members = {name: find_equal(kind, name) for name in kinds}
    for mark in MARKS:
        if mark in test.columns:
            members[mark] = lawful & test[mark].fill_null(False).to_numpy()
    spam = {SPAM: find_equal(kind, SPAM)} if SPAM in inputs.groups else {}
    return {**members, LAWFUL: lawful, **spam}


def measure_false_accusations(
    inputs: MetricInputs, members: Members, compared: tuple[str, ...], flagged: dict[str, Mask], called: str
) -> MetricValues:
    """Return the share of each group's units, and of its operations, that is flagged; and the ``harm_gap``.

    ``members``: group -> its rows [rows], ``lawful`` among them. ``compared``: the groups of which the worst
    makes the gap. ``flagged``: how the rates' names end -> the rows flagged [rows]; the gap is of the first.
    """
    sums, main = ClusterSums(inputs.clusters), next(iter(flagged))
    named: dict[str, tuple[str, str]] = {}
    for group, rows in members.items():
        sums.add(f"{group}/unit", inputs.weights, rows)
        sums.add_ever(f"{group}/operation", rows)
        for point, mask in flagged.items():
            sums.add(f"{group}/unit{point}/flagged", inputs.weights, rows & mask)
            sums.add_ever(f"{group}/operation{point}/flagged", rows & mask)
            for per in ("unit", "operation"):
                named[f"{group}/{per}{point}"] = (f"{group}/{per}{point}/flagged", f"{group}/{per}")
    rates = sums.ratios(named)

    # What is kept for the replicates is of clusters, never of rows.
    def metrics(drawn: Floats) -> Metrics:
        rate = rates(drawn)
        # A group without a member in the replicate is not the worst.
        worst = np.fmax.reduce(np.stack([rate[f"{group}/unit{main}"] for group in compared]), axis=0)
        return {HARM_GAP.name: worst - rate[f"{LAWFUL}/unit{main}"]}

    groups: Groups = {group: {} for group in members}
    for name, value in sums.observe(named).items():
        group, _, rate = name.rpartition("/")
        groups[group][f"{called}_per_{rate}"] = value
    for group, rows in members.items():
        groups[group] |= {"units": int(rows.sum()), "operations": inputs.clusters.among(rows)}
    withheld = {} if compared else {HARM_GAP.name: TOO_FEW}
    if not members[LAWFUL].any():
        withheld = {HARM_GAP.name: NO_LAWFUL}
    return MetricValues(
        metrics=metrics if compared else undefined_metrics(HARM_GAP.name), withheld=withheld, groups=groups
    )


def measure_protection(inputs: MetricInputs, flagged: Mask) -> MetricValues:
    """Return recall by group of those exploited, and the protection gap, from the rows flagged [rows]."""
    members = find_exploited_groups(inputs.test, inputs.positive, inputs.clusters.codes)
    recalls = GroupShares(inputs.clusters, inputs.weights, members, flagged)
    by_form = None
    if FORM in inputs.test.columns:
        by_form = ByForm(inputs.clusters, inputs.test[FORM], inputs.positive, inputs.weights, flagged)
    large = [group for group, count in recalls.clusters.items() if count >= FEWEST_CLUSTERS]
    by_attribute = {name: [group for group in large if group.startswith(f"{name}=")] for name in ATTRIBUTES}
    compared = {attribute: some for attribute, some in by_attribute.items() if len(some) >= 2}

    def gaps(drawn: Floats) -> Metrics:
        recall = recalls.under(drawn)
        return {
            attribute: np.ptp(np.stack([recall[group] for group in some]), axis=0)
            for attribute, some in compared.items()
        }

    groups: Groups = {
        group: {"recall": recall, "positive_clusters": recalls.clusters[group]}
        for group, recall in recalls.observed.items()
    }
    if not compared:
        return replace(withhold_all([PROTECTION_GAP.name], TOO_FEW), groups=groups, by_form=by_form)
    for attribute, gap in compute_observed(gaps, inputs.clusters.count).items():
        groups[attribute] = {PROTECTION_GAP.name: gap}
    return MetricValues(
        metrics=lambda drawn: {PROTECTION_GAP.name: np.maximum.reduce(list(gaps(drawn).values()))},
        groups=groups,
        by_form=by_form,
    )


def find_exploited_groups(rows: pl.DataFrame | PartRows, positive: Mask, codes: Codes) -> dict[str, Mask]:
    """Return the positive rows [rows] of each value of the attributes there, as ``form=labour``, small ones merged."""
    return {
        f"{attribute}={name}": members
        for attribute in ATTRIBUTES
        if attribute in rows.columns
        for name, members in merge_small_groups(rows[attribute], positive, codes).items()
    }


def merge_small_groups(attribute: pl.Series, positive: Mask, codes: Codes) -> dict[str, Mask]:
    """Return the positive rows [rows] of each value of an attribute that has 20 positive clusters, and of all others
    as ``other``; rows whose attribute is null are in none."""
    values = attribute.drop_nulls().unique().sort()
    rows_of = {str(value): find_equal(attribute, value) & positive for value in values}
    large = {
        name: rows
        for name, rows in rows_of.items()
        if name != OTHER and np.unique(codes[rows]).size >= FEWEST_CLUSTERS
    }
    small = [rows for name, rows in rows_of.items() if name not in large]
    other = np.logical_or.reduce(small) if small else np.zeros(len(positive), dtype=bool)
    return {**large, OTHER: other} if other.any() else large


HARM = Family("harm", SCORES, (HARM_GAP, PROTECTION_GAP), measure_harm)


GROUP_AND_CLUSTER = frozenset({"group", "cluster"})
PER_FIND, ACCUSED = "lawful operations", "share of operations"
RECALLS = {"20": 0.2, "50": 0.5}
"""How the names of metrics end -> the share of trafficking operations that is found."""
ROUNDING = 1e-9
WORST_AT = "50"


_cost = partial(Metric, lower_is_better=True, needs=GROUP_AND_CLUSTER, beside=True)
ACCUSATION_METRICS = (
    *(
        _cost(
            f"accusations_per_find_{name}",
            f"wrongful accusations per find at operation recall {recall:g}",
            unit=PER_FIND,
            heading=f"accused per find ({recall:.0%})",
            short=f"per_find_{name}",
            says=f"lawful operations ever accused for each trafficking operation found, where {recall:.0%} of them are",
        )
        for name, recall in RECALLS.items()
    ),
    _cost(
        f"worst_group_accused_{WORST_AT}",
        f"accused of the worst lawful group at operation recall {RECALLS[WORST_AT]:g}",
        unit=ACCUSED,
        heading=f"worst group accused ({RECALLS[WORST_AT]:.0%})",
        short=f"worst_accused_{WORST_AT}",
        says="the share of the worst lawful group's operations ever accused, where "
        f"{RECALLS[WORST_AT]:.0%} of trafficking operations are found",
    ),
)
DECIDED_METRICS = (
    _cost(
        "accusations_per_find",
        "wrongful accusations per find, as decided",
        unit=PER_FIND,
        heading="accused per find (own)",
        short="per_find",
        says="lawful operations ever accused for each trafficking operation found, at the method's own decisions",
    ),
    _cost(
        "worst_group_accused",
        "accused of the worst lawful group, as decided",
        unit=ACCUSED,
        heading="worst group accused (own)",
        short="worst_accused",
        says="the share of the worst lawful group's operations ever accused, at the method's own decisions",
    ),
)
"""Metrics at a method's own decisions."""
DECIDED_NAMES = tuple(metric.name for metric in DECIDED_METRICS)
NO_OPERATION = "no operation is known"
SEVERAL_FOLDS = "scores of several folds are not compared"

Points = dict[str, tuple[Floats, Metrics]]
"""Point -> how many operations had to be found, and how many of each lawful group are accused, each [replicates]."""


class _HighestScores:
    """Of some rows, the highest score of each operation: ``clusters`` int [operations], by falling ``score``."""

    def __init__(self, inputs: MetricInputs, rows: Mask) -> None:
        score = np.full(inputs.clusters.count, -np.inf)
        given = inputs.test["score"].filter(pl.Series(rows)).to_numpy()
        np.maximum.at(score, inputs.clusters.codes[rows], given)
        there = np.flatnonzero(score > -np.inf)
        self.clusters = there[np.argsort(-score[there], kind="stable")]
        self.score = score[self.clusters]

    def above(self, drawn: Floats) -> Floats:
        """Return how many stand among the first n operations, [replicates, 1 + operations]."""
        counts = np.zeros((len(drawn), 1 + self.clusters.size))
        np.cumsum(drawn[:, self.clusters], axis=1, out=counts[:, 1:])
        return counts


def measure_accusations(inputs: MetricInputs) -> MetricValues:
    """Return what finding a fifth and a half of the operations costs the lawful.

    ``groups``: of each lawful group, ``operations_accused_20`` and ``..._50``: the share of its operations accused.
    """
    names = [metric.name for metric in ACCUSATION_METRICS]
    members = lawful_rows(inputs)
    if (reason := _explain_missing(inputs, members)) is not None:
        return withhold_all(names, reason)
    found = _HighestScores(inputs, inputs.positive)
    # What is kept for the replicates is of operations, never of rows.
    lawful = {group: _HighestScores(inputs, rows) for group, rows in members.items()}
    del members

    def accused(drawn: Floats) -> Points:
        """Return, by point, how many operations had to be found and how many of each group are accused."""
        standing = found.above(drawn)
        above = {group: highest.above(drawn) for group, highest in lawful.items()}
        every = np.arange(len(drawn))
        points = {}
        for point, recall in RECALLS.items():
            needed = np.ceil(recall * standing[:, -1] - ROUNDING)
            last = np.minimum((standing[:, 1:] < needed[:, None]).sum(axis=1), found.score.size - 1)
            threshold = found.score[last]
            counts = {
                group: above[group][every, np.searchsorted(-one.score, -threshold, side="right")]
                for group, one in lawful.items()
            }
            points[point] = needed, counts
        return points

    def shares(drawn: Floats, counts: Metrics) -> Metrics:
        """Return the share of each group's operations that these accused are."""
        there = {group: drawn[:, one.clusters].sum(axis=1) for group, one in lawful.items()}
        return {group: ratio(count, there[group]) for group, count in counts.items()}

    def few(drawn: Floats) -> Floats:
        """Return all metrics under few multiplicities, [metrics, replicates]."""
        points = accused(drawn)
        per_find = [ratio(counts[LAWFUL], needed) for needed, counts in points.values()]
        return np.stack([*per_find, _find_worst_share(shares(drawn, points[WORST_AT][1]))])

    def metrics(drawn: Floats) -> Metrics:
        values = np.concatenate([few(some) for some in split_draws(drawn)], axis=1)
        return dict(zip(names, values, strict=True))

    once = np.ones((1, inputs.clusters.count))
    groups: Groups = {group: {} for group in lawful}
    points = accused(once)
    for point, (_, counts) in points.items():
        for group, share in shares(once, counts).items():
            groups[group][f"operations_accused_{point}"] = none_if_nan(float(share[0]))
    ends = tuple(f"_{point}" for point, (needed, _) in points.items() if needed[0] < FEWEST_FINDS)
    withheld = {name: TOO_FEW_TO_FIND for name in names if name.endswith(ends)}
    return MetricValues(metrics=metrics, withheld=withheld, groups=groups)


def measure_decided(inputs: MetricInputs, members: Members, flagged: Floats, found: Floats) -> MetricValues:
    """Return :data:`DECIDED_METRICS` from how far a method flags the test rows, and rightly so: 0 to 1, each [rows].

    An operation counts as far as that unit of it does that is flagged most.

    ``groups``: of each lawful group, ``operations_accused``: the share of its operations accused.
    """
    if (reason := _explain_missing(inputs, members)) is not None:
        return withhold_all(DECIDED_NAMES, reason)
    sums = ClusterSums(inputs.clusters)
    sums.add_column("found", _largest_by_operation(inputs, found))
    for group, rows in members.items():
        sums.add_ever(group, rows)
        sums.add_column(f"{group}/accused", _largest_by_operation(inputs, rows * flagged))
    named = {group: (f"{group}/accused", group) for group in members}
    per_find, worst = DECIDED_NAMES
    ratios = sums.ratios(named | {per_find: (f"{LAWFUL}/accused", "found")})

    def metrics(drawn: Floats) -> Metrics:
        shares = ratios(drawn)
        return {per_find: shares.pop(per_find), worst: _find_worst_share(shares)}

    silent = explain_silence(inputs, flagged > 0, found > 0)
    # Where all are flagged the cost is reported: it is the highest possible, and no praise.
    withheld = {} if silent in (None, ALL_FLAGGED) else dict.fromkeys(DECIDED_NAMES, str(silent))
    return MetricValues(
        metrics=metrics,
        withheld=withheld,
        groups={group: {"operations_accused": share} for group, share in sums.observe(named).items()},
    )


def _largest_by_operation(inputs: MetricInputs, values: Floats) -> Floats:
    """Return the largest of these values [rows] of each operation, [clusters]."""
    most = np.zeros(inputs.clusters.count)
    np.maximum.at(most, inputs.clusters.codes, values)
    return most


def lawful_rows(inputs: MetricInputs) -> dict[str, Mask]:
    """Return the negative rows of each lawful group, and of all as ``lawful``; those of no spam."""
    return {name: rows & ~inputs.positive for name, rows in lawful_members(inputs).items() if name != SPAM}


def _explain_missing(inputs: MetricInputs, members: Members) -> str | None:
    """Return why accusations cannot be counted by operation, or None."""
    test = inputs.test
    if test["cluster"].null_count() == test.height:
        return NO_OPERATION
    if "fold" in test.columns and test["fold"].n_unique() > 1:
        return SEVERAL_FOLDS
    if not inputs.positive.any():
        return NO_POSITIVE
    return None if members[LAWFUL].any() else NO_LAWFUL


def _find_worst_share(share: Metrics) -> Floats:
    """Return the largest share of a lawful group, [replicates]; a group without a member in one is not the worst."""
    kinds = [group for group in share if group != LAWFUL] or [LAWFUL]
    return np.fmax.reduce(np.stack([share[group] for group in kinds]), axis=0)


ACCUSATIONS = Family("accusations", SCORES, ACCUSATION_METRICS, measure_accusations)
