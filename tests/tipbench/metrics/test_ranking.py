"""Ranking metrics against scikit-learn, against their definitions, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from made_answers import labelled, scored, task_of_scores
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve
from tipbench.metrics.bootstrap import compute_observed, draw_multiplicities
from tipbench.metrics.ranking import (
    BUDGET,
    FPR_LIMIT,
    NO_VALID_PART,
    NOT_PROBABILITIES,
    RANKING_NAMES,
    Ranking,
    budget_threshold,
    measure_calibration,
    measure_operating_points,
    pool_folds,
    recall_threshold,
    reliability,
)

PREVALENCE = 0.05


def score(
    scores, positive, weights=None, codes=None, prevalence: float | None = PREVALENCE
) -> dict[str, float]:
    """Every metric on the rows as they are."""
    scores, positive = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    weights = np.ones(scores.size) if weights is None else np.asarray(weights, dtype=float)
    codes = np.arange(scores.size) if codes is None else codes
    return compute_observed(
        Ranking(scores, positive, weights, codes, prevalence).metrics, int(codes.max()) + 1
    )


def class_weights(positive: np.ndarray, weights: np.ndarray, prevalence: float) -> np.ndarray:
    """Weights under which the positives are this share of the whole."""
    share = np.where(
        positive, prevalence / weights[positive].sum(), (1 - prevalence) / weights[~positive].sum()
    )
    return weights * share


@st.composite
def rankings(draw, largest: int = 40):
    """Scores with many ties, labels with both classes, and weights."""
    rows = draw(st.integers(2, largest))
    scores = draw(npst.arrays(np.float64, rows, elements=st.integers(-3, 3).map(float)))
    positive = draw(npst.arrays(np.bool_, rows))
    positive[0], positive[1] = True, False
    weights = draw(npst.arrays(np.float64, rows, elements=st.integers(1, 8).map(lambda k: 1 / k)))
    return scores, positive, weights


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [0, 1, 9], ids=["heavy ties", "ties", "no ties"])
def test_auroc_and_average_precision_are_those_of_scikit_learn(seed: int, decimals: int) -> None:
    generator = np.random.default_rng(seed)
    positive = generator.random(3000) < 0.07
    scores = np.round(generator.normal(size=3000) + positive, decimals)
    weights = generator.random(3000) + 0.01
    found = score(scores, positive, weights)
    at_prevalence = class_weights(positive, weights, PREVALENCE)
    assert found["average_precision"] == pytest.approx(
        average_precision_score(positive, scores, sample_weight=at_prevalence), abs=1e-12
    )
    assert found["auroc"] == pytest.approx(roc_auc_score(positive, scores, sample_weight=weights), abs=1e-12)
    raw = average_precision_score(positive, scores)
    assert found["average_precision_raw"] == pytest.approx(raw, abs=1e-12)
    own = average_precision_score(positive, scores, sample_weight=weights)
    at_own = score(scores, positive, weights, prevalence=None)["average_precision"]
    assert at_own == pytest.approx(own, abs=1e-12)
    assert found["auroc_raw"] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_recall_at_one_percent_false_positives_is_read_off_the_roc_curve() -> None:
    generator = np.random.default_rng(1)
    positive = generator.random(5000) < 0.1
    scores, weights = np.round(generator.normal(size=5000) + positive, 2), generator.random(5000)
    false, true, _ = roc_curve(positive, scores, sample_weight=weights, drop_intermediate=False)
    expected = np.interp(0.01, false, true)
    assert score(scores, positive, weights)["recall_at_1pct_fpr"] == pytest.approx(expected, abs=1e-12)


def test_a_vertical_step_at_the_limit_counts_to_its_top() -> None:
    # 100 negatives: the first is the whole 1%, and two of three positives stand directly below it.
    scores = np.concatenate([[9.0], np.arange(99) / 100, [10.0, 8.0, 7.0, -1.0]])
    positive = np.arange(scores.size) >= 100
    assert score(scores, positive)["recall_at_1pct_fpr"] == pytest.approx(3 / 4, abs=1e-12)


def test_the_budget_metrics_are_those_of_the_first_percent_of_the_class_weighted_rows() -> None:
    generator = np.random.default_rng(2)
    positive = generator.random(4000) < 0.2
    scores, weights = generator.normal(size=4000) + positive, generator.random(4000)
    share = class_weights(positive, weights, PREVALENCE)
    left, found = BUDGET, 0.0
    for row in np.argsort(-scores):
        taken = min(share[row], left)
        left -= taken
        found += taken * positive[row]
    values = score(scores, positive, weights)
    assert values["precision_at_budget"] == pytest.approx(found / BUDGET, abs=1e-12)
    assert values["recall_at_budget"] == pytest.approx(found / PREVALENCE, abs=1e-12)


@given(rankings())
def test_a_constant_score_is_chance(ranking) -> None:
    scores, positive, weights = ranking
    values = score(np.full_like(scores, 0.3), positive, weights)
    expected = {
        "average_precision": PREVALENCE,
        "auroc": 0.5,
        "recall_at_1pct_fpr": 0.01,
        "precision_at_budget": PREVALENCE,
        "recall_at_budget": BUDGET,
        "average_precision_raw": positive.mean(),
        "auroc_raw": 0.5,
    }
    assert values == pytest.approx(expected, abs=1e-12)


@given(rankings())
def test_a_perfect_score_is_one(ranking) -> None:
    _, positive, weights = ranking
    values = score(positive.astype(float), positive, weights)
    # A budget of 1% at 5% prevalence pays for a fifth of the positives.
    assert values.pop("recall_at_budget") == pytest.approx(BUDGET / PREVALENCE, abs=1e-12)
    assert values == pytest.approx(dict.fromkeys(values, 1.0), abs=1e-12)


@given(rankings())
def test_a_monotone_transform_changes_nothing(ranking) -> None:
    scores, positive, weights = ranking
    assert score(np.exp(scores) - 7, positive, weights) == score(scores, positive, weights)


@given(rankings(), st.integers(0, 1000))
def test_a_multiplicity_is_a_repetition_of_the_cluster_rows(ranking, seed: int) -> None:
    scores, positive, weights = ranking
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 5, scores.size)
    times = generator.integers(0, 3, 5)
    rows = np.repeat(np.arange(scores.size), times[codes])
    weighted = Ranking(scores, positive, weights, codes, PREVALENCE).metrics(times[None].astype(float))
    if positive[rows].all() or not positive[rows].any():
        assert all(np.isnan(weighted[name][0]) for name in RANKING_NAMES)
        return
    copied = score(scores[rows], positive[rows], weights[rows])
    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(copied, abs=1e-12)


def test_prevalence_stays_as_stated_in_every_replicate() -> None:
    generator = np.random.default_rng(3)
    codes = np.repeat(np.arange(100), 5)
    positive = codes < 40
    constant = Ranking(np.zeros(500), positive, generator.random(500), codes, PREVALENCE)
    draws = np.concatenate(list(draw_multiplicities(100, 50, seed=0)))
    assert constant.metrics(draws)["average_precision"] == pytest.approx(PREVALENCE, abs=1e-12)


@pytest.mark.parametrize("weights", [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
def test_a_class_of_which_nothing_counts_is_no_class(weights: list[float]) -> None:
    assert all(np.isnan(value) for value in score([0.1, 0.2, 0.3], [True, False, False], weights).values())


@pytest.mark.parametrize("only", [True, False])
def test_one_class_alone_has_no_score(only: bool) -> None:
    assert all(np.isnan(value) for value in score([0.1, 0.2], [only, only]).values())


def folded(scores, positive, folds, weights=None, prevalence: float | None = None) -> dict[str, float]:
    rows = len(scores)
    weights = np.ones(rows) if weights is None else weights
    scores = np.asarray(scores, dtype=float)
    return compute_observed(pool_folds(scores, positive, weights, np.arange(rows), prevalence, folds), rows)


@pytest.mark.parametrize("prevalence", [None, 0.05])
def test_a_constant_in_every_fold_is_chance_though_the_constants_give_the_folds_away(prevalence) -> None:
    generator = np.random.default_rng(0)
    folds, positive = np.arange(1000) % 5, generator.random(1000) < 0.3
    # What a method that learns the share of positives says of the fold that it did not see.
    scores = np.array([positive[folds != fold].mean() for fold in range(5)])[folds]
    found = folded(scores, positive, folds, prevalence=prevalence)
    share = positive.mean() if prevalence is None else prevalence
    assert found["auroc"] == pytest.approx(0.5, abs=1e-12)
    assert found["average_precision"] == pytest.approx(share, abs=1e-12)
    assert found["recall_at_1pct_fpr"] == pytest.approx(FPR_LIMIT, abs=1e-12)
    assert found["recall_at_budget"] == pytest.approx(BUDGET, abs=1e-12)
    assert found["average_precision_raw"] == pytest.approx(positive.mean(), abs=1e-12)
    pooled = compute_observed(Ranking(scores, positive, np.ones(1000), np.arange(1000), None).metrics, 1000)
    assert pooled["auroc"] < 0.49


def test_folds_are_weighed_by_their_positives_and_ranked_apart() -> None:
    generator = np.random.default_rng(1)
    folds = np.repeat([0, 1, 2], [50, 100, 400])
    positive = generator.random(550) < np.array([0.5, 0.3, 0.1])[folds]
    scores = np.round(generator.normal(size=550) + positive + 10 * folds, 1)
    found = folded(scores, positive, folds)
    count = [positive[folds == fold].sum() for fold in range(3)]
    auroc = [roc_auc_score(positive[folds == fold], scores[folds == fold]) for fold in range(3)]
    assert found["auroc"] == pytest.approx(np.average(auroc, weights=count), abs=1e-12)
    # Every fold at the share of positives of all of them, by class weights.
    share = positive.mean()
    precision = []
    for fold in range(3):
        here = folds == fold
        label = positive[here]
        weight = np.where(label, share / label.sum(), (1 - share) / (~label).sum())
        precision.append(average_precision_score(label, scores[here], sample_weight=weight))
    assert found["average_precision"] == pytest.approx(np.average(precision, weights=count), abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_perfect_scores_are_perfect_however_unequal_the_folds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    folds, positive = generator.integers(0, 4, 60), generator.random(60) < 0.4
    folds[:2], positive[:2] = 0, [True, False]
    found = folded(positive + 0.1 * folds, positive, folds)
    assert found["auroc"] == pytest.approx(1)
    assert found["average_precision"] == pytest.approx(1)


def test_one_fold_is_no_other_than_a_ranking_without_folds() -> None:
    generator = np.random.default_rng(2)
    positive, scores, weights = generator.random(300) < 0.2, generator.normal(size=300), generator.random(300)
    codes = generator.integers(0, 40, 300)
    one = pool_folds(scores, positive, weights, codes, 0.05, np.zeros(300, dtype=int))
    drawn = next(draw_multiplicities(40, 20, 0))
    expected = Ranking(scores, positive, weights, codes, 0.05).metrics(drawn)
    for name, values in one(drawn).items():
        assert values == pytest.approx(expected[name], abs=1e-12), name


def test_a_fold_of_one_class_ranks_nothing_and_is_left_out() -> None:
    folds, positive = np.repeat([0, 1], 4), np.array([1, 0, 1, 0, 1, 1, 1, 1], dtype=bool)
    scores = np.array([4, 3, 2, 1, 0, 0, 0, 0.0])
    assert folded(scores, positive, folds)["auroc"] == pytest.approx(0.75)
    assert all(np.isnan(v) for v in folded(scores, np.repeat([True, False], 4), folds).values())
    assert set(folded(scores, positive, folds)) == set(RANKING_NAMES)


TASK = task_of_scores(prevalence=PREVALENCE)


def test_the_brier_score_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    scores, labels, weights = generator.random(800), generator.random(800) < 0.3, generator.random(800)
    scores = scores.astype(np.float32).astype(np.float64)
    expected = brier_score_loss(labels, scores, sample_weight=weights)
    found = compute_observed(
        measure_calibration(scored(labelled(labels, weight=weights), scores, TASK)).metrics, 800
    )
    assert found["brier"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("outside", [-0.001, 1.001])
@pytest.mark.parametrize("part", ["test", "valid"])
def test_one_score_outside_the_unit_interval_withholds_it(outside: float, part: str) -> None:
    scores = np.array([0.5, 0.2, outside])
    found = measure_calibration(scored(labelled([1, 0, 0], part=["test", "test", part]), scores, TASK))
    assert found.withheld == {"brier": NOT_PROBABILITIES}
    assert not found.curves


def test_the_reliability_curve_of_a_calibrated_score_is_the_diagonal() -> None:
    generator = np.random.default_rng(1)
    scores = generator.random(200_000)
    labels = (generator.random(200_000) < scores).astype(float)
    bins = reliability(scores, labels, np.ones(200_000))
    assert len(bins) == 10
    assert sum(one["weight"] or 0 for one in bins) == pytest.approx(1.0)
    for index, one in enumerate(bins):
        assert one["mean_score"] == pytest.approx((index + 0.5) / 10, abs=0.05)
        assert one["positive_share"] == pytest.approx(one["mean_score"], abs=0.02)


def test_the_last_bin_holds_its_upper_end_and_an_empty_bin_is_null() -> None:
    bins = reliability(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.ones(2))
    assert bins[9]["mean_score"] == 1.0
    assert bins[4] == {"low": 0.4, "high": 0.5, "weight": 0.0, "mean_score": None, "positive_share": None}


@pytest.mark.parametrize("stored", [np.float32, np.float64])
@pytest.mark.parametrize("read", [np.float32, np.float64])
def test_a_score_at_an_edge_is_in_the_bin_that_starts_there(stored: type, read: type) -> None:
    for edge in range(11):
        score = np.array([edge / 10], dtype=stored).astype(read)
        bins = reliability(score, np.ones(1), np.ones(1))
        assert [one["low"] for one in bins if one["weight"]] == [min(edge, 9) / 10], edge
        below = reliability(score - read(1e-6), np.ones(1), np.ones(1)) if edge else bins
        assert [one["low"] for one in below if one["weight"]] == [max(edge - 1, 0) / 10], edge


def points_of(scores, labels, parts, **more):
    """The operating points of rows of valid and test."""
    return measure_operating_points(scored(labelled(labels, part=parts, **more), scores, TASK))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=60),
    st.sampled_from([0.01, 0.1, 0.5]),
)
def test_the_budget_is_never_exceeded_and_no_lower_threshold_fits(rows, budget: float) -> None:
    scores, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    threshold = budget_threshold(scores, weights, budget)
    allowed = budget * weights.sum() * (1 + 1e-12)
    assert weights[scores >= threshold].sum() <= allowed
    below = scores[scores < threshold]
    assert below.size == 0 or weights[scores >= below.max()].sum() > allowed


def test_a_constant_score_flags_nothing_rather_than_everything() -> None:
    assert budget_threshold(np.full(200, 0.3), np.ones(200)) == np.nextafter(0.3, 1)
    assert budget_threshold(np.arange(700.0), np.ones(700)) == 693.0, "a budget met exactly is spent"


def test_recall_of_one_half_is_reached_and_not_passed_by_a_block() -> None:
    scores = np.array([5.0, 4.0, 4.0, 3.0, 2.0, 1.0])
    assert recall_threshold(scores, np.ones(6)) == 4.0
    assert recall_threshold(scores, np.array([3.0, 1, 1, 1, 0.0, 0.0])) == 5.0


def test_the_threshold_comes_from_valid_and_the_rates_from_test() -> None:
    # Valid: 100 rows, so one is flagged and the threshold is 0.9. Test: 1 of 2 positives, 12 of 40 negatives.
    valid = [0.9] + [0.1] * 99
    test = [0.9, 0.2] + [0.92] * 12 + [0.3] * 28
    labels = [1] + [0] * 99 + [1, 1] + [0] * 40
    found = points_of(valid + test, labels, ["valid"] * 100 + ["test"] * 42)
    values = compute_observed(found.metrics, 42)
    assert not found.withheld
    for name, pi in (("ppv_0.1pct", 0.001), ("ppv_1pct", 0.01), ("ppv_5pct", 0.05), ("ppv_30pct", 0.3)):
        assert values[name] == pytest.approx(pi * 0.5 / (pi * 0.5 + (1 - pi) * 0.3), abs=1e-12)
    point = found.curves["operating_points"]["budget_1pct"]
    assert (point["threshold"], point["recall"], point["false_positive_rate"]) == pytest.approx(
        (0.9, 0.5, 0.3)
    )
    assert point["precision"] == pytest.approx(1 / 13)
    assert point["false_positive_clusters"] == 12


@pytest.mark.parametrize(("clusters", "given"), [(9, False), (10, True)])
def test_ppv_is_withheld_under_ten_false_positive_clusters(clusters: int, given: bool) -> None:
    valid, test = [0.9] + [0.1] * 99, [0.95] + [0.92] * 12 + [0.3] * 28
    labels = [1] + [0] * 99 + [1] + [0] * 40
    codes = [*range(101), *(200 + row % clusters for row in range(12)), *range(300, 328)]
    found = points_of(valid + test, labels, ["valid"] * 100 + ["test"] * 41, cluster=codes)
    assert (found.curves["operating_points"]["budget_1pct"]["ppv_5pct"] is not None) == given
    reason = "false positives come from only 9 clusters, 10 needed"
    assert found.withheld.get("ppv_5pct") == (None if given else reason)


def test_without_a_valid_part_there_is_no_threshold() -> None:
    found = points_of([0.1, 0.9], [0, 1], "test")
    assert found.withheld["ppv_1pct"] == NO_VALID_PART
    assert np.isnan(compute_observed(found.metrics, 2)["ppv_1pct"])


def test_a_valid_part_without_a_positive_has_no_threshold_at_recall_one_half() -> None:
    found = points_of([0.1, 0.9, 0.4, 0.6], [0, 0, 0, 1], ["valid", "valid", "test", "test"])
    assert set(found.curves["operating_points"]) == {"budget_1pct"}


def test_a_point_has_the_rates_that_a_hand_counts() -> None:
    scores, labels, weights = (
        [0.5, 0.1, 0.9, 0.8, 0.3, 0.2],
        [1, 0, 1, 0, 1, 0],
        [1.0, 1.0, 2.0, 1.0, 1.0, 4.0],
    )
    found = points_of(scores, labels, ["valid"] * 2 + ["test"] * 4, weight=weights)
    point = found.curves["operating_points"]["recall_50"]
    assert point["threshold"] == 0.5
    assert point["recall"] == pytest.approx(2 / 3)
    assert point["false_positive_rate"] == pytest.approx(1 / 5)
    assert point["precision"] == pytest.approx(2 / 3)
    assert point["flagged_share"] == pytest.approx(3 / 8)
    assert point["false_positive_clusters"] == 1
