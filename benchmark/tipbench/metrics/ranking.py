"""Ranking metrics, operating points and calibration of scores.

**Ranking.** One sort of the scores serves all metrics and all bootstrap replicates.

Rows of equal score are one block, which is taken whole (the semantics of scikit-learn's
``average_precision_score`` and ``roc_auc_score`` with ``sample_weight``, to 1e-12). Where a block straddles a
limit (1% false positives, a 1% budget), the part of it within the limit counts in proportion, which is the
expectation over a random order of the tied rows. So a constant score is chance in every metric.

- ``average_precision``: sum over blocks of the gain in recall times the precision at the block's end (no
  interpolation), at the task's prevalence pi: precision = pi TPR / (pi TPR + (1 - pi) FPR), which is average
  precision under class weights, recomputed in every replicate.
- ``auroc``: the probability that a positive scores higher than a negative, ties counting half.
- ``recall_at_1pct_fpr``: TPR where FPR reaches .01 (the higher end of a vertical step).
- ``recall_at_budget``, ``precision_at_budget``: of the highest-scored 1% of the test part by weight, at the
  task's prevalence: where pi TPR + (1 - pi) FPR reaches .01.
- ``average_precision_raw``, ``auroc_raw``: every row weighs one, at the data's own prevalence.

All but the raw ones use the headline weights. A task without a prevalence is scored at the data's own, and so are a
user's own data unless they state one.

**Pooled folds.** Where a user's own data are tested in several folds, each unit is ranked only among those of its own
fold, which one method scored; scores of different folds are never compared (Forman and Scholz 2010, "Apples-to-apples
in cross-validation studies"). With M_f the metric in fold f and P_f the weight of its positives,

    M = sum_f P_f M_f / sum_f P_f

over the folds that have both classes, at the prevalence of all folds together, recomputed in every replicate. So scores
that are constant within each fold are chance: AUROC .5, average precision the prevalence, recall at 1% .01.

**Operating points.** Two thresholds are fixed on the valid part, with headline weights, and applied to the test part.
A unit is flagged when its score is at or above the threshold.

- ``budget_1pct``: the lowest score of the valid part at which the flagged weight is at most 1% of valid's.
  Units of equal score are flagged together or not at all, so the budget is never exceeded: where the next
  block of ties does not fit, the whole block stays out; where even the highest does not fit, the threshold is
  the next number above it, and on valid nothing is flagged.
- ``recall_50``: the highest score of the valid part at which recall there is at least one half.

For an open entry, whose author chose the scores of the valid part too, both are fixed on the scores of the test part
(:attr:`tipbench.metrics.metric.MetricInputs.open_entry`).

``ppv_*`` is the precision at the first threshold for a prevalence pi: pi TPR / (pi TPR + (1 - pi) FPR). It is
withheld where the false positives come from under ten clusters (operations), since FPR is then almost unknown. In a
bootstrap the thresholds stay fixed: only the test clusters are resampled.

**Calibration** of scores that claim to be probabilities: all of them, valid and test, lie in [0, 1]. ``brier``: the
headline-weighted mean of (score - label)^2 at the data's own prevalence (Brier 1950). The reliability curve has ten
bins of equal width, each with its lower edge; the last one has its upper edge too.
"""

from __future__ import annotations

from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.kind import PartRows
from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import (
    ROWS_AT_ONCE,
    ClusterSums,
    Codes,
    Floats,
    Mask,
    MetricFunction,
    Metrics,
    compute_observed,
    encode_dense,
    none_if_nan,
    ratio,
)
from tipbench.metrics.metric import (
    NOT_PROBABILITIES,
    Family,
    Metric,
    MetricInputs,
    MetricValues,
    withhold_all,
)


