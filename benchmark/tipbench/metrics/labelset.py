"""Several labels a unit, and how soon: one ranking a label, decisions at one half, and whom a week's capacity reaches.

- ``macro_average_precision``: the mean over labels of average precision at the data's own prevalence, ties in blocks
  (:mod:`tipbench.metrics.ranking`). A label that has only one class is left out of the mean.
- ``hamming_loss``, ``micro_f1``: over all known pairs of unit and label, a label being given where its score is .5 or
  more (Tsoumakas and Katakis 2007; Schapire and Singer 2000). Withheld where scores are no probabilities.
- ``urgent_recall``: the share of units of urgency 2 among the 20% that rank highest by ``score_urgency`` within their
  slot (a region's week; all units where the answers have no slot). Where the limit falls inside a block of equal
  scores, or inside one unit, it counts in proportion: the expectation over random orders. A constant score gets .2.
- ``protection_gap``: best - worst urgent recall over the languages with twenty clusters.

All use the headline weights. Everything is recomputed under each replicate's multiplicities.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.answers import LABEL_PREFIX
from tipbench.bootstrap import FEWEST_CLUSTERS, ClusterSums, Metrics, dense_codes, observed, ratio
from tipbench.case import Case
from tipbench.metrics import Family, Measured, together
from tipbench.metrics.harm import merged_groups
from tipbench.metrics.ranking import Ranking
from tipbench.predictions import SCORE_PREFIX, URGENCY

THRESHOLD = 0.5
CAPACITY = 0.2
URGENT = 2
NOT_PROBABILITIES = "scores outside [0, 1]"
ONE_CLASS = "no label has both classes in the test part"
NOBODY_URGENT = "nobody is urgent in the test part"
ONE_LANGUAGE = f"fewer than two languages with {FEWEST_CLUSTERS} clusters that have urgent units"

Groups = dict[str, dict[str, float | None]]


def measure(case: Case) -> Measured:
    """All metrics of the kind. ``groups``: ``label=NAME`` with ``average_precision``, ``prevalence`` and
    ``positives``; ``language=CODE`` with ``urgent_recall`` and ``positive_clusters``."""
    rows = (case.answers.frame["part"] == "test").to_numpy()
    answers, scores = case.answers.frame.filter(rows), case.predictions.filter(rows)
    parts = [_rankings(case, answers, scores), _decisions(case, answers, scores)]
    if URGENCY in answers.columns:
        parts.append(_urgency(case, answers, scores))
    return together(parts)


def _rankings(case: Case, answers: pl.DataFrame, scores: pl.DataFrame) -> Measured:
    rankings: dict[str, Ranking] = {}
    groups: Groups = {}
    for name in case.answers.label_names:
        label = answers[f"{LABEL_PREFIX}{name}"]
        known = label.is_not_null().to_numpy()
        positive = (label == 1).fill_null(False).to_numpy()[known]
        weight = answers["weight"].to_numpy()[known]
        rankings[name] = Ranking(
            scores[f"{SCORE_PREFIX}{name}"].cast(pl.Float64).to_numpy()[known],
            positive,
            weight,
            case.clusters.codes[known],
            None,
        )
        share = float(weight @ positive / weight.sum()) if weight.size else None
        groups[f"label={name}"] = {"prevalence": share, "positives": int(positive.sum())}

    def each(drawn: NDArray[np.float64]) -> Metrics:
        return {name: r.metrics(drawn)["average_precision"] for name, r in rankings.items()}

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        values = np.stack(list(each(drawn).values()))
        defined = ~np.isnan(values)
        return {"macro_average_precision": ratio(np.where(defined, values, 0.0).sum(0), defined.sum(0))}

    found = observed(each, case.clusters.count)
    for name, value in found.items():
        groups[f"label={name}"] = {"average_precision": _or_none(value), **groups[f"label={name}"]}
    withheld = {} if not np.isnan(list(found.values())).all() else {"macro_average_precision": ONE_CLASS}
    return Measured(metrics=metrics, withheld=withheld, groups=groups)


def _decisions(case: Case, answers: pl.DataFrame, scores: pl.DataFrame) -> Measured:
    sums = ClusterSums(case.clusters)
    weight = answers["weight"].to_numpy()
    counts = np.zeros((4, answers.height))
    probabilities = True
    for name in case.answers.label_names:
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
    return Measured(
        metrics=metrics, withheld={} if probabilities else dict.fromkeys(names, NOT_PROBABILITIES)
    )


def _urgency(case: Case, answers: pl.DataFrame, scores: pl.DataFrame) -> Measured:
    known = answers[URGENCY].is_not_null().to_numpy()
    rows = answers.filter(known)
    urgent = (rows[URGENCY] == URGENT).to_numpy()
    codes = case.clusters.codes[known]
    members = {"": urgent}
    groups: Groups = {}
    if "language" in rows.columns:
        found = merged_groups(rows["language"], urgent, codes)
        members |= {f"language={name}": mask for name, mask in found.items()}
    score = scores.filter(known)[f"{SCORE_PREFIX}{URGENCY}"].cast(pl.Float64).to_numpy()
    slot = rows["slot"] if "slot" in rows.columns else pl.Series(np.zeros(rows.height, dtype=np.int64))
    recalls = reached(score, slot, rows["weight"].to_numpy(), codes, members)
    clusters = {name: int(np.unique(codes[mask]).size) for name, mask in members.items() if name}
    compared = [name for name, count in clusters.items() if count >= FEWEST_CLUSTERS]

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        recall = recalls(drawn)
        gap = np.full(len(drawn), np.nan)
        if len(compared) >= 2:
            gap = np.ptp(np.stack([recall[name] for name in compared]), axis=0)
        return {"urgent_recall": recall[""], "protection_gap": gap}

    for name, value in observed(recalls, case.clusters.count).items():
        if name:
            groups[name] = {"urgent_recall": _or_none(value), "positive_clusters": clusters[name]}
    withheld = {} if urgent.any() else {"urgent_recall": NOBODY_URGENT}
    if len(compared) < 2:
        withheld["protection_gap"] = ONE_LANGUAGE
    return Measured(metrics=metrics, withheld=withheld, groups=groups)


def reached(
    score: NDArray[np.float64],
    slot: pl.Series,
    weight: NDArray[np.float64],
    codes: NDArray[np.intp],
    members: dict[str, NDArray[np.bool_]],
) -> Callable[[NDArray[np.float64]], Metrics]:
    """Of each group of rows, the share of weight that the capacity of their slots reaches.

    ``score``, ``slot`` (null is a slot of its own), ``weight``, ``codes`` (cluster) and each mask of ``members`` are
    [rows]. The function returned takes multiplicities [replicates, clusters] and gives [replicates] a group, NaN for
    a group without weight.
    """
    place = dense_codes(slot)[0]
    order = np.lexsort((-score, place))
    place, ranked = place[order], score[order]
    new_slot = np.append(True, place[1:] != place[:-1])[: order.size]
    block_starts = np.flatnonzero(new_slot | np.append(True, ranked[1:] != ranked[:-1])[: order.size])
    slot_starts = np.flatnonzero(new_slot[block_starts])
    slot_of_block = np.cumsum(new_slot[block_starts]) - 1
    weight, codes = weight[order], codes[order]
    masks = {name: mask[order] for name, mask in members.items()}

    def recalls(drawn: NDArray[np.float64]) -> Metrics:
        if not order.size:
            return {name: np.full(len(drawn), np.nan) for name in masks}
        mass = drawn[:, codes] * weight
        block = np.add.reduceat(mass, block_starts, axis=1)
        total = np.add.reduceat(block, slot_starts, axis=1)
        before = np.cumsum(block, axis=1) - block
        above = before - before[:, slot_starts][:, slot_of_block]
        left = CAPACITY * total[:, slot_of_block] - above
        share = np.clip(np.divide(left, block, out=np.zeros_like(left), where=block > 0), 0.0, 1.0)
        found = {}
        for name, mask in masks.items():
            of = np.add.reduceat(mass * mask, block_starts, axis=1)
            found[name] = ratio((share * of).sum(axis=1), of.sum(axis=1))
        return found

    return recalls


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


FAMILY = Family("labelsets", measure)
