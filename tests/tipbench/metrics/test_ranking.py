"""Ranking metrics against scikit-learn, against their definitions, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from tipbench.metrics.bootstrap import multiplicities, observed
from tipbench.metrics.ranking import BUDGET, NAMES, FoldedRanking, Ranking

PREVALENCE = 0.05


def score(
    scores, positive, weights=None, codes=None, prevalence: float | None = PREVALENCE
) -> dict[str, float]:
    """Every metric on the rows as they are."""
    scores, positive = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    weights = np.ones(scores.size) if weights is None else np.asarray(weights, dtype=float)
    codes = np.arange(scores.size) if codes is None else codes
    return observed(Ranking(scores, positive, weights, codes, prevalence).metrics, int(codes.max()) + 1)


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
    assert found["average_precision_raw"] == pytest.approx(
        average_precision_score(positive, scores), abs=1e-12
    )
    assert found["auroc_raw"] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_without_a_prevalence_average_precision_is_at_the_data_own() -> None:
    generator = np.random.default_rng(0)
    positive, scores, weights = (
        generator.random(500) < 0.3,
        generator.normal(size=500).round(1),
        generator.random(500),
    )
    expected = average_precision_score(positive, scores, sample_weight=weights)
    assert score(scores, positive, weights, prevalence=None)["average_precision"] == pytest.approx(
        expected, abs=1e-12
    )


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


@given(rankings(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(ranking, random) -> None:
    scores, positive, weights = ranking
    order = list(range(scores.size))
    random.shuffle(order)
    assert score(scores[order], positive[order], weights[order]) == pytest.approx(
        score(scores, positive, weights), abs=1e-12
    )


@given(rankings())
def test_a_monotone_transform_changes_nothing(ranking) -> None:
    scores, positive, weights = ranking
    assert score(np.exp(scores) - 7, positive, weights) == score(scores, positive, weights)


@given(rankings())
def test_a_row_split_in_two_halves_is_the_row(ranking) -> None:
    scores, positive, weights = ranking
    halves = score(np.repeat(scores, 2), np.repeat(positive, 2), np.repeat(weights / 2, 2))
    assert halves == pytest.approx(score(scores, positive, weights), abs=1e-12)


@given(rankings(), st.integers(0, 1000))
def test_a_multiplicity_is_a_repetition_of_the_cluster_rows(ranking, seed: int) -> None:
    scores, positive, weights = ranking
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 5, scores.size)
    times = generator.integers(0, 3, 5)
    rows = np.repeat(np.arange(scores.size), times[codes])
    weighted = Ranking(scores, positive, weights, codes, PREVALENCE).metrics(times[None].astype(float))
    if positive[rows].all() or not positive[rows].any():
        assert all(np.isnan(weighted[name][0]) for name in NAMES)
        return
    copied = score(scores[rows], positive[rows], weights[rows])
    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(copied, abs=1e-12)


@given(rankings(), st.integers(0, 1000), st.sampled_from([PREVALENCE, None]))
def test_average_precision_alone_is_the_same_to_the_last_bit(ranking, seed: int, prevalence) -> None:
    scores, positive, weights = ranking
    generator = np.random.default_rng(seed)
    codes, folds = generator.integers(0, 5, scores.size), generator.integers(0, 2, scores.size)
    drawn = generator.integers(0, 3, (4, 5)).astype(float)
    for one in (
        Ranking(scores, positive, weights, codes, prevalence),
        FoldedRanking(scores, positive, weights, codes, prevalence, folds),
    ):
        with np.errstate(invalid="ignore"):  # a draw may hold no row
            alone, among_all = one.average_precision(drawn), one.metrics(drawn)["average_precision"]
        np.testing.assert_array_equal(alone, among_all)


def test_prevalence_stays_as_stated_in_every_replicate() -> None:
    generator = np.random.default_rng(3)
    codes = np.repeat(np.arange(100), 5)
    positive = codes < 40
    constant = Ranking(np.zeros(500), positive, generator.random(500), codes, PREVALENCE)
    draws = np.concatenate(list(multiplicities(100, 50, seed=0)))
    assert constant.metrics(draws)["average_precision"] == pytest.approx(PREVALENCE, abs=1e-12)


@pytest.mark.parametrize("weights", [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
def test_a_class_of_which_nothing_counts_is_no_class(weights: list[float]) -> None:
    assert all(np.isnan(value) for value in score([0.1, 0.2, 0.3], [True, False, False], weights).values())


@pytest.mark.parametrize("only", [True, False])
def test_one_class_alone_has_no_score(only: bool) -> None:
    assert all(np.isnan(value) for value in score([0.1, 0.2], [only, only]).values())
