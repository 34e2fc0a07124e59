"""Clustering metrics against scikit-learn and against brute-force definitions over units and pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_answers import labelled, task_of_scores
from numpy.typing import ArrayLike
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import pair_confusion_matrix
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import ResamplingClusters, compute_observed
from tipbench.metrics.clustering import (
    CLUSTERING_METRICS,
    CLUSTERING_NAMES,
    NO_CLUSTERS,
    compute_metrics,
    sum_contributions,
)
from tipbench.tasks import tasks


def sums(truth, predicted, weights=None, codes=None, stands_for: ArrayLike = 1):
    """The contributions of units whose resampling clusters are ``codes`` (the truth where not given)."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    weights = np.ones(truth.size) if weights is None else np.asarray(weights, dtype=float)
    codes = np.maximum(truth, 0) if codes is None else codes
    count = int(codes.max()) + 1
    return sum_contributions(
        truth, predicted, weights, ResamplingClusters(codes, count, count, count), stands_for
    ), count


def score(truth, predicted, weights=None, stands_for: ArrayLike = 1) -> dict[str, float]:
    """Every metric on the units as they are."""
    found, count = sums(truth, predicted, weights, stands_for=stands_for)
    return compute_observed(lambda drawn: compute_metrics(found, drawn), count)


def pairwise(truth, predicted, weights) -> tuple[float, float, float]:
    """Weight of the pairs that are together in both, in the truth, in the prediction."""
    both = true = flagged = 0.0
    for i, j in combinations(range(len(truth)), 2):
        weight = weights[i] * weights[j]
        both += weight * (truth[i] == truth[j] and predicted[i] == predicted[j])
        true += weight * (truth[i] == truth[j])
        flagged += weight * (predicted[i] == predicted[j])
    return both, true, flagged


clusterings = st.integers(2, 14).flatmap(
    lambda units: st.tuples(
        st.lists(st.integers(0, 3), min_size=units, max_size=units),
        st.lists(st.integers(0, 3), min_size=units, max_size=units),
        st.lists(st.integers(1, 6).map(lambda k: 1 / k), min_size=units, max_size=units),
    )
)


@given(
    clusterings,
    st.just([1.0] * 4) | st.lists(st.sampled_from([0.05, 0.5, 1.0, 1.5, 3.0]), min_size=4, max_size=4),
)
def test_an_operation_counts_as_many_times_as_it_stands_for_and_sees_itself_once(
    clustering, stands_for
) -> None:
    """B-cubed is a mean over units (Bagga and Baldwin 1998)."""
    truth, predicted, weights = clustering
    units = range(len(truth))

    def seen(i: int, j: int) -> float:
        return weights[j] * (1.0 if truth[i] == truth[j] else stands_for[truth[j]])

    def mean_share(of) -> float:
        shares = []
        for i in units:
            same = [j for j in units if of[j] == of[i]]
            both = [j for j in same if truth[j] == truth[i] and predicted[j] == predicted[i]]
            shares.append(sum(seen(i, j) for j in both) / sum(seen(i, j) for j in same))
        counted = [weights[i] * stands_for[truth[i]] for i in units]
        return float(np.average(shares, weights=counted))

    def pairs(together) -> float:
        return sum(
            weights[i] * stands_for[truth[i]] * (seen(i, j) - (i == j) * weights[i])
            for i in units
            for j in units
            if together(i, j)
        )

    found = score(truth, predicted, weights, [stands_for[one] for one in truth])
    precision, recall = mean_share(predicted), mean_share(truth)
    assert found["b_cubed_precision"] == pytest.approx(precision, abs=1e-12)
    assert found["b_cubed_recall"] == pytest.approx(recall, abs=1e-12)
    assert found["b_cubed_f1"] == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-12)
    # A unit that stands alone is no pair; rounding may leave a trace of one in either.
    flagged = pairs(lambda i, j: i != j and predicted[i] == predicted[j])
    both = pairs(lambda i, j: i != j and predicted[i] == predicted[j] and truth[i] == truth[j])
    if flagged > 0:
        assert found["pairwise_precision"] == pytest.approx(both / flagged, abs=1e-9)


