"""Ranking metrics from one sort of the scores, shared by all metrics and all bootstrap replicates.

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
  task's prevalence: where pi TPR + (1 - pi) FPR reaches .01. What a threshold fixed beforehand gives is in
  :mod:`tipbench.metrics.operating`.
- ``average_precision_raw``, ``auroc_raw``: every row weighs one, at the data's own prevalence.

All but the raw ones use the headline weights. A task without a prevalence is scored at the data's own, and so are a
user's own data unless they state one.

**Pooled folds.** Where a user's own data are tested in several folds, each unit is ranked among those of its own fold
alone, which one method scored; scores of different folds are never compared (Forman and Scholz 2010, "Apples-to-apples
in cross-validation studies"). With M_f the metric in fold f and P_f the weight of its positives,

    M = sum_f P_f M_f / sum_f P_f

over the folds that have both classes, at the prevalence of all folds together, in every replicate again. So what says
the same of all units of a fold is chance: AUROC .5, average precision the prevalence, recall at 1% .01.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.part_rows import PartRows
from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import Metrics, ratio
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues
from tipbench.metrics.ranked_rows import RankedRows, small, taken

#: Share of false positives, and share of the weight that reviewers can look at.
FPR_LIMIT = 0.01
BUDGET = 0.01

METRICS = (
    Metric("average_precision", "average precision"),
    Metric("auroc", "AUROC"),
    Metric("recall_at_1pct_fpr", "recall at 1% false positives"),
    Metric("precision_at_budget", "precision at a 1% budget"),
    Metric("recall_at_budget", "recall at a 1% budget"),
    Metric("average_precision_raw", "average precision, every row weighing one"),
    Metric("auroc_raw", "AUROC, every row weighing one"),
)
NAMES = tuple(metric.name for metric in METRICS)
RAW = frozenset({"average_precision_raw", "auroc_raw"})


class ByClass(NamedTuple):
    """The same of the positives and of the negatives."""

    positive: NDArray
    negative: NDArray


class Shares(NamedTuple):
    """The shares of positives, [replicates], that headline and raw metrics are at."""

    headline: NDArray[np.float64]
    raw: NDArray[np.float64]


class Ranking:
    """The rows of a test part, sorted once.

    ``scores`` float [rows], ``positive`` bool [rows], ``weights`` float [rows] (headline), ``codes`` int
    [rows] (cluster of each row); ``prevalence`` in (0, 1) or None for the data's own.

    All metrics need the ranking only at its *stops*: the start and the end of every block that holds a
    positive, and both ends of the whole. Between two stops without a positive recall does not move.
    """

    def __init__(
        self,
        scores: NDArray,
        positive: NDArray[np.bool_],
        weights: NDArray[np.float64],
        codes: NDArray[np.integer],
        prevalence: float | None,
    ) -> None:
        self._prevalence = prevalence
        self._both_classes = bool(positive.any()) and not bool(positive.all())
        if not self._both_classes:
            return
        order = np.argsort(scores)[::-1].astype(np.uint32 if scores.size < 2**32 else np.intp)
        label = taken(positive, order)
        places = np.flatnonzero(label)
        starts, ends = _blocks(taken(scores, order), places)
        stops = np.unique(np.concatenate([[0], starts, ends, [order.size]]))
        self._start, self._end = np.searchsorted(stops, starts), np.searchsorted(stops, ends)
        above = np.searchsorted(places, stops)
        self._positive = RankedRows(order, label, codes, weights, above)
        self._negative = RankedRows(order, ~label, codes, weights, stops - above)

    def metrics(self, drawn: NDArray[np.float64], shares: Shares | None = None) -> Metrics:
        """Return every metric, [replicates], under the multiplicities [replicates, clusters]; NaN with one class
        only. ``shares``: in the place of the rows' own."""
        values = np.full((len(drawn), len(NAMES)), np.nan)
        if self._both_classes:
            told = zip(*shares, strict=True) if shares is not None else repeat((self._prevalence, None))
            for row, multiplicity, (share, raw) in zip(values, drawn, told, strict=False):
                row[:] = self._one(multiplicity, share, raw)
        return dict(zip(NAMES, values.T, strict=True))

    def average_precision(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return this metric alone, [replicates]."""
        values = np.full(len(drawn), np.nan)
        if self._both_classes:
            for place, multiplicity in enumerate(drawn):
                if (both := self._above(multiplicity)) is not None:
                    share = _share(both[1], self._prevalence)
                    values[place] = self._average_precision_and_auroc(both[1], share)[0]
        return values

    def _above(self, multiplicity: NDArray[np.float64]) -> tuple[ByClass, ByClass] | None:
        """Return the numbers of rows above each stop, [stops], and their weights; None where a class is not drawn."""
        drawn = small(multiplicity)
        raw, headline = map(ByClass, *(rows.above(drawn) for rows in (self._positive, self._negative)))
        there = all(above[-1] > 0 for above in (*raw, *headline))
        return (raw, headline) if there else None

    def _one(
        self, multiplicity: NDArray[np.float64], prevalence: float | None, raw_prevalence: float | None
    ) -> list[float]:
        both = self._above(multiplicity)
        if both is None:
            return [np.nan] * len(NAMES)
        raw, headline = both
        positive, negative = float(headline.positive[-1]), float(headline.negative[-1])
        share = _share(headline, prevalence)
        reviewed = share / positive * headline.positive + (1 - share) / negative * headline.negative
        recall = _recall_where(headline.positive, reviewed, BUDGET)
        return [
            *self._average_precision_and_auroc(headline, share),
            _recall_where(headline.positive, headline.negative / negative, FPR_LIMIT),
            share * recall / BUDGET,
            recall,
            *self._average_precision_and_auroc(raw, raw_prevalence),
        ]

    def _average_precision_and_auroc(self, above: ByClass, prevalence: float | None) -> tuple[float, float]:
        true, false = above.positive[self._end], above.negative[self._end]
        gain = true - above.positive[self._start]
        positive, negative = above.positive[-1], above.negative[-1]
        weigh = 1.0 if prevalence is None else (1 - prevalence) / prevalence * positive / negative
        precision = np.divide(true, true + weigh * false, out=np.zeros_like(true), where=true > 0)
        below = negative - 0.5 * (false + above.negative[self._start])
        return float(gain @ precision / positive), float(gain @ below / (positive * negative))


def _share(above: ByClass, prevalence: float | None) -> float:
    """Return the share of positives that metrics are at: what is stated, or else the rows' own."""
    positive, negative = float(above.positive[-1]), float(above.negative[-1])
    return positive / (positive + negative) if prevalence is None else prevalence


def _blocks(ranked: NDArray, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many rows stand above the start, and above the end, of every block that holds a positive.

    ``ranked`` [rows]: falling scores; ``places`` [positives]: how many rows stand above each positive.
    """
    values, rising = ranked[places], ranked[::-1]
    values = values[np.append(True, values[1:] != values[:-1])]
    starts, ends = (ranked.size - np.searchsorted(rising, values, side=side) for side in ("right", "left"))
    return starts, ends


def _recall_where(true: NDArray[np.float64], cost: NDArray[np.float64], limit: float) -> float:
    """Return recall where the cost [stops] of what is flagged reaches the limit; within a block in proportion."""
    # The slack keeps a limit that is met exactly from being missed by rounding.
    stop = int(np.searchsorted(cost, limit * (1 + 1e-12), side="right")) - 1
    reached = true[stop]
    if stop + 1 < true.size:
        rest = max(limit - cost[stop], 0.0) / (cost[stop + 1] - cost[stop])
        reached = reached + rest * (true[stop + 1] - reached)
    return float(reached / true[-1])


class FoldedRanking:
    """The rows of several folds, each scored by a method of its own: the mean of the folds' rankings.

    ``folds`` int [rows]; the rest as of :class:`Ranking`.
    """

    def __init__(
        self,
        scores: NDArray,
        positive: NDArray[np.bool_],
        weights: NDArray[np.float64],
        codes: NDArray[np.integer],
        prevalence: float | None,
        folds: NDArray[np.intp],
    ) -> None:
        self._prevalence = prevalence
        self._rows = (codes, positive, weights)
        self._folds: list[tuple[NDArray[np.bool_], Ranking]] = []
        for fold in np.unique(folds):
            rows = folds == fold
            ranking = Ranking(scores[rows], positive[rows], weights[rows], codes[rows], None)
            self._folds.append((rows & positive, ranking))

    def metrics(self, drawn: NDArray[np.float64]) -> Metrics:
        """Return every metric, [replicates], under the multiplicities [replicates, clusters]; NaN without a fold of
        both classes."""
        codes, positive, weights = self._rows
        every = np.ones(len(codes))
        raw = _drawn(drawn, codes, positive) / _drawn(drawn, codes, every)
        headline = np.full(len(drawn), self._prevalence or np.nan)
        if self._prevalence is None:
            headline = _drawn(drawn, codes, weights * positive) / _drawn(drawn, codes, weights)
        total, of_folds = np.zeros((len(NAMES), len(drawn))), np.zeros((len(NAMES), len(drawn)))
        for rows, ranking in self._folds:
            values = np.stack(list(ranking.metrics(drawn, Shares(headline, raw)).values()))
            weighing = [
                _drawn(drawn, codes, every * rows if name in RAW else weights * rows) for name in NAMES
            ]
            weight = np.where(np.isnan(values), 0.0, np.stack(weighing))
            total += weight * np.nan_to_num(values)
            of_folds += weight
        return dict(zip(NAMES, ratio(total, of_folds), strict=True))

    def average_precision(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return this metric alone, [replicates]."""
        return self.metrics(drawn)["average_precision"]


def _drawn(drawn: NDArray[np.float64], codes: NDArray[np.integer], values: NDArray) -> NDArray[np.float64]:
    """Return the sum of values [rows] under the multiplicities, [replicates]."""
    return drawn @ np.bincount(codes, values, drawn.shape[1])


def ranking_of(
    rows: pl.DataFrame | PartRows,
    scores: NDArray,
    positive: NDArray[np.bool_],
    codes: NDArray[np.integer],
    prevalence: float | None,
) -> Ranking | FoldedRanking:
    """Return the ranking of rows of the ground truth, ``[weight, ...]``: within folds where these have several."""
    weights = rows["weight"].to_numpy()
    if "fold" not in rows.columns or rows["fold"].n_unique() < 2:
        return Ranking(scores, positive, weights, codes, prevalence)
    return FoldedRanking(scores, positive, weights, codes, prevalence, rows["fold"].to_numpy())


def measure(inputs: MetricInputs) -> MetricValues:
    """Return all ranking metrics of one set of inputs."""
    return MetricValues(metrics=ranking(inputs, inputs.test["score"].to_numpy()))


def ranking(inputs: MetricInputs, scores: NDArray) -> Callable[[NDArray[np.float64]], Metrics]:
    """Return the ranking metrics of any scores of the inputs' test units."""
    return ranking_of(inputs.test, scores, inputs.positive, inputs.clusters.codes, inputs.prevalence).metrics


FAMILY = Family(SCORES, METRICS, measure)
