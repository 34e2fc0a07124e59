"""Several labels a unit with its urgency, and units of one class among several.

**Label sets**: one ranking a label, decisions at one half, and whom a week's capacity reaches.

- ``macro_average_precision``: the mean over labels of average precision at the data's own prevalence, ties in blocks
  (:mod:`tipbench.metrics.ranking`). A label that has only one class is left out of the mean.
- ``hamming_loss``, ``micro_f1``: over all known pairs of unit and label, a label being given where its score is .5 or
  more (Tsoumakas and Katakis 2007; Schapire and Singer 2000). Withheld where scores are not probabilities.
- ``urgent_recall``: the share of units of urgency 2 among the 20% that rank highest by ``score_urgency`` within their
  slot (a region's week; where the answers have none, a fold of a user's own data, or all units). Where the limit falls
  inside a block of equal scores, or inside one unit, it counts in proportion: the expectation over random orders. A
  constant score gets .2.
  In a bootstrap the units reached stay fixed and people are resampled, as with a threshold fixed beforehand: a
  person who is drawn twice does not compete with themself.
- ``protection_gap``: best - worst urgent recall over the languages with twenty clusters. Withheld where all scores of
  every slot are equal: all languages are then served alike, at random.

All use the headline weights. Macro average precision has no interval where the positives of a label that counts come
from fewer than twenty clusters, and urgent recall none where the urgent do.

**Classes.** The class with the highest score is what is predicted; where several are highest each counts for its part,
so that a tie is a coin's toss and the order of classes never matters.

- ``accuracy``: share of right classes, as the literature on truth inference has it (Zheng et al. 2017).
- ``macro_f1``: the mean over classes of F1 = 2 right / (predicted + true), so that rare classes count like common ones.
  A class that no unit of the test part has, nor is predicted, is left out of the mean.

All use the headline weights. By class in ``groups``: precision, recall, and how many units have it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import CLASSES, LABELSETS, SCORE_PREFIX, URGENCY
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    ClusterSums,
    Metrics,
    compute_observed,
    encode_dense,
    none_if_nan,
    ratio,
)
from tipbench.metrics.harm import NO_FINDS, PROTECTION_GAP, merge_small_groups
from tipbench.metrics.metric import ACCURACY, Family, Metric, MetricInputs, MetricValues, combine
from tipbench.metrics.ranking import FoldedRanking, Ranking, make_ranking

MACRO = "macro_average_precision"
URGENT_NEEDS = frozenset({URGENCY})
LABELSET_METRICS = (
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


def measure_labelsets(inputs: MetricInputs) -> MetricValues:
    """Return all metrics of the kind. ``groups``: ``label=NAME`` with ``average_precision``, ``prevalence`` and
    ``positives``; ``language=CODE`` with ``urgent_recall`` and ``positive_clusters``."""
    rows = (inputs.answers.frame["part"] == "test").to_numpy()
    answers, scores = inputs.answers.frame.filter(rows), inputs.predictions.filter(rows)
    parts = [_measure_labels(inputs, answers, scores), _measure_decisions(inputs, answers, scores)]
    if URGENCY in answers.columns:
        parts.append(_measure_urgency(inputs, answers, scores))
    return combine(parts)


def rank_labels(inputs: MetricInputs, scores: dict[str, NDArray]) -> Rankings:
    """Return the test units whose label is known, ranked by these scores [test units], for each label."""
    answers = inputs.answers.scored()
    rankings = {}
    for name, score in scores.items():
        label = answers[f"{LABEL_PREFIX}{name}"]
        known = label.is_not_null().to_numpy()
        positive = (label == 1).fill_null(False).to_numpy()
        codes = inputs.clusters.codes[known]
        rankings[name] = make_ranking(answers.filter(known), score[known], positive[known], codes, None)
    return rankings


def macro_mean(rankings: Rankings) -> Callable[[NDArray[np.float64]], Metrics]:
    """Return macro average precision: the mean over the labels that have both classes."""

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        values = np.stack(list(_average_precisions(rankings)(drawn).values()))
        defined = ~np.isnan(values)
        return {MACRO: ratio(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))}

    return metrics


def _average_precisions(rankings: Rankings) -> Callable[[NDArray[np.float64]], Metrics]:
    return lambda drawn: {name: r.average_precision(drawn) for name, r in rankings.items()}


def _measure_labels(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    rankings = rank_labels(
        inputs,
        {n: scores[f"{SCORE_PREFIX}{n}"].cast(pl.Float64).to_numpy() for n in inputs.answers.label_names},
    )
    groups: Groups = {}
    rare = False
    for name, value in compute_observed(_average_precisions(rankings), inputs.clusters.count).items():
        known = answers.filter(pl.col(f"{LABEL_PREFIX}{name}").is_not_null())
        positive, weight = known[f"{LABEL_PREFIX}{name}"].to_numpy() == 1, known["weight"].to_numpy()
        groups[f"label={name}"] = {
            "average_precision": none_if_nan(value),
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


def _measure_decisions(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
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


def _measure_urgency(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    known = answers[URGENCY].is_not_null().to_numpy()
    urgent = (answers[URGENCY] == URGENT).fill_null(False).to_numpy()
    weight = answers["weight"].to_numpy()
    shared = next((name for name in ("slot", "fold") if name in answers.columns), None)
    slot = answers[shared] if shared else pl.Series(np.zeros(answers.height, np.int64))
    score = scores[f"{SCORE_PREFIX}{URGENCY}"].cast(pl.Float64).to_numpy()
    share = np.zeros(answers.height)
    share[known] = reach_capacity(score[known], slot.filter(known), weight[known])
    members = {"": urgent}
    if "language" in answers.columns:
        found = merge_small_groups(answers["language"], urgent, inputs.clusters.codes)
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
        name: {"urgent_recall": none_if_nan(value), "positive_clusters": clusters[name]}
        for name, value in compute_observed(recalls, inputs.clusters.count).items()
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


def reach_capacity(
    score: NDArray[np.float64], slot: pl.Series, weight: NDArray[np.float64], capacity: float = CAPACITY
) -> NDArray[np.float64]:
    """Return the share of each unit that the capacity of its slot reaches, [rows] in [0, 1].

    ``score``, ``slot`` and ``weight`` are [rows]; rows whose slot is null share one. ``capacity``: of a slot's weight.
    """
    if not score.size:
        return np.zeros(0)
    place = encode_dense(slot)[0]
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


LABELSET = Family("labelset", LABELSETS, LABELSET_METRICS, measure_labelsets)


CLASS_METRICS = (ACCURACY, Metric("macro_f1", "macro F1 over classes"))


def measure_classes(inputs: MetricInputs) -> MetricValues:
    """Return both metrics, with ``class=NAME`` in groups."""
    names = inputs.answers.label_names
    truth, decided = _find_true_and_decided(inputs)
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

    return MetricValues(metrics=metrics, groups=_measure_by_class(inputs, sums, truth))


def _find_true_and_decided(inputs: MetricInputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which class each scored unit has, and which it is given, [units, classes] with rows that add up to 1."""
    names, unit = inputs.answers.label_names, inputs.answers.unit
    scored = inputs.answers.scored()
    scores = inputs.predictions.filter(inputs.predictions[unit].is_in(scored[unit].implode()))
    values = scores.select(f"{SCORE_PREFIX}{name}" for name in names).to_numpy().astype(np.float64)
    highest = (values == values.max(axis=1, keepdims=True)).astype(np.float64)
    truth = scored.select(f"{LABEL_PREFIX}{name}" for name in names).to_numpy().astype(np.float64)
    return truth, highest / highest.sum(axis=1, keepdims=True)


def _measure_by_class(
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

    values = {
        place: none_if_nan(value) for place, value in compute_observed(shares, inputs.clusters.count).items()
    }
    return {
        f"class={name}": {
            "precision": values[f"{name}/precision"],
            "recall": values[f"{name}/recall"],
            "units": float(count),
        }
        for name, count in zip(names, truth.sum(axis=0), strict=True)
    }


CLASSES_FAMILY = Family("classes", CLASSES, CLASS_METRICS, measure_classes)