class RankedRows:
    """The rows of one class in falling order of score, and how many of them stand above each stop, [stops].

    ``order`` [rows of both classes] by falling score, ``chosen`` [the same]: which of those are of this class.
    """

    def __init__(
        self, order: Codes, chosen: Mask, codes: Codes, weights: Floats, above: NDArray[np.intp]
    ) -> None:
        count = int(above[-1])
        self._codes, self._weights = np.empty(count, codes.dtype), np.empty(count, weights.dtype)
        last = 0
        for start in range(0, order.size, ROWS_AT_ONCE):
            rows = order[start : start + ROWS_AT_ONCE][chosen[start : start + ROWS_AT_ONCE]]
            first, last = last, last + rows.size
            self._codes[first:last], self._weights[first:last] = codes[rows], weights[rows]
        new = np.append(True, above[1:] != above[:-1])
        self._edges, self._edge = above[new], np.cumsum(new, dtype=np.int32) - 1
        # Pieces of rows that are summed at once end where a stop is.
        ends = np.searchsorted(self._edges, np.arange(0, count, ROWS_AT_ONCE))
        self._pieces = np.unique(np.append(ends, self._edges.size - 1))

    def above(self, drawn: NDArray) -> tuple[Floats, Floats]:
        """Return the number of rows above each stop, [stops], and their weight, where each is there as often as its
        cluster was drawn, [clusters]."""
        edges, count, weight = self._edges, np.zeros(self._edges.size), np.zeros(self._edges.size)
        for first, last in pairwise(self._pieces):
            start, end = edges[first], edges[last]
            times = drawn.take(self._codes[start:end]).astype(np.float64, copy=False)
            starts = edges[first:last] - start
            count[1 + first : 1 + last] = np.add.reduceat(times, starts)
            times *= self._weights[start:end]
            weight[1 + first : 1 + last] = np.add.reduceat(times, starts)
        return np.cumsum(count, out=count)[self._edge], np.cumsum(weight, out=weight)[self._edge]


def take_rows(values: NDArray, order: Codes) -> NDArray:
    """Return values [rows] in an order [rows] that takes less room than an index of numpy's own."""
    taken = np.empty(order.size, values.dtype)
    for start in range(0, order.size, ROWS_AT_ONCE):
        taken[start : start + ROWS_AT_ONCE] = values[order[start : start + ROWS_AT_ONCE]]
    return taken


def shrink_counts(multiplicity: Floats) -> NDArray:
    """Return multiplicities in a byte each, where they are whole and fit: a table that stays near the processor."""
    with np.errstate(invalid="ignore"):
        small = multiplicity.astype(np.uint8)
    return small if np.array_equal(small, multiplicity) else multiplicity


#: Share of false positives, and share of the weight that reviewers can look at.
FPR_LIMIT = 0.01
BUDGET = 0.01

RANKING_METRICS = (
    Metric("average_precision", "average precision"),
    Metric("auroc", "AUROC"),
    Metric("recall_at_1pct_fpr", "recall at 1% false positives"),
    Metric("precision_at_budget", "precision at a 1% budget"),
    Metric("recall_at_budget", "recall at a 1% budget"),
    Metric("average_precision_raw", "average precision, every row weighing one"),
    Metric("auroc_raw", "AUROC, every row weighing one"),
)
RANKING_NAMES = tuple(metric.name for metric in RANKING_METRICS)
RAW_NAMES = frozenset({"average_precision_raw", "auroc_raw"})


class ByClass(NamedTuple):
    """A quantity of the positives and of the negatives."""

    positive: NDArray
    negative: NDArray


