"""What a find costs the lawful: operations accused wrongly for those found, and the group that pays most.

An operation is *found*, or *accused*, where any unit of it is flagged, however many it has.

- ``accusations_per_find_20``, ``accusations_per_find_50``: at the highest threshold at which a fifth, or half, of the
  test part's trafficking operations are found, the lawful operations that are accused, for each that had to be found. A
  unit at the threshold is flagged. What *had to be found* is a fifth or half of the trafficking operations, rounded up:
  ties flag more operations of both sorts, and those found beyond what was asked for make up for nobody accused. A
  constant score flags everyone.
- ``worst_group_accused_50``: the share of a lawful group's operations that is accused at the second threshold, in the
  group where it is largest. Lawful groups are those of :mod:`tipbench.metrics.harm`.
- ``accusations_per_find``, ``worst_group_accused``: the same at the method's own decisions, for the tasks that have
  such (:mod:`tipbench.metrics.crowd`, :mod:`tipbench.metrics.early`), for each that was found. Withheld where
  too little was found (:mod:`tipbench.metrics.finds`): who accuses nobody has then found nobody.

Operations count one each, whatever their units weigh. The thresholds are found again under each draw of a bootstrap,
as that of recall at a share of false positives is. Nothing is said where no operation is known, nor of pooled
folds, whose scores are of several methods, nor where under five operations have to be found: chance then finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, at_once, observed, or_none, ratio
from tipbench.metrics.finds import ALL_FLAGGED, FEWEST_FINDS, TOO_FEW_TO_FIND, operations, silence
from tipbench.metrics.harm import LAWFUL, SPAM, Groups, lawful_members
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, not_available

NEEDS = frozenset({"group", "cluster"})
PER_FIND, ACCUSED = "lawful operations", "share of operations"
RECALLS = {"20": 0.2, "50": 0.5}
"""How the names of metrics end -> the share of trafficking operations that is found."""
ROUNDING = 1e-9
WORST_AT = "50"


def _metric(name: str, title: str, unit: str, heading: str, short: str, says: str) -> Metric:
    """Return an entry: less is better, and boards show it beside the score."""
    return Metric(
        name,
        title,
        lower_is_better=True,
        unit=unit,
        needs=NEEDS,
        beside=True,
        heading=heading,
        short=short,
        says=says,
    )


METRICS = (
    *(
        _metric(
            f"accusations_per_find_{name}",
            f"wrongful accusations per find at operation recall {recall:g}",
            PER_FIND,
            f"accused per find ({recall:.0%})",
            f"per_find_{name}",
            f"lawful operations ever accused for each trafficking operation found, where {recall:.0%} of them are",
        )
        for name, recall in RECALLS.items()
    ),
    _metric(
        f"worst_group_accused_{WORST_AT}",
        f"accused of the worst lawful group at operation recall {RECALLS[WORST_AT]:g}",
        ACCUSED,
        f"worst group accused ({RECALLS[WORST_AT]:.0%})",
        f"worst_accused_{WORST_AT}",
        f"the share of the worst lawful group's operations ever accused, where {RECALLS[WORST_AT]:.0%} of trafficking "
        "operations are found",
    ),
)
OWN = (
    _metric(
        "accusations_per_find",
        "wrongful accusations per find, as decided",
        PER_FIND,
        "accused per find (own)",
        "per_find",
        "lawful operations ever accused for each trafficking operation found, at the method's own decisions",
    ),
    _metric(
        "worst_group_accused",
        "accused of the worst lawful group, as decided",
        ACCUSED,
        "worst group accused (own)",
        "worst_accused",
        "the share of the worst lawful group's operations ever accused, at the method's own decisions",
    ),
)
"""Metrics at a method's own decisions."""
OWN_NAMES = tuple(metric.name for metric in OWN)
NO_OPERATION = "no operation is known"
SEVERAL_FOLDS = "scores of several folds are not compared"
NO_POSITIVE, NO_LAWFUL = "no positive in the test part", "no lawful unit in the test part"

Members = Mapping[str, NDArray[np.bool_]]
"""Lawful group -> its rows, [rows]; ``lawful`` are all."""
Points = dict[str, tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]]
"""Point -> how many operations had to be found, and how many of each lawful group are accused, each [replicates]."""


