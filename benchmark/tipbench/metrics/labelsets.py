"""Several labels a unit, the urgency of units, and units of one class among several.

**Label sets**: one ranking a label, and decisions. A label that fewer clusters of the test part have than the task asks
for (``label_clusters``) is left out of the means over labels.

- ``macro_average_precision``: the mean over labels of average precision at the data's own prevalence, ties in blocks
  (:mod:`tipbench.metrics.ranking`). A label that has only one class is left out of the mean.
- ``macro_f1``: the mean over labels of F1 = 2 right / (given + true), a label being given from the score on at which
  its F1 on the valid part is highest. In a bootstrap these thresholds stay fixed. A label that no unit of valid has is
  left out of the mean.
- ``hamming_loss``, ``micro_f1``: over all known pairs of unit and label, a label being given where its score is .5 or
  more (Tsoumakas and Katakis 2007; Schapire and Singer 2000). Withheld where scores are not probabilities.

**Urgency**: whom a week's capacity reaches, where the ground truth knows how urgent units are.

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

from dataclasses import replace

import numpy as np
import polars as pl

from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import CLASSES, LABELSETS, SCORE_PREFIX, URGENCY
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    ClusterSums,
    Floats,
    GroupShares,
    Mask,
    MetricFunction,
    Metrics,
    compute_observed,
    none_if_nan,
    ratio,
)
from tipbench.metrics.harm import NO_FINDS, PROTECTION_GAP, merge_small_groups
from tipbench.metrics.metric import (
    ACCURACY,
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
from tipbench.metrics.ranking import NO_VALID_PART, find_f1_threshold, make_ranking, reach_capacity

MACRO = "macro_average_precision"
URGENT_NEEDS = frozenset({URGENCY})
LABELSET_METRICS = (
    Metric(MACRO, "macro average precision"),
    Metric("hamming_loss", "Hamming loss", lower_is_better=True),
    Metric("micro_f1", "micro F1"),
)
MACRO_F1 = Metric("macro_f1", "macro F1 over classes or labels")
URGENCY_METRICS = (Metric("urgent_recall", "urgent recall at capacity", needs=URGENT_NEEDS), PROTECTION_GAP)
THRESHOLD = 0.5
CAPACITY = 0.2
MOST_URGENT = 2
ONE_CLASS = "no label has both classes in the test part"
FEW_CLUSTERS = "no label has {} clusters of the test part"
NO_VALID_LABEL = "no label that counts is in the valid part to fix a threshold on"
NOBODY_URGENT = "nobody is urgent in the test part"
ONE_LANGUAGE = f"fewer than two languages with {FEWEST_CLUSTERS} clusters that have urgent units"


def measure_labelsets(inputs: MetricInputs) -> MetricValues:
    """Return average precision and the decisions at one half. ``groups``: ``label=NAME`` with ``average_precision``,
    ``prevalence`` and ``positives``."""
    answers, scores = _rows_of(inputs, "test")
    return combine([_measure_labels(inputs, answers, scores), _measure_decisions(inputs, answers, scores)])


def _rows_of(inputs: MetricInputs, part: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the ground truth and the predictions of a part."""
    rows = (inputs.answers.frame["part"] == part).to_numpy()
    return inputs.answers.frame.filter(rows), inputs.predictions.filter(rows)


def _label_rows(answers: pl.DataFrame, scores: pl.DataFrame, name: str) -> tuple[Mask, Mask, Floats]:
    """Return of each row whether a label is known, whether it is there, and its score."""
    label = answers[f"{LABEL_PREFIX}{name}"]
    score = scores[f"{SCORE_PREFIX}{name}"].cast(pl.Float64).to_numpy()
    return label.is_not_null().to_numpy(), find_equal(label, 1), score


def _counts(inputs: MetricInputs, positive: Mask) -> bool:
    """Return whether enough clusters of the test part have a label; ``positive``: which of its rows have it."""
    of_release = inputs.answers.custom is None
    return not of_release or inputs.clusters.among(positive) >= inputs.task.label_clusters