class Ranking:
    """The rows of a test part, sorted once.

    ``scores`` float [rows], ``positive`` bool [rows], ``weights`` float [rows] (headline), ``codes`` int
    [rows] (cluster of each row); ``prevalence`` in (0, 1) or None for the data's own.

    All metrics need the ranking only at its *stops*: the start and the end of every block that holds a
    positive, and both ends of the whole. Between two stops without a positive recall does not move.
    """

    def __init__(
        self, scores: NDArray, positive: Mask, weights: Floats, codes: Codes, prevalence: float | None
    ) -> None:
        self._prevalence = prevalence
        self._both_classes = bool(positive.any()) and not bool(positive.all())
        if not self._both_classes:
            return
        order = np.argsort(scores)[::-1].astype(np.uint32 if scores.size < 2**32 else np.intp)
        label = take_rows(positive, order)
        places = np.flatnonzero(label)
        starts, ends = _find_block_edges(take_rows(scores, order), places)
        stops = np.unique(np.concatenate([[0], starts, ends, [order.size]]))
        self._start, self._end = np.searchsorted(stops, starts), np.searchsorted(stops, ends)
        above = np.searchsorted(places, stops)
        self._positive = RankedRows(order, label, codes, weights, above)
        self._negative = RankedRows(order, ~label, codes, weights, stops - above)

    def metrics(self, drawn: Floats, shares: tuple[Floats, Floats] | None = None) -> Metrics:
        """Return every metric, [replicates], under the multiplicities [replicates, clusters].

        NaN with one class only. ``shares``: of positives, [replicates], that headline and raw metrics are at.
        """
        values = np.full((len(drawn), len(RANKING_NAMES)), np.nan)
        if self._both_classes:
            stated = zip(*shares, strict=True) if shares is not None else repeat((self._prevalence, None))
            for row, multiplicity, (share, raw) in zip(values, drawn, stated, strict=False):
                row[:] = self._one(multiplicity, share, raw)
        return dict(zip(RANKING_NAMES, values.T, strict=True))

    def _one(self, multiplicity: Floats, share: float | None, raw_share: float | None) -> list[float]:
        drawn = shrink_counts(multiplicity)
        # The numbers of rows above each stop, [stops], and their weights.
        raw, headline = map(ByClass, *(rows.above(drawn) for rows in (self._positive, self._negative)))
        if not all(above[-1] > 0 for above in (*raw, *headline)):
            return [np.nan] * len(RANKING_NAMES)
        positive, negative = float(headline.positive[-1]), float(headline.negative[-1])
        share = positive / (positive + negative) if share is None else share
        reviewed = share / positive * headline.positive + (1 - share) / negative * headline.negative
        recall = _recall_where(headline.positive, reviewed, BUDGET)
        return [
            *self._average_precision_and_auroc(headline, share),
            _recall_where(headline.positive, headline.negative / negative, FPR_LIMIT),
            share * recall / BUDGET,
            recall,
            *self._average_precision_and_auroc(raw, raw_share),
        ]

    def _average_precision_and_auroc(self, above: ByClass, prevalence: float | None) -> tuple[float, float]:
        true, false = above.positive[self._end], above.negative[self._end]
        gain = true - above.positive[self._start]
        positive, negative = above.positive[-1], above.negative[-1]
        weigh = 1.0 if prevalence is None else (1 - prevalence) / prevalence * positive / negative
        precision = np.divide(true, true + weigh * false, out=np.zeros_like(true), where=true > 0)
        below = negative - 0.5 * (false + above.negative[self._start])
        return float(gain @ precision / positive), float(gain @ below / (positive * negative))