class _Highest:
    """Of some rows, the highest score of each operation: ``clusters`` int [operations], by falling ``score``."""

    def __init__(self, inputs: MetricInputs, rows: NDArray[np.bool_]) -> None:
        score = np.full(inputs.clusters.count, -np.inf)
        given = inputs.test["score"].filter(pl.Series(rows)).to_numpy()
        np.maximum.at(score, inputs.clusters.codes[rows], given)
        there = np.flatnonzero(score > -np.inf)
        self.clusters = there[np.argsort(-score[there], kind="stable")]
        self.score = score[self.clusters]

    def above(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many stand among the first n operations, [replicates, 1 + operations]."""
        counts = np.zeros((len(drawn), 1 + self.clusters.size))
        np.cumsum(drawn[:, self.clusters], axis=1, out=counts[:, 1:])
        return counts


def measure(inputs: MetricInputs) -> MetricValues:
    """Return what finding a fifth and a half of the operations costs the lawful.

    ``groups``: of each lawful group, ``operations_accused_20`` and ``..._50``: the share of its operations accused.
    """
    names = [metric.name for metric in METRICS]
    members = lawful_rows(inputs)
    if (reason := _unsaid(inputs, members)) is not None:
        return MetricValues(metrics=not_available(*names), withheld=dict.fromkeys(names, reason))
    found = _Highest(inputs, inputs.positive)
    lawful = {group: _Highest(inputs, rows) for group, rows in members.items()}
    # What is kept for the replicates is of operations, never of rows.
    named = tuple(members)
    del members

    def accused(drawn: NDArray[np.float64]) -> Points:
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

    def shares(drawn: NDArray[np.float64], points: Points) -> Metrics:
        """Return the share of each group's operations that is accused at each point."""
        total = {group: drawn[:, one.clusters].sum(axis=1) for group, one in lawful.items()}
        return {
            f"{group}/{point}": ratio(count, total[group])
            for point, (_, counts) in points.items()
            for group, count in counts.items()
        }

    def few(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return all metrics under few multiplicities, [metrics, replicates]."""
        points = accused(drawn)
        per_find = [ratio(counts[LAWFUL], needed) for needed, counts in points.values()]
        worst = _worst(shares(drawn, points), named, WORST_AT)
        return np.stack([*per_find, worst])

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        values = np.concatenate([few(some) for some in at_once(drawn)], axis=1)
        return dict(zip(names, values, strict=True))

    values = observed(lambda drawn: shares(drawn, accused(drawn)), inputs.clusters.count)
    groups: Groups = {
        group: {f"operations_accused_{point}": or_none(values[f"{group}/{point}"]) for point in RECALLS}
        for group in named
    }
    return MetricValues(metrics=metrics, withheld=_too_few(inputs), groups=groups)


def _too_few(inputs: MetricInputs) -> dict[str, str]:
    """Return, of each metric at a point at which too few operations have to be found, why it is withheld."""
    there = operations(inputs, inputs.positive)
    few = [
        f"_{name}" for name, recall in RECALLS.items() if np.ceil(recall * there - ROUNDING) < FEWEST_FINDS
    ]
    return {metric.name: TOO_FEW_TO_FIND for metric in METRICS if metric.name.endswith(tuple(few))}


def as_decided(
    inputs: MetricInputs, members: Members, flagged: NDArray[np.float64], found: NDArray[np.float64]
) -> MetricValues:
    """Return :data:`OWN` from how far a method flags the test rows, and rightly so: 0 to 1, each [rows].

    An operation counts as far as that unit of it does that is flagged most.

    ``groups``: of each lawful group, ``operations_accused``: the share of its operations accused.
    """
    reason = _unsaid(inputs, members)
    if reason is not None:
        return MetricValues(metrics=not_available(*OWN_NAMES), withheld=dict.fromkeys(OWN_NAMES, reason))
    sums = ClusterSums(inputs.clusters)
    sums.add_column("found", _most(inputs, found))
    for group, rows in members.items():
        sums.add_ever(group, rows)
        sums.add_column(f"{group}/accused", _most(inputs, rows * flagged))
    named = tuple(members)

    def shares(total: Callable[[str], NDArray[np.float64]]) -> Metrics:
        return {f"{group}/": ratio(total(f"{group}/accused"), total(group)) for group in named}

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        per_find = ratio(total(f"{LAWFUL}/accused"), total("found"))
        return dict(zip(OWN_NAMES, (per_find, _worst(shares(total), named, "")), strict=True))

    silent = silence(inputs, flagged > 0, found > 0)
    # Where all are flagged what it costs is told: it is the worst that there is, and no praise.
    withheld = {} if silent in (None, ALL_FLAGGED) else dict.fromkeys(OWN_NAMES, str(silent))
    values = observed(lambda drawn: shares(sums.totals(drawn)), inputs.clusters.count)
    groups: Groups = {group: {"operations_accused": or_none(values[f"{group}/"])} for group in members}
    return MetricValues(metrics=metrics, withheld=withheld, groups=groups)


def _most(inputs: MetricInputs, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest of these values [rows] of each operation, [clusters]."""
    most = np.zeros(inputs.clusters.count)
    np.maximum.at(most, inputs.clusters.codes, values)
    return most


def lawful_rows(inputs: MetricInputs) -> dict[str, NDArray[np.bool_]]:
    """Return the negative rows of each lawful group, and of all as ``lawful``; those of no spam."""
    return {name: rows & ~inputs.positive for name, rows in lawful_members(inputs).items() if name != SPAM}


def _unsaid(inputs: MetricInputs, members: Members) -> str | None:
    """Return why accusations cannot be counted by operation."""
    test = inputs.test
    if test["cluster"].null_count() == test.height:
        return NO_OPERATION
    if "fold" in test.columns and test["fold"].n_unique() > 1:
        return SEVERAL_FOLDS
    if not inputs.positive.any():
        return NO_POSITIVE
    return None if members[LAWFUL].any() else NO_LAWFUL


def _worst(share: Metrics, members: Collection[str], point: str) -> NDArray[np.float64]:
    """Return the largest share of a lawful group, [replicates]; a group without a member in one is not the worst."""
    kinds = [group for group in members if group != LAWFUL] or [LAWFUL]
    return np.fmax.reduce(np.stack([share[f"{group}/{point}"] for group in kinds]), axis=0)


FAMILY = Family(SCORES, METRICS, measure)