def _mean_defined(values: Floats) -> Floats:
    """Return the mean [replicates] of the values [labels or classes, replicates] that are not NaN."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))


def _measure_labels(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    rankings: list[MetricFunction] = []
    groups: Groups = {}
    rare = False
    for name in inputs.answers.label_names:
        known, positive, score = _label_rows(answers, scores, name)
        counts, value = _counts(inputs, positive), np.nan
        rows, positive = answers.filter(known), positive[known]
        weight = rows["weight"].to_numpy()
        if counts:
            rankings.append(make_ranking(rows, score[known], positive, inputs.clusters.codes[known], None))
            value = compute_observed(rankings[-1], inputs.clusters.count)["average_precision"]
        groups[f"label={name}"] = {
            "average_precision": none_if_nan(value),
            "prevalence": float(weight @ positive / weight.sum()) if weight.size else None,
            "positives": int(positive.sum()),
        }
        rare |= not np.isnan(value) and rows.filter(positive)["cluster"].n_unique() < FEWEST_CLUSTERS

    if not rankings:
        few = FEW_CLUSTERS.format(inputs.task.label_clusters)
        return replace(withhold_all([MACRO], few), groups=groups)

    def metrics(drawn: Floats) -> Metrics:
        return {MACRO: _mean_defined(np.stack([one(drawn)["average_precision"] for one in rankings]))}

    some = any(group["average_precision"] is not None for group in groups.values())
    return MetricValues(
        metrics=metrics,
        withheld={} if some else {MACRO: ONE_CLASS},
        without_interval={MACRO: TOO_FEW} if rare else {},
        groups=groups,
    )


def _measure_decisions(inputs: MetricInputs, answers: pl.DataFrame, scores: pl.DataFrame) -> MetricValues:
    counts = np.zeros((4, answers.height))
    probabilities = True
    for name in inputs.answers.label_names:
        score, label = scores[f"{SCORE_PREFIX}{name}"], answers[f"{LABEL_PREFIX}{name}"]
        probabilities &= bool(score.is_between(0.0, 1.0).all())
        given, known = (score >= THRESHOLD).to_numpy(), label.is_not_null().to_numpy()
        true = find_equal(label, 1)
        counts += np.stack([known, known & (given != true), known & given & true, known & (given | true)])
    sums = ClusterSums(inputs.clusters)
    for name, count in zip(("pairs", "wrong", "both", "either"), counts, strict=True):
        sums.add(name, answers["weight"].to_numpy(), count)

    def metrics(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        # F1 = 2 both / (given + true), and given + true = both + either.
        f1 = ratio(2 * total("both"), total("both") + total("either"))
        return {"hamming_loss": ratio(total("wrong"), total("pairs")), "micro_f1": f1}

    names = ["hamming_loss", "micro_f1"] * (not probabilities)
    return MetricValues(metrics=metrics, withheld=dict.fromkeys(names, NOT_PROBABILITIES))


LABELSET = Family("labelset", LABELSETS, LABELSET_METRICS, measure_labelsets)


def measure_label_f1(inputs: MetricInputs) -> MetricValues:
    """Return macro F1 at the thresholds of the valid part. ``groups``: ``label=NAME`` with ``f1``."""
    tuned, tested = _rows_of(inputs, "valid"), _rows_of(inputs, "test")
    if tuned[0].is_empty():
        return withhold_all([MACRO_F1.name], NO_VALID_PART)
    tuned_weight, weight = (answers["weight"].to_numpy() for answers, _ in (tuned, tested))
    sums = ClusterSums(inputs.clusters)
    names = []
    for name in inputs.answers.label_names:
        seen, has, score = _label_rows(*tuned, name)
        known, positive, given = _label_rows(*tested, name)
        if not (has.any() and _counts(inputs, positive)):
            continue
        names.append(name)
        given = known & (given >= find_f1_threshold(score[seen], has[seen], tuned_weight[seen]))
        sums.add(f"{name}/right", weight, positive & given)
        # F1 = 2 right / (given + true)
        sums.add(f"{name}/both", weight, given.astype(np.float64) + positive)
    if not names:
        return withhold_all([MACRO_F1.name], NO_VALID_LABEL)

    def by_label(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(2 * total(f"{name}/right"), total(f"{name}/both")) for name in names}

    observed = compute_observed(by_label, inputs.clusters.count)
    return MetricValues(
        metrics=lambda drawn: {MACRO_F1.name: _mean_defined(np.stack([*by_label(drawn).values()]))},
        groups={f"label={name}": {"f1": none_if_nan(value)} for name, value in observed.items()},
    )


LABEL_F1 = Family("label_f1", LABELSETS, (MACRO_F1,), measure_label_f1)


def measure_urgency(inputs: MetricInputs) -> MetricValues:
    """Return who is reached, where urgency is known. ``groups``: ``language=CODE`` with ``urgent_recall`` and
    ``positive_clusters``."""
    answers, scores = _rows_of(inputs, "test")
    if URGENCY not in answers.columns:
        return MetricValues(metrics=lambda drawn: {})
    known = answers[URGENCY].is_not_null().to_numpy()
    urgent = find_equal(answers[URGENCY], MOST_URGENT)
    weight = answers["weight"].to_numpy()
    shared = next((name for name in ("slot", "fold") if name in answers.columns), None)
    slot = answers[shared] if shared else pl.Series(np.zeros(answers.height, np.int64))
    score = scores[f"{SCORE_PREFIX}{URGENCY}"].cast(pl.Float64).to_numpy()
    ranked = pl.DataFrame({"score": score[known], "slot": slot.filter(known)})
    share = np.zeros(answers.height)
    share[known] = reach_capacity(score[known], ranked["slot"], weight[known], CAPACITY)
    members = {"": urgent}
    if "language" in answers.columns:
        found = merge_small_groups(answers["language"], urgent, inputs.clusters.codes)
        members |= {f"language={name}": rows for name, rows in found.items()}
    recalls = GroupShares(inputs.clusters, weight, members, share)
    clusters = recalls.clusters
    compared = [name for name, count in clusters.items() if name and count >= FEWEST_CLUSTERS]

    def metrics(drawn: Floats) -> Metrics:
        recall = recalls.under(drawn)
        gap = np.full(len(drawn), np.nan)
        if len(compared) >= 2:
            gap = np.ptp(np.stack([recall[name] for name in compared]), axis=0)
        return {"urgent_recall": recall[""], "protection_gap": gap}

    withheld = {} if urgent.any() else {"urgent_recall": NOBODY_URGENT}
    if len(compared) < 2:
        withheld["protection_gap"] = ONE_LANGUAGE
    elif (ranked.group_by("slot").agg(pl.col("score").n_unique())["score"] < 2).all():
        withheld["protection_gap"] = NO_FINDS
    return MetricValues(
        metrics=metrics,
        withheld=withheld,
        without_interval={"urgent_recall": TOO_FEW} if clusters[""] < FEWEST_CLUSTERS else {},
        groups={
            name: {"urgent_recall": value, "positive_clusters": clusters[name]}
            for name, value in recalls.observed.items()
            if name
        },
    )


URGENT = Family("urgency", LABELSETS, URGENCY_METRICS, measure_urgency)


CLASS_METRICS = (ACCURACY, MACRO_F1)


def measure_classes(inputs: MetricInputs) -> MetricValues:
    """Return both metrics, with ``class=NAME`` in groups."""
    names, unit, scored = inputs.answers.label_names, inputs.answers.unit, inputs.answers.scored_rows()
    given = inputs.predictions.filter(inputs.predictions[unit].is_in(scored[unit].implode()))
    truth, values = (
        frame.select(f"{prefix}{name}" for name in names).to_numpy().astype(np.float64)
        for frame, prefix in ((scored, LABEL_PREFIX), (given, SCORE_PREFIX))
    )
    highest = (values == values.max(axis=1, keepdims=True)).astype(np.float64)
    decided = highest / highest.sum(axis=1, keepdims=True)
    weight = scored["weight"].to_numpy()
    sums = ClusterSums(inputs.clusters)
    sums.add("all", weight)
    for name, true, given in zip(names, truth.T, decided.T, strict=True):
        sums.add(f"{name}/true", weight, true)
        sums.add(f"{name}/given", weight, given)
        sums.add(f"{name}/right", weight, true, given)

    def metrics(drawn: Floats) -> Metrics:
        total = sums.totals(drawn)
        right = np.sum([total(f"{name}/right") for name in names], axis=0)
        f1 = np.stack(
            [ratio(2 * total(f"{n}/right"), total(f"{n}/true") + total(f"{n}/given")) for n in names]
        )
        return {"accuracy": ratio(right, total("all")), "macro_f1": _mean_defined(f1)}

    precision = sums.observe({name: (f"{name}/right", f"{name}/given") for name in names})
    recall = sums.observe({name: (f"{name}/right", f"{name}/true") for name in names})
    groups: Groups = {
        f"class={name}": {"precision": precision[name], "recall": recall[name], "units": float(count)}
        for name, count in zip(names, truth.sum(axis=0), strict=True)
    }
    return MetricValues(metrics=metrics, groups=groups)


CLASSES_FAMILY = Family("classes", CLASSES, CLASS_METRICS, measure_classes)