def _find_block_edges(ranked: NDArray, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many rows stand above the start, and above the end, of every block that holds a positive.

    ``ranked`` [rows]: falling scores; ``places`` [positives]: how many rows stand above each positive.
    """
    values, rising = ranked[places], ranked[::-1]
    values = values[np.append(True, values[1:] != values[:-1])]
    starts, ends = (ranked.size - np.searchsorted(rising, values, side=side) for side in ("right", "left"))
    return starts, ends


def _recall_where(true: Floats, cost: Floats, limit: float) -> float:
    """Return recall where the cost [stops] of what is flagged reaches the limit; within a block in proportion."""
    # The slack keeps a limit that is met exactly from being missed by rounding.
    stop = int(np.searchsorted(cost, limit * (1 + 1e-12), side="right")) - 1
    reached = true[stop]
    if stop + 1 < true.size:
        rest = max(limit - cost[stop], 0.0) / (cost[stop + 1] - cost[stop])
        reached = reached + rest * (true[stop + 1] - reached)
    return float(reached / true[-1])


def pool_folds(
    scores: NDArray, positive: Mask, weights: Floats, codes: Codes, share: float | None, folds: NDArray
) -> MetricFunction:
    """Return the mean of the rankings of folds, each of a method of its own; NaN where none has both classes.

    ``folds`` int [rows]; ``share``: the prevalence; the rest as of :class:`Ranking`.
    """
    every = np.ones(codes.size)
    rankings = [
        (rows & positive, Ranking(scores[rows], positive[rows], weights[rows], codes[rows], None))
        for rows in (folds == fold for fold in np.unique(folds))
    ]

    def metrics(drawn: Floats) -> Metrics:
        def sum_by_cluster(values: NDArray) -> Floats:
            return drawn @ np.bincount(codes, values, drawn.shape[1])

        raw, headline = sum_by_cluster(positive) / sum_by_cluster(every), np.full(len(drawn), share or np.nan)
        if share is None:
            headline = sum_by_cluster(weights * positive) / sum_by_cluster(weights)
        total, of_folds = np.zeros((2, len(RANKING_NAMES), len(drawn)))
        for rows, ranking in rankings:
            values = np.stack(list(ranking.metrics(drawn, (headline, raw)).values()))
            weighing = [
                sum_by_cluster((every if name in RAW_NAMES else weights) * rows) for name in RANKING_NAMES
            ]
            weight = np.where(np.isnan(values), 0.0, np.stack(weighing))
            total += weight * np.nan_to_num(values)
            of_folds += weight
        return dict(zip(RANKING_NAMES, ratio(total, of_folds), strict=True))

    return metrics


def make_ranking(
    rows: pl.DataFrame | PartRows, scores: NDArray, positive: Mask, codes: Codes, prevalence: float | None
) -> MetricFunction:
    """Return the ranking of rows of the ground truth, ``[weight, ...]``: within folds where these have several."""
    weights = rows["weight"].to_numpy()
    if "fold" not in rows.columns or rows["fold"].n_unique() < 2:
        return Ranking(scores, positive, weights, codes, prevalence).metrics
    return pool_folds(scores, positive, weights, codes, prevalence, rows["fold"].to_numpy())


def measure_ranking(inputs: MetricInputs) -> MetricValues:
    """Return all ranking metrics of one set of inputs."""
    codes, prevalence = inputs.clusters.codes, inputs.prevalence
    return MetricValues(metrics=make_ranking(inputs.test, inputs.score, inputs.positive, codes, prevalence))


RANKING = Family("ranking", SCORES, RANKING_METRICS, measure_ranking)


BINS = 10
BIN_EDGES = (np.arange(1, BINS) / BINS).astype(np.float32)
"""Inner edges of the bins. Scores are compared with them as float32, so that .7 is in the bin [.7, .8) whether it was
stored as float32 (.69999999) or as float64; a float64 less than 3e-8 below an edge counts as the edge."""
CALIBRATION_METRICS = (Metric("brier", "Brier score", lower_is_better=True),)


def measure_calibration(inputs: MetricInputs) -> MetricValues:
    """Return Brier score, and ``curves["reliability"]``: one entry a bin with ``low``, ``high``, ``weight`` (share
    of the test part's), ``mean_score`` and ``positive_share`` (null in an empty bin)."""
    if not inputs.predictions["score"].is_between(0.0, 1.0).all():
        return withhold_all(["brier"], NOT_PROBABILITIES)
    score, label, weight = inputs.score, inputs.positive.astype(np.float64), inputs.weights
    sums = ClusterSums(inputs.clusters)
    sums.add("loss", weight, (score - label) ** 2)
    sums.add("weight", weight)
    curves = {"reliability": reliability(score, label, weight)}
    return MetricValues(metrics=sums.ratios({"brier": ("loss", "weight")}), curves=curves)


def reliability(score: Floats, label: Floats, weight: Floats) -> list[dict[str, float | None]]:
    """Return the ten bins of scores [rows] in [0, 1] against labels 0 or 1 [rows] under weights [rows]."""
    bins = np.searchsorted(BIN_EDGES, score.astype(np.float32), side="right")
    mass = np.bincount(bins, weight, BINS)
    mean, positive = (ratio(np.bincount(bins, weight * values, BINS), mass) for values in (score, label))
    return [
        {
            "low": index / BINS,
            "high": (index + 1) / BINS,
            "weight": float(mass[index] / mass.sum()),
            "mean_score": float(mean[index]) if mass[index] else None,
            "positive_share": float(positive[index]) if mass[index] else None,
        }
        for index in range(BINS)
    ]


CALIBRATION = Family("calibration", SCORES, CALIBRATION_METRICS, measure_calibration)


RECALL_POINT = 0.5
PREVALENCES = {"ppv_0.1pct": 0.001, "ppv_1pct": 0.01, "ppv_5pct": 0.05, "ppv_30pct": 0.30}
PPV_METRICS = tuple(
    Metric(name, f"precision at {100 * prevalence:g}% prevalence") for name, prevalence in PREVALENCES.items()
)
FEWEST_FALSE_POSITIVE_CLUSTERS = 10
NO_VALID_PART = "no valid part to fix a threshold on"


def budget_threshold(scores: Floats, weights: Floats, budget: float = BUDGET) -> float:
    """Return the lowest score [rows] at which at most this share of the weight [rows] is flagged."""
    values, flagged = _cumulate_weight(scores, weights)
    # The slack keeps a budget that is met exactly from being missed by rounding.
    fits = np.count_nonzero(flagged <= budget * flagged[-1] * (1 + 1e-12))
    return float(values[fits - 1]) if fits else float(np.nextafter(values[0], np.inf))


def recall_threshold(scores: Floats, weights: Floats, recall: float = RECALL_POINT) -> float:
    """Return the highest score at which recall is at least this, from the positives' scores and weights
    [positives]."""
    values, found = _cumulate_weight(scores, weights)
    return float(values[np.searchsorted(found, recall * found[-1] * (1 - 1e-12))])


def find_f1_threshold(scores: Floats, positive: Mask, weights: Floats) -> float:
    """Return the highest score [rows] at or above which F1 is at its highest; there must be a positive."""
    values, flagged, found = _cumulate_weight(scores, weights, weights * positive)
    return float(values[np.argmax(2 * found / (flagged + found[-1]))])


def _cumulate_weight(scores: Floats, *weights: Floats) -> tuple[Floats, ...]:
    """Return the distinct scores, falling, and of each of these weights [rows] the sum at or above each score."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    return ranked[ends], *(np.cumsum(weight[order])[ends] for weight in weights)


def fix_thresholds(inputs: MetricInputs) -> dict[str, float]:
    """Return the thresholds by name, fixed on the valid part, or on the test of an open entry: none without one, no
    ``recall_50`` without a positive."""
    rows = inputs.test if inputs.open_entry else inputs.valid
    if rows.is_empty():
        return {}
    score, weight = rows["score"].to_numpy(), rows["weight"].to_numpy()
    positive = rows["label"].to_numpy() == 1
    fixed = {"budget_1pct": budget_threshold(score, weight)}
    if positive.any():
        fixed["recall_50"] = recall_threshold(score[positive], weight[positive])
    return fixed


def measure_operating_points(inputs: MetricInputs) -> MetricValues:
    """Return the PPV grid, and ``curves["operating_points"]``: for each threshold ``threshold``, ``recall``,
    ``false_positive_rate``, ``precision`` (at the test part's own prevalence), ``flagged_share`` (of its
    weight), ``false_positive_clusters`` and the PPV grid (null where withheld, and without a positive)."""
    found = {name: _measure_point(inputs, threshold) for name, threshold in fix_thresholds(inputs).items()}
    if not found:
        return withhold_all(PREVALENCES, NO_VALID_PART)
    ppv, few, _ = found["budget_1pct"]
    none = PREVALENCES if few < FEWEST_FALSE_POSITIVE_CLUSTERS else ()
    reason = f"false positives come from only {few} clusters, {FEWEST_FALSE_POSITIVE_CLUSTERS} needed"
    return MetricValues(
        metrics=ppv,
        withheld=dict.fromkeys(none, reason),
        curves={"operating_points": {name: point for name, (*_, point) in found.items()}},
    )


def _measure_point(
    inputs: MetricInputs, threshold: float
) -> tuple[MetricFunction, int, dict[str, float | None]]:
    """Return at one threshold the PPV grid, the number of clusters with false positives, and the point for
    figures."""
    sums, flagged = ClusterSums(inputs.clusters), inputs.score >= threshold
    for name, rows in (("positive", inputs.positive), ("negative", ~inputs.positive)):
        sums.add(name, inputs.weights, rows)
        sums.add(f"flagged_{name}", inputs.weights, rows & flagged)

    def rates(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        true, false = total("flagged_positive"), total("flagged_negative")
        return {
            "recall": ratio(true, total("positive")),
            "false_positive_rate": ratio(false, total("negative")),
            "precision": ratio(true, true + false),
            "flagged_share": ratio(true + false, total("positive") + total("negative")),
        }

    def ppv(drawn: Floats) -> Metrics:
        found = rates(drawn)
        recall, false = found["recall"], found["false_positive_rate"]
        return {name: ratio(pi * recall, pi * recall + (1 - pi) * false) for name, pi in PREVALENCES.items()}

    clusters = inputs.clusters.among(flagged & ~inputs.positive)
    enough = clusters >= FEWEST_FALSE_POSITIVE_CLUSTERS
    observed, grid = (compute_observed(values, inputs.clusters.count) for values in (rates, ppv))
    point = {
        "threshold": threshold,
        **{name: none_if_nan(value) for name, value in observed.items()},
        "false_positive_clusters": clusters,
        **{name: none_if_nan(value) if enough else None for name, value in grid.items()},
    }
    return ppv, clusters, point


OPERATING = Family("operating", SCORES, PPV_METRICS, measure_operating_points)


def reach_capacity(score: Floats, slot: pl.Series, weight: Floats, capacity: float) -> Floats:
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
