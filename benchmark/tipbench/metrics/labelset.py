"""Several labels a unit, and how soon: one ranking a label, decisions at one half, and whom a week's capacity reaches.

- ``macro_average_precision``: the mean over labels of average precision at the data's own prevalence, ties in blocks
  (:mod:`tipbench.metrics.ranking`). A label that has only one class is left out of the mean.
- ``hamming_loss``, ``micro_f1``: over all known pairs of unit and label, a label being given where its score is .5 or
  more (Tsoumakas and Katakis 2007; Schapire and Singer 2000). Withheld where scores are not probabilities.
- ``urgent_recall``: the share of units of urgency 2 among the 20% that rank highest by ``score_urgency`` within their
  slot (a region's week; where the answers have none, a fold of a user's own data, or all units). Where the limit falls
  inside a block of equal scores, or inside one unit, it counts in proportion: the expectation over random orders. A
  constant score gets .2.
  In a bootstrap those reached stay as they are and people are resampled, as with a threshold fixed beforehand: a
  person who is drawn twice does not compete with themself.
- ``protection_gap``: best - worst urgent recall over the languages with twenty clusters. Withheld where no slot tells
  its people apart: all are then served alike, by lot.

All use the headline weights. Macro average precision has no interval where the positives of a label that counts come
from fewer than twenty clusters, and urgent recall none where the urgent do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import LABELSETS, SCORE_PREFIX, URGENCY
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    ClusterSums,
    Metrics,
    dense_codes,
    observed,
    or_none,
    ratio,
)
from tipbench.metrics.finds import NO_FINDS
from tipbench.metrics.harm import PROTECTION_GAP, merged_groups
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, together
from tipbench.metrics.ranking import FoldedRanking, Ranking, ranking_of

MACRO = "macro_average_precision"
URGENT_NEEDS = frozenset({URGENCY})
METRICS = (
    Metric(MACRO, "macro average precision"),
    Metric("hamming_loss", "Hamming loss", lower_is_better=True),
    Metric("micro_f1", "micro F1"),
    Metric("urgent_recall", "urgent recall at capacity", needs=URGENT_NEEDS),
    PROTECTION_GAP,
)
THRESHOLD = 0.5
CAPACITY = 0.2
URGENT = 2
NOT_PROBABILITIES = "scores outside [0, 1]"
ONE_CLASS = "no label has both classes in the test part"
NOBODY_URGENT = "nobody is urgent in the test part"
ONE_LANGUAGE = f"fewer than two languages with {FEWEST_CLUSTERS} clusters that have urgent units"

Groups = dict[str, dict[str, float | None]]
Rankings = dict[str, Ranking | FoldedRanking]


def measure(inputs: MetricInputs) -> MetricValues:
    """Return all metrics of the kind. ``groups``: ``label=NAME`` with ``average_precision``, ``prevalence`` and
    ``positives``; ``language=CODE`` with ``urgent_recall`` and ``positive_clusters``."""
    rows = (inputs.answers.frame["part"] == "test").to_numpy()
    answers, scores = inputs.answers.frame.filter(rows), inputs.predictions.filter(rows)
    parts = [_by_label(inputs, answers, scores), _decisions(inputs, answers, scores)]
    if URGENCY in answers.columns:
        parts.append(_urgency(inputs, answers, scores))
    return together(parts)


def label_rankings(inputs: MetricInputs, scores: dict[str, NDArray]) -> Rankings:
    """Return the test units whose label is known, ranked by these scores [test units], for each label."""
    answers = inputs.answers.scored()
    rankings = {}
    for name, score in scores.items():
        label = answers[f"{LABEL_PREFIX}{name}"]
        known = label.is_not_null().to_numpy()
        positive = (label == 1).fill_null(False).to_numpy()
        codes = inputs.clusters.codes[known]
        rankings[name] = ranking_of(answers.filter(known), score[known], positive[known], codes, None)
    return rankings


def macro_mean(rankings: Rankings) -> Callable[[NDArray[np.float64]], Metrics]:
    """Return macro average precision: the mean over the labels that have both classes."""

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        values = np.stack(list(_each(rankings)(drawn).values()))
        defined = ~np.isnan(values)
        return {MACRO: ratio(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))}

    return metrics


def _each(rankings: Rankings) -> Callable[[NDArray[np.float64]], Metrics]:
    return lambda drawn: {name: r.average_precision(drawn) for name, r in rankings.items()}


def _by_label(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    rankings = label_rankings(
        inputs,
        {n: scores[f"{SCORE_PREFIX}{n}"].cast(pl.Float64).to_numpy() for n in inputs.answers.label_names},
    )
    groups: Groups = {}
    rare = False
    for name, value in observed(_each(rankings), inputs.clusters.count).items():
        known = answers.filter(pl.col(f"{LABEL_PREFIX}{name}").is_not_null())
        positive, weight = known[f"{LABEL_PREFIX}{name}"].to_numpy() == 1, known["weight"].to_numpy()
        groups[f"label={name}"] = {
            "average_precision": or_none(value),
            "prevalence": float(weight @ positive / weight.sum()) if weight.size else None,
            "positives": int(positive.sum()),
        }
        rare |= not np.isnan(value) and known.filter(positive)["cluster"].n_unique() < FEWEST_CLUSTERS
    some = any(group["average_precision"] is not None for group in groups.values())
    return MetricValues(
        metrics=macro_mean(rankings),
        withheld={} if some else {MACRO: ONE_CLASS},
        without_interval={MACRO: TOO_FEW} if rare else {},
        groups=groups,
    )


def _decisions(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    sums = ClusterSums(inputs.clusters)
    weight = answers["weight"].to_numpy()
    counts = np.zeros((4, answers.height))
    probabilities = True
    for name in inputs.answers.label_names:
        score, label = scores[f"{SCORE_PREFIX}{name}"], answers[f"{LABEL_PREFIX}{name}"]
        probabilities &= bool(score.is_between(0.0, 1.0).all())
        given, known = (score >= THRESHOLD).to_numpy(), label.is_not_null().to_numpy()
        true = (label == 1).fill_null(False).to_numpy()
        counts += np.stack([known, known & (given != true), known & given & true, known & (given | true)])
    for name, count in zip(("pairs", "wrong", "both", "either"), counts, strict=True):
        sums.add(name, weight * count)

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        # F1 = 2 both / (given + true), and given + true = both + either.
        f1 = ratio(2 * total("both"), total("both") + total("either"))
        return {"hamming_loss": ratio(total("wrong"), total("pairs")), "micro_f1": f1}

    names = ("hamming_loss", "micro_f1")
    return MetricValues(
        metrics=metrics, withheld={} if probabilities else dict.fromkeys(names, NOT_PROBABILITIES)
    )


def _urgency(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    known = answers[URGENCY].is_not_null().to_numpy()
    urgent = (answers[URGENCY] == URGENT).fill_null(False).to_numpy()
    weight = answers["weight"].to_numpy()
    shared = next((name for name in ("slot", "fold") if name in answers.columns), None)
    slot = answers[shared] if shared else pl.Series(np.zeros(answers.height, np.int64))
    score = scores[f"{SCORE_PREFIX}{URGENCY}"].cast(pl.Float64).to_numpy()
    share = np.zeros(answers.height)
    share[known] = reached(score[known], slot.filter(known), weight[known])
    members = {"": urgent}
    if "language" in answers.columns:
        found = merged_groups(answers["language"], urgent, inputs.clusters.codes)
        members |= {f"language={name}": rows for name, rows in found.items()}
    sums = ClusterSums(inputs.clusters)
    for name, rows in members.items():
        sums.add(f"{name}/all", weight * rows)
        sums.add(f"{name}/reached", weight * rows * share)
    clusters = {name: inputs.clusters.among(rows) for name, rows in members.items()}
    compared = [name for name, count in clusters.items() if name and count >= FEWEST_CLUSTERS]

    def recalls(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/reached"), total(f"{name}/all")) for name in members}

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        recall = recalls(drawn)
        gap = np.full(len(drawn), np.nan)
        if len(compared) >= 2:
            gap = np.ptp(np.stack([recall[name] for name in compared]), axis=0)
        return {"urgent_recall": recall[""], "protection_gap": gap}

    groups: Groups = {
        name: {"urgent_recall": or_none(value), "positive_clusters": clusters[name]}
        for name, value in observed(recalls, inputs.clusters.count).items()
        if name
    }
    withheld = {} if urgent.any() else {"urgent_recall": NOBODY_URGENT}
    if len(compared) < 2:
        withheld["protection_gap"] = ONE_LANGUAGE
    elif not _tells_apart(score[known], slot.filter(known)):
        withheld["protection_gap"] = NO_FINDS
    bare = {"urgent_recall": TOO_FEW} if clusters[""] < FEWEST_CLUSTERS else {}
    return MetricValues(metrics=metrics, withheld=withheld, without_interval=bare, groups=groups)


def _tells_apart(score: NDArray[np.float64], slot: pl.Series) -> bool:
    """Return whether the scores [rows] of any slot [rows] differ."""
    slots = pl.DataFrame({"score": score, "slot": slot}).group_by("slot")
    return bool((slots.agg(pl.col("score").n_unique())["score"] > 1).any())


def reached(
    score: NDArray[np.float64], slot: pl.Series, weight: NDArray[np.float64], capacity: float = CAPACITY
) -> NDArray[np.float64]:
    """Return the share of each unit that the capacity of its slot reaches, [rows] in [0, 1].

    ``score``, ``slot`` and ``weight`` are [rows]; rows whose slot is null share one. ``capacity``: of a slot's weight.
    """
    if not score.size:
        return np.zeros(0)
    place = dense_codes(slot)[0]
    order = np.lexsort((-score, place))
    place, ranked = place[order], score[order]
    new_slot = np.append(True, place[1:] != place[:-1])
    new_block = new_slot | np.append(True, ranked[1:] != ranked[:-1])
    starts = np.flatnonzero(new_block)
    slot_of_block = np.cumsum(new_slot[starts]) - 1
    block = np.add.reduceat(weight[order], starts)
    total = np.bincount(slot_of_block, block)
    above = np.cumsum(block) - block
    above -= (np.cumsum(total) - total)[slot_of_block]
    left = capacity * total[slot_of_block] - above
    share = np.empty(score.size)
    share[order] = np.clip(left / block, 0.0, 1.0)[np.cumsum(new_block) - 1]
    return share


FAMILY = Family(LABELSETS, METRICS, measure)
