"""Clustering metrics: B-cubed, pairwise, adjusted Rand and V-measure, against the truth, the proxy and labelled pairs.

With W(S) the weight of a set of units, and for unit i its true cluster T, its predicted cluster P and their
overlap C = T and P:

- ``b_cubed_*``: item-weighted B-cubed (Bagga and Baldwin 1998; Amigo et al. 2009): precision is the mean over
  *units* of W(C) / W(P), recall that of W(C) / W(T), F1 their harmonic mean. Units, not clusters, are
  averaged: a large cluster counts by its size.
- ``pairwise_*``: over unordered pairs of distinct units, a pair weighing the product of its units' weights.
- ``ari``: the adjusted Rand index on the same pair weights (Hubert and Arabie 1985).
- ``v_measure``: harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg 2007).

Weights enter the inner sums as well, so that a unit of weight two is two units that are always together
(pairs within a unit excepted). Where operations *stand for* more or fewer than one (``stands_for`` of the answers), a
unit counts as many times as its operation stands for; but as it sees them, its own operation is there once, and every
other as many times as that stands for: an operation that stands for two is two operations apart, not one of twice the
size. So a form that is drawn too often spoils little, and its own links keep their worth. ``proxy_*`` are the same with
the phone-component proxy for the truth, over the units that have one; that a method agrees with the proxy better than
with the truth is a finding.

In a bootstrap the contribution of each unit is that on the full data, and the units are weighted by how often
their true cluster was drawn: resampled clusters never meet themselves. What a cluster shares with another
is then taken as given, so intervals of *precision* are too narrow where clusters are merged a lot (about 85%
instead of 95% coverage with 30% of the clusters merged; recall, F1 and ARI keep 93 to 97%).

**Labelled pairs.** Where a user's own labelled pairs are the only truth, a pair is predicted positive when both its
units are in one predicted cluster. ``pairwise_precision``, ``pairwise_recall`` and ``pairwise_f1`` are over the
labelled pairs of the test part, each weighing one. Pairs share units, so there are no clusters to resample and no
interval is given.

**Scored pairs.** Where a linkage task is given scores of labelled pairs instead of clusters, a pair is predicted
positive at or above the score that gives the highest F1 on the valid part (the highest such score), as the literature
on record linkage does (Konda et al. 2016); precision, recall and F1 are those on the test part. The threshold stays
fixed in a bootstrap.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tipbench.kinds.clusters import CLUSTERS
from tipbench.kinds.scores import SCORES
from tipbench.metrics.bootstrap import (
    ClusterSums,
    Codes,
    Floats,
    Metrics,
    ResamplingClusters,
    encode_dense,
    ratio,
)
from tipbench.metrics.metric import (
    NO_TRUTH,
    Family,
    Metric,
    MetricInputs,
    MetricValues,
    combine,
    withhold_all,
)
from tipbench.metrics.ranking import NO_VALID_PART, find_f1_threshold

PAIRWISE = (
    Metric("pairwise_f1", "pairwise F1"),
    Metric("pairwise_precision", "pairwise precision"),
    Metric("pairwise_recall", "pairwise recall"),
)
AGAINST_TRUTH = (
    Metric("b_cubed_f1", "B-cubed F1"),
    Metric("b_cubed_precision", "B-cubed precision"),
    Metric("b_cubed_recall", "B-cubed recall"),
    *PAIRWISE,
    Metric("ari", "adjusted Rand index"),
    Metric("v_measure", "V-measure"),
)
STANDS_FOR = "stands_for"
CLUSTERING_NAMES = tuple(metric.name for metric in AGAINST_TRUTH)
CLUSTERING_METRICS = (
    *AGAINST_TRUTH,
    *(
        Metric(f"proxy_{metric.name}", f"{metric.title} against the proxy", needs=frozenset({"proxy"}))
        for metric in AGAINST_TRUTH
    ),
)


def measure_clustering(inputs: MetricInputs) -> MetricValues:
    """Return the metrics against the truth where any is known, and the ``proxy_`` ones where a proxy is."""
    frame = inputs.answers.frame
    predicted, _ = encode_dense(inputs.predictions["cluster"])
    weights = frame["weight"].to_numpy()
    stands_for = frame[STANDS_FOR].to_numpy() if STANDS_FOR in frame.columns else 1
    parts: list[MetricValues] = []
    for prefix, column in (("", "cluster"), ("proxy_", "proxy")):
        if column in frame.columns and frame[column].null_count() < frame.height:
            truth, _ = encode_dense(frame[column])
            sums = sum_contributions(truth, predicted, weights, inputs.clusters, stands_for)
            parts.append(MetricValues(metrics=partial(compute_metrics, sums, prefix=prefix)))
        elif column == "cluster" and inputs.answers.pairs is None:
            parts.append(withhold_all(CLUSTERING_NAMES, NO_TRUTH))
    return combine(parts)


def sum_contributions(
    truth: Codes, predicted: Codes, weights: Floats, clusters: ResamplingClusters, stands_for: ArrayLike = 1
) -> ClusterSums:
    """Return what each unit adds to every metric, summed a resampling cluster.

    ``truth`` [units] codes, -1 for units to leave out; ``predicted`` [units] codes; ``weights`` [units];
    ``stands_for`` [units], or the same for all.
    """
    stands_for = np.broadcast_to(np.asarray(stands_for, dtype=np.float64), weights.shape)
    known = truth >= 0
    codes = clusters.codes
    if not known.all():
        truth, predicted, codes = truth[known], predicted[known], codes[known]
        weights, stands_for = weights[known], stands_for[known]
    # The overlap that each unit is in, [units]; and the true and the predicted cluster of each, [overlaps].
    width = int(predicted.max()) + 1
    pairs, overlap = np.unique(truth.astype(np.int64) * width + predicted, return_inverse=True)
    overlap_truth, overlap_predicted = np.divmod(pairs, width)
    counted = weights * stands_for
    # All that is there as an overlap sees it: itself, and its own operation, once.
    true_weight = np.bincount(truth, weights)[overlap_truth]
    overlap_weight = np.bincount(overlap, weights)
    once = overlap_weight - np.bincount(overlap, counted)
    predicted_weight = np.bincount(predicted, counted)[overlap_predicted] + once
    whole = counted.sum() + (np.bincount(truth, weights) - np.bincount(truth, counted))[overlap_truth]
    sums = ClusterSums(replace(clusters, codes=codes))
    sums.add("weight", counted)
    for name, share in (
        ("precision", overlap_weight / predicted_weight),
        ("recall", overlap_weight / true_weight),
        # Minus the logarithms of the entropies' shares.
        ("truth_given_predicted", np.log(predicted_weight / overlap_weight)),
        ("predicted_given_truth", np.log(true_weight / overlap_weight)),
        ("truth_entropy", np.log(whole / true_weight)),
        ("predicted_entropy", np.log(whole / predicted_weight)),
    ):
        values = share[overlap]
        values *= counted
        sums.add(name, values)
    for name, partners in (
        ("shared_pairs", overlap_weight),
        ("true_pairs", true_weight),
        ("predicted_pairs", predicted_weight),
        ("all_pairs", whole),
    ):
        values = partners[overlap]
        values -= weights
        values *= counted
        sums.add(name, values)
    return sums


def compute_metrics(sums: ClusterSums, drawn: Floats, prefix: str = "") -> Metrics:
    """Return the eight metrics [replicates] under the multiplicities [replicates, clusters].

    ``prefix``: of their names.
    """
    total = sums.totals(drawn)
    weight = total("weight")
    precision, recall = ratio(total("precision"), weight), ratio(total("recall"), weight)
    shared, true, predicted = total("shared_pairs"), total("true_pairs"), total("predicted_pairs")
    homogeneity = _share_explained(total("truth_given_predicted"), total("truth_entropy"))
    completeness = _share_explained(total("predicted_given_truth"), total("predicted_entropy"))
    found = {
        "b_cubed_f1": _harmonic_mean(precision, recall),
        "b_cubed_precision": precision,
        "b_cubed_recall": recall,
        **_pairwise_metrics(shared, predicted, true),
        "ari": _adjusted_rand(shared, true, predicted, total("all_pairs")),
        "v_measure": _harmonic_mean(homogeneity, completeness),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}


def _harmonic_mean(one: Floats, other: Floats) -> Floats:
    total = one + other
    return np.where(total > 0, 2 * one * other / np.where(total > 0, total, 1.0), total)


def _share_explained(rest: Floats, entropy: Floats) -> Floats:
    """Return 1 - rest / entropy; one where there is nothing to explain."""
    return 1.0 - np.divide(rest, entropy, out=np.zeros_like(rest), where=entropy > 0)


def _adjusted_rand(shared: Floats, true: Floats, predicted: Floats, pairs: Floats) -> Floats:
    """Return (shared - expected) / (mean of true and predicted - expected); one where both are all pairs or none,
    the only clusterings for which the denominator vanishes."""
    expected = np.divide(true * predicted, pairs, out=np.zeros_like(pairs), where=pairs > 0)
    most = (true + predicted) / 2
    varies = most - expected > 1e-12 * most
    return np.where(varies, (shared - expected) / np.where(varies, most - expected, 1.0), 1.0)


CLUSTERING = Family("clustering", CLUSTERS, CLUSTERING_METRICS, measure_clustering)


PAIRWISE_NAMES = tuple(metric.name for metric in PAIRWISE)
NO_CLUSTERS = "labelled pairs have no clusters to resample"


def measure_labelled_pairs(inputs: MetricInputs) -> MetricValues:
    """Return the pairwise metrics where the answers hold labelled pairs and no true clusters; nothing otherwise."""
    pairs = inputs.answers.scored_pairs()
    if pairs is None or inputs.answers.frame["cluster"].null_count() < inputs.answers.frame.height:
        return withhold_all([], "")
    values = score_pairs(pairs, inputs.predictions, inputs.answers.unit)
    return MetricValues(
        metrics=lambda drawn: {name: np.full(len(drawn), value) for name, value in values.items()},
        withheld={name: "no such pair" for name, value in values.items() if np.isnan(value)},
        without_interval=dict.fromkeys(values, NO_CLUSTERS),
    )


def score_pairs(pairs: pl.DataFrame, predictions: pl.DataFrame, unit: str) -> dict[str, float]:
    """Return precision, recall and F1 over pairs ``[left, right, label]``; NaN where the denominator is zero."""
    left, right = (
        pairs.select(pl.col(end).alias(unit)).join(predictions, on=unit, how="left", maintain_order="left")
        for end in ("left", "right")
    )
    predicted = (left["cluster"] == right["cluster"]).to_numpy()
    positive = pairs["label"].to_numpy() == 1
    found, flagged, wanted = (
        np.sum(one, keepdims=True) for one in (predicted & positive, predicted, positive)
    )
    return {name: float(value[0]) for name, value in _pairwise_metrics(found, flagged, wanted).items()}


def _pairwise_metrics(found: NDArray, flagged: NDArray, wanted: NDArray) -> Metrics:
    """Return F1, precision and recall of pairs, [replicates]; NaN where a denominator is zero."""
    values = ratio(2 * found, flagged + wanted), ratio(found, flagged), ratio(found, wanted)
    return dict(zip(PAIRWISE_NAMES, values, strict=True))


def measure_scored_pairs(inputs: MetricInputs) -> MetricValues:
    """Return F1, precision and recall of labelled pairs that a method scores.

    A pair is predicted positive at or above the threshold with the best F1 on the valid part.
    """
    valid = inputs.valid
    positive = valid["label"].to_numpy() == 1
    if not positive.any():
        return withhold_all(PAIRWISE_NAMES, NO_VALID_PART)
    threshold = find_f1_threshold(valid["score"].to_numpy(), positive, valid["weight"].to_numpy())
    flagged = inputs.score >= threshold
    sums = ClusterSums(inputs.clusters)
    sums.add("wanted", inputs.weights, inputs.positive)
    sums.add("flagged", inputs.weights, flagged)
    sums.add("found", inputs.weights, flagged & inputs.positive)

    def metrics(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        return _pairwise_metrics(total("found"), total("flagged"), total("wanted"))

    return MetricValues(metrics=metrics, curves={"pair_threshold": threshold})


LABELLED_PAIRS = Family("labelled_pairs", CLUSTERS, PAIRWISE, measure_labelled_pairs)
SCORED_PAIRS = Family("scored_pairs", SCORES, PAIRWISE, measure_scored_pairs)
