"""The bootstrap: what is resampled, that it is seeded, and that its intervals cover a known truth."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import (
    Clusters,
    ClusterSums,
    dense_codes,
    multiplicities,
    percentile_interval,
    ratio,
    replicate,
    resampling_clusters,
)
from tipbench.metrics.ranking import Ranking


def answers(clusters: list[int | None], labels: list[int]) -> Answers:
    frame = pl.DataFrame(
        {"advert": range(len(clusters)), "part": "test", "label": labels, "cluster": clusters, "weight": 1.0},
        schema_overrides={"cluster": pl.Int64},
    )
    return Answers(kinds.SCORES, "advert", frame)


def test_rows_of_one_operation_are_drawn_together_and_rows_without_one_alone() -> None:
    found = resampling_clusters(answers([5, 5, None, 3, None], [1, 1, 0, 0, 1]))
    codes = found.codes.tolist()
    assert codes[0] == codes[1]
    assert len(set(codes)) == found.count == 4
    assert (found.positive, found.negative) == (2, 2)


def test_enough_is_twenty_clusters_of_the_rarer_kind() -> None:
    assert not resampling_clusters(answers(list(range(59)), [1] * 19 + [0] * 40)).enough
    assert resampling_clusters(answers(list(range(60)), [1] * 20 + [0] * 40)).enough
    assert not resampling_clusters(answers(list(range(59)), [1] * 40 + [0] * 19)).enough


def test_without_any_truth_the_proxy_is_resampled() -> None:
    frame = pl.DataFrame(
        {"advert": [1, 2, 3], "cluster": [None] * 3, "proxy": [4, 4, 5], "weight": 1.0},
        schema_overrides={"cluster": pl.Int64},
    )
    assert resampling_clusters(Answers(kinds.CLUSTERS, "advert", frame)).codes.tolist() == [0, 0, 1]


def test_codes_are_dense_and_null_is_minus_one() -> None:
    codes, count = dense_codes(pl.Series(["b", None, "a", "b"]))
    assert (codes.tolist(), count) == ([1, -1, 0, 1], 2)


def test_the_same_seed_draws_the_same_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(multiplicities(50, 30, seed=7)))
    monkeypatch.setattr("tipbench.metrics.bootstrap._CELLS", 200)
    chunks = list(multiplicities(50, 30, seed=7))
    assert [len(chunk) for chunk in chunks] == [8, 8, 8, 6]
    assert (np.concatenate(chunks) == whole).all()
    assert (whole.sum(axis=1) == 50).all()
    assert (np.concatenate(list(multiplicities(50, 30, seed=8))) != whole).any()
    assert list(multiplicities(50, 0, seed=7)) == []


def test_draws_are_shared_by_what_is_scored_on_the_same_clusters_and_nobody_can_change_them() -> None:
    (first,), (second,) = multiplicities(40, 20, seed=3), multiplicities(40, 20, seed=3)
    assert first is second
    (large,), (again,) = multiplicities(2**18, 8, seed=3), multiplicities(2**18, 8, seed=3)
    assert large is not again, "draws of many clusters are not kept"
    assert (large == again).all()
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 9.0


def test_sums_under_multiplicities_are_sums_over_repeated_rows() -> None:
    generator = np.random.default_rng(0)
    codes, values = generator.integers(0, 6, 40), generator.random(40)
    sums = ClusterSums(Clusters(codes, 6, 6, 6))
    sums.add("all", values)
    sums.add_ever("ever", values > 0.9)
    times = generator.integers(0, 3, (3, 6)).astype(float)
    total = sums.totals(times)
    for row in range(3):
        assert total("all")[row] == pytest.approx((values * times[row][codes]).sum(), abs=1e-12)
        assert total("ever")[row] == sum(times[row][code] for code in set(codes[values > 0.9]))


def test_an_interval_over_undefined_replicates_is_refused() -> None:
    draws = np.arange(100.0)
    assert percentile_interval(draws) == pytest.approx((1.525, 97.475))
    draws[:5] = np.nan
    assert percentile_interval(draws) is not None
    draws[5] = np.nan
    assert percentile_interval(draws) is None


def test_a_share_of_nothing_is_undefined() -> None:
    assert np.isnan(ratio(np.zeros(1), np.zeros(1))[0])


def average_precision_of(separation: float, prevalence: float) -> float:
    """Average precision of scores N(separation, 1) against N(0, 1) at a prevalence, by numerical
    integration."""
    normal = NormalDist()
    levels = np.linspace(-9, 9 + separation, 20_001)
    recall = np.array([1 - normal.cdf(level - separation) for level in levels])
    false = np.array([1 - normal.cdf(level) for level in levels])
    precision = prevalence * recall / (prevalence * recall + (1 - prevalence) * false + 1e-300)
    return float(-np.trapezoid(precision, recall))


def test_intervals_cover_the_truth_in_92_to_98_percent_of_simulated_tests() -> None:
    # Scores are N(1, 1) in positive and N(0, 1) in negative clusters, 64% of the variance a cluster's own;
    # its rows weigh one in total. So AUROC is Phi(1 / sqrt 2), whatever the sizes of the clusters.
    prevalence, positive_clusters, clusters, tests = 0.05, 150, 1150, 500
    truth = {
        "auroc": NormalDist().cdf(1 / 2**0.5),
        "average_precision": average_precision_of(1.0, prevalence),
    }
    covered = dict.fromkeys(truth, 0)
    for test in range(tests):
        generator = np.random.default_rng(test)
        sizes = generator.integers(1, 5, clusters)
        codes = np.repeat(np.arange(clusters), sizes)
        positive = codes < positive_clusters
        scores = positive + generator.normal(0, 0.8, clusters)[codes] + generator.normal(0, 0.6, codes.size)
        ranking = Ranking(scores, positive, 1 / sizes[codes], codes, prevalence)
        draws = replicate(ranking.metrics, clusters, 200, seed=tests + test)
        for name, value in truth.items():
            low, high = percentile_interval(draws[name]) or (np.inf, -np.inf)
            covered[name] += low <= value <= high
    for name, count in covered.items():
        assert 0.92 <= count / tests <= 0.98, f"{name}: {count} of {tests}"