def test_a_form_that_is_drawn_too_often_spoils_little() -> None:
    # Two adverts of a business with one of an operation that stands for a tenth: to the business a tenth of a mistake,
    # to the other two whole ones.
    found = score([0, 0, 1], [0, 0, 0], stands_for=[1, 1, 0.1])
    assert found["b_cubed_precision"] == pytest.approx((2 * 2 / 2.1 + 0.1 * 1 / 3) / 2.1)
    assert found["b_cubed_recall"] == 1
    # As the weight of its units it would be there for a tenth only in its own eyes too.
    assert score([0, 0, 1], [0, 0, 0], [1, 1, 0.1])["b_cubed_precision"] < found["b_cubed_precision"]


@given(clusterings)
def test_pairwise_scores_count_pairs_of_distinct_units(clustering) -> None:
    truth, predicted, weights = clustering
    both, true, flagged = pairwise(truth, predicted, weights)
    found = score(truth, predicted, weights)
    for name, part, whole in (
        ("pairwise_precision", both, flagged),
        ("pairwise_recall", both, true),
        ("pairwise_f1", 2 * both, true + flagged),
    ):
        assert found[name] == pytest.approx(part / whole if whole else np.nan, abs=1e-12, nan_ok=True)


@given(clusterings)
def test_ari_and_v_measure_are_those_of_scikit_learn_even_for_degenerate_clusterings(clustering) -> None:
    truth, predicted, _ = clustering
    found = score(truth, predicted)
    assert found["ari"] == pytest.approx(adjusted_rand_score(truth, predicted), abs=1e-12)
    assert found["v_measure"] == pytest.approx(v_measure_score(truth, predicted), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_large_clusterings_agree_with_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 800, 20_000)
    predicted = np.where(generator.random(20_000) < 0.4, generator.integers(0, 900, 20_000), truth // 2)
    found = score(truth, predicted)
    assert found["ari"] == pytest.approx(adjusted_rand_score(truth, predicted), abs=1e-12)
    assert found["v_measure"] == pytest.approx(v_measure_score(truth, predicted), abs=1e-12)
    (_, flagged_only), (true_only, both) = pair_confusion_matrix(truth, predicted)
    assert found["pairwise_precision"] == pytest.approx(both / (both + flagged_only), abs=1e-12)
    assert found["pairwise_recall"] == pytest.approx(both / (both + true_only), abs=1e-12)


@given(clusterings)
def test_an_integer_weight_is_that_many_units_that_are_always_together(clustering) -> None:
    truth, predicted, weights = clustering
    times = np.round(1 / np.asarray(weights)).astype(int)
    weighted = score(truth, predicted, times)
    copied = score(np.repeat(truth, times), np.repeat(predicted, times))
    # Pairs within a unit are not pairs, so the pair-based metrics differ by design.
    for name in ("b_cubed_f1", "b_cubed_precision", "b_cubed_recall", "v_measure"):
        assert weighted[name] == pytest.approx(copied[name], abs=1e-12)


@given(clusterings)
def test_the_true_clustering_scores_best(clustering) -> None:
    truth, _, weights = clustering
    found = score(truth, truth, weights)
    if len(set(truth)) == len(truth):
        assert np.isnan([found.pop(name) for name in list(found) if name.startswith("pairwise")]).all()
    errors = {metric.name for metric in CLUSTERING_METRICS if metric.lower_is_better}
    assert found == pytest.approx({name: float(name not in errors) for name in found}, abs=1e-12)


@given(clusterings, st.sampled_from([1e-6, 1e6]))
@example(([0] * 7, [0] * 7, [1 / 3] * 7), 1e6)
@example(([0] * 7, [0] * 7, [1.1, 0.3, 0.7, 0.9, 1 / 3, 1 / 7, 0.6]), 1e6)
@example(([0, 0, 1, 1, 2], [0, 0, 1, 2, 2], [1 / 2] * 5), 1e-6)
def test_a_common_factor_of_all_weights_changes_nothing(clustering, factor: float) -> None:
    truth, predicted, weights = clustering
    scaled = score(truth, predicted, factor * np.asarray(weights))
    assert scaled == pytest.approx(score(truth, predicted, weights), abs=1e-9, nan_ok=True)


def test_units_without_truth_are_left_out() -> None:
    truth = np.array([0, 0, 1, 1, -1, -1])
    predicted = np.array([0, 0, 0, 1, 0, 1])
    codes = np.array([0, 0, 1, 1, 2, 3])
    with_unknown, count = sums(truth, predicted, codes=codes)
    found = compute_observed(lambda drawn: compute_metrics(with_unknown, drawn), count)
    assert found == pytest.approx(score(truth[:4], predicted[:4]), abs=1e-12)


def test_a_replicate_reweights_contributions_that_are_fixed_on_the_full_data() -> None:
    generator = np.random.default_rng(0)
    truth, predicted = generator.integers(0, 6, 60), generator.integers(0, 8, 60)
    weights, times = generator.random(60), np.array([0.0, 2, 1, 3, 0, 1])
    found, _ = sums(truth, predicted, weights)
    values = {name: value[0] for name, value in compute_metrics(found, times[None]).items()}
    assert set(values) == set(CLUSTERING_NAMES)
    precision = [
        weights[(predicted == p) & (truth == t)].sum() / weights[predicted == p].sum()
        for t, p in zip(truth, predicted, strict=True)
    ]
    expected = np.average(precision, weights=weights * times[truth])
    assert values["b_cubed_precision"] == pytest.approx(expected, abs=1e-12)
    partners = np.array([weights[predicted == p].sum() for p in predicted]) - weights
    shared = np.array(
        [weights[(predicted == p) & (truth == t)].sum() for t, p in zip(truth, predicted, strict=True)]
    )
    drawn = weights * times[truth]
    assert values["pairwise_precision"] == pytest.approx(
        drawn @ (shared - weights) / (drawn @ partners), abs=1e-12
    )


METRICS = tasks()["advert_linkage"].metrics
LABELLED_PAIRS_TASK = task_of_scores("record", METRICS, kind=kinds.CLUSTERS, primary="pairwise_f1")
RECORDS = pl.DataFrame(
    {"record": ["a", "b", "c", "d"], "cluster": [None] * 4, "weight": [1.0] * 4},
    schema_overrides={"cluster": pl.Int64},
)
PAIRS = pl.DataFrame(
    {
        "left": ["a", "a", "b", "c", "a"],
        "right": ["b", "c", "c", "d", "d"],
        "label": [1, 0, 1, 1, 0],
        "part": ["test", "test", "test", "test", "train"],
    },
    schema_overrides={"label": pl.Int8},
)


def scores(clusters: list[int], pairs: pl.DataFrame = PAIRS):
    answers = Answers(kinds.CLUSTERS, "record", RECORDS, pairs)
    return evaluate(
        LABELLED_PAIRS_TASK, answers, RECORDS.select("record", pl.Series("cluster", clusters))
    ).scores


def test_a_pair_is_found_when_its_units_share_a_cluster_and_has_no_interval() -> None:
    # Test pairs: ab+ found, ac- flagged, bc+ found, cd+ missed.
    found = scores([7, 7, 7, 8])
    for name in ("pairwise_precision", "pairwise_recall", "pairwise_f1"):
        assert (found[name].value, found[name].note) == (pytest.approx(2 / 3), NO_CLUSTERS)


def test_no_flagged_pair_leaves_precision_null_and_f1_zero() -> None:
    found = scores([1, 2, 3, 4])
    assert found["pairwise_precision"].value is None
    assert found["pairwise_f1"].value == 0.0


def test_pairs_without_parts_all_count() -> None:
    found = scores([7, 7, 7, 7], PAIRS.drop("part"))
    assert found["pairwise_precision"].value == pytest.approx(3 / 5)


def test_the_threshold_of_valid_decides_on_test_and_cluster_metrics_are_null() -> None:
    frame = labelled([1, 1, 0, 1, 1, 0, 0, 1], "pair", part=["valid"] * 3 + ["test"] * 5)
    # Valid is split perfectly at 0.6: test pairs 0.6+ and 0.8- are flagged, 0.5+ and 0.4+ are missed.
    scores = pl.Series("score", [0.9, 0.6, 0.5, 0.6, 0.5, 0.8, 0.1, 0.4])
    linkage = task_of_scores("advert", METRICS, kind=kinds.CLUSTERS, primary="b_cubed_f1")
    found = evaluate(linkage, Answers(kinds.SCORES, "pair", frame), frame.select("pair", scores))
    assert found.scores["pairwise_precision"].value == pytest.approx(1 / 2)
    assert found.scores["pairwise_recall"].value == pytest.approx(1 / 3)
    assert found.scores["pairwise_f1"].value == pytest.approx(2 / 5)
    assert found.curves["pair_threshold"] == pytest.approx(0.6)
    assert next(iter(found.scores)) == "b_cubed_f1"
    assert found.scores["b_cubed_f1"].value is None
