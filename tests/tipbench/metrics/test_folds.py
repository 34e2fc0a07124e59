"""Pooled folds: units are ranked within their own fold, so that what knows nothing of them is chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from tipbench.metrics.bootstrap import multiplicities, observed
from tipbench.metrics.ranking import BUDGET, FPR_LIMIT, NAMES, FoldedRanking, Ranking


def folded(scores, positive, folds, weights=None, prevalence: float | None = None) -> dict[str, float]:
    rows = len(scores)
    weights = np.ones(rows) if weights is None else weights
    ranking = FoldedRanking(
        np.asarray(scores, dtype=float), positive, weights, np.arange(rows), prevalence, folds
    )
    return observed(ranking.metrics, rows)


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
    pooled = observed(Ranking(scores, positive, np.ones(1000), np.arange(1000), None).metrics, 1000)
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
    one = FoldedRanking(scores, positive, weights, codes, 0.05, np.zeros(300, dtype=int))
    drawn = next(multiplicities(40, 20, 0))
    expected = Ranking(scores, positive, weights, codes, 0.05).metrics(drawn)
    for name, values in one.metrics(drawn).items():
        assert values == pytest.approx(expected[name], abs=1e-12), name


def test_a_fold_of_one_class_ranks_nothing_and_is_left_out() -> None:
    folds, positive = np.repeat([0, 1], 4), np.array([1, 0, 1, 0, 1, 1, 1, 1], dtype=bool)
    scores = np.array([4, 3, 2, 1, 0, 0, 0, 0.0])
    assert folded(scores, positive, folds)["auroc"] == pytest.approx(0.75)
    assert all(np.isnan(v) for v in folded(scores, np.repeat([True, False], 4), folds).values())
    assert set(folded(scores, positive, folds)) == set(NAMES)
