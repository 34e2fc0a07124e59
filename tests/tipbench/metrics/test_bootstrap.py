"""The bootstrap: what is resampled, that it is seeded, and that its intervals cover a known truth."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_answers import labelled
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import count_distinct
from tipbench.kinds.lists import split_lists
from tipbench.kinds.refusals import check_predictions
from tipbench.metrics.bootstrap import (
    ClusterSums,
    ResamplingClusters,
    draw_multiplicities,
    encode_dense,
    find_resampling_clusters,
    percentile_interval,
    ratio,
    replicate,
    split_draws,
)
from tipbench.metrics.ranking import RANKING_NAMES, Ranking
from tipbench.tasks import task_of, tasks


def answers(clusters: list[int | None], labels: list[int]) -> Answers:
    return Answers(kinds.SCORES, "advert", labelled(labels, cluster=pl.Series(clusters, dtype=pl.Int64)))


def test_rows_of_one_operation_are_drawn_together_and_rows_without_one_alone() -> None:
    found = find_resampling_clusters(answers([5, 5, None, 3, None], [1, 1, 0, 0, 1]))
    codes = found.codes.tolist()
    assert codes[0] == codes[1]
    assert len(set(codes)) == found.count == 4
    assert (found.positive, found.negative) == (2, 2)


def test_enough_is_twenty_clusters_of_the_rarer_kind() -> None:
    assert not find_resampling_clusters(answers(list(range(59)), [1] * 19 + [0] * 40)).enough
    assert find_resampling_clusters(answers(list(range(60)), [1] * 20 + [0] * 40)).enough
    assert not find_resampling_clusters(answers(list(range(59)), [1] * 40 + [0] * 19)).enough


def test_without_any_truth_the_proxy_is_resampled() -> None:
    frame = pl.DataFrame(
        {"advert": [1, 2, 3], "cluster": [None] * 3, "proxy": [4, 4, 5], "weight": 1.0},
        schema_overrides={"cluster": pl.Int64},
    )
    assert find_resampling_clusters(Answers(kinds.CLUSTERS, "advert", frame)).codes.tolist() == [0, 0, 1]


def test_codes_are_dense_and_null_is_minus_one() -> None:
    codes, count = encode_dense(pl.Series(["b", None, "a", "b"]))
    assert (codes.tolist(), count) == ([1, -1, 0, 1], 2)


def test_the_same_seed_draws_the_same_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(draw_multiplicities(50, 30, seed=7)))
    monkeypatch.setattr("tipbench.metrics.bootstrap._CELLS", 200)
    chunks = list(draw_multiplicities(50, 30, seed=7))
    assert [len(chunk) for chunk in chunks] == [8, 8, 8, 6]
    assert (np.concatenate(chunks) == whole).all()
    assert (whole.sum(axis=1) == 50).all()
    assert (np.concatenate(list(draw_multiplicities(50, 30, seed=8))) != whole).any()
    assert list(draw_multiplicities(50, 0, seed=7)) == []


def test_draws_are_shared_by_what_is_scored_on_the_same_clusters_and_nobody_can_change_them() -> None:
    (first,), (second,) = draw_multiplicities(40, 20, seed=3), draw_multiplicities(40, 20, seed=3)
    assert first is second
    (large,), (again,) = draw_multiplicities(2**18, 8, seed=3), draw_multiplicities(2**18, 8, seed=3)
    assert large is not again, "draws of many clusters are not kept"
    assert (large == again).all()
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 9.0


def test_sums_under_multiplicities_are_sums_over_repeated_rows() -> None:
    generator = np.random.default_rng(0)
    codes, values = generator.integers(0, 6, 40), generator.random(40)
    sums = ClusterSums(ResamplingClusters(codes, 6, 6, 6))
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


@pytest.mark.parametrize(
    ("tests", "least", "most"), [(40, 0.9, 1.0), pytest.param(500, 0.92, 0.98, marks=pytest.mark.slow)]
)
def test_intervals_cover_the_truth_in_19_of_20_simulated_tests(tests: int, least: float, most: float) -> None:
    # Scores are N(1, 1) in positive and N(0, 1) in negative clusters, 64% of the variance a cluster's own;
    # its rows weigh one in total. So AUROC is Phi(1 / sqrt 2), whatever the sizes of the clusters.
    prevalence, positive_clusters, clusters = 0.05, 150, 1150
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
        draws = replicate(ranking.metrics, clusters, 200, seed=500 + test)
        for name, value in truth.items():
            low, high = percentile_interval(draws[name]) or (np.inf, -np.inf)
            covered[name] += low <= value <= high
    for name, count in covered.items():
        assert least <= count / tests <= most, f"{name}: {count} of {tests}"


BOOTSTRAP = "tipbench.metrics.bootstrap"


def truth_of_pieces(rows: int = 900) -> pl.DataFrame:
    """Adverts of operations of six, a third of which is trafficking; two thirds in the test part."""
    generator = np.random.default_rng(1)
    operation = generator.permutation(rows) // 6
    positive = operation % 3 == 0
    return pl.DataFrame(
        {
            "advert": np.arange(rows),
            "part": np.where(operation % 5 < 2, "valid", "test"),
            "label": positive.astype(np.int8),
            "cluster": operation,
            "weight": 1 / generator.integers(1, 7, rows),
            "group": np.where(
                positive, "trafficking", np.where(operation % 3 == 1, "business", "independent")
            ),
            "migrant": operation % 4 == 1,
            "form": pl.Series(np.where(operation % 2 == 0, "labour", "sexual")),
            "oracle_log_odds": (generator.normal(0, 900, rows) + 900 * positive).astype(np.int32),
        }
    )


def predicted(kind: str) -> tuple[Answers, pl.DataFrame]:
    frame, generator = truth_of_pieces(), np.random.default_rng(2)
    score = np.round(generator.normal(size=frame.height) + frame["label"].to_numpy(), 1)
    if kind == "scores":
        return Answers(kinds.SCORES, "advert", frame), frame.select("advert", score=pl.Series(score))
    if kind == "alarms":
        onset = pl.when(pl.col("label") == 1).then(pl.lit(9, pl.Int32)).alias("onset")
        step = pl.Series(np.where(score > 0.5, 5 + generator.integers(0, 30, frame.height), -1)).replace(
            -1, None
        )
        named = frame.rename({"advert": "conversation"}).drop("oracle_log_odds").with_columns(onset)
        return Answers(kinds.ALARMS, "conversation", named), named.select("conversation", step=step)
    if kind == "clusters":
        found = frame.select("advert", cluster=pl.col("cluster") // 2)
        return Answers(kinds.CLUSTERS, "advert", frame.select("advert", "cluster", "weight")), found
    query = np.repeat(np.arange(frame.height), 5)
    lists = {
        "query": query,
        "candidate": (query + 1 + np.tile(np.arange(5) * 7, frame.height)) % frame.height,
        "score": np.round(generator.random(query.size), 1),
    }
    shuffled = pl.DataFrame(lists).sample(fraction=1.0, shuffle=True, seed=3)
    return Answers(kinds.CANDIDATES, "advert", frame.select("advert", "cluster", "weight")), shuffled


TASKS = {
    "scores": "advert_risk",
    "alarms": "recruitment_onset",
    "clusters": "advert_linkage",
    "candidates": "advert_authorship",
}


@pytest.mark.parametrize("kind", TASKS)
def test_scores_of_many_pieces_are_those_of_one_to_the_last_bit(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, predictions = predicted(kind)
    task = task_of(TASKS[kind])
    whole = evaluate(task, answers, predictions, replicates=20)
    rows = {f"{BOOTSTRAP}._ROWS_SUMMED": 64, f"{BOOTSTRAP}._CELLS": 300}
    for name, most in {
        **rows,
        "tipbench.metrics.ranking.ROWS_AT_ONCE": 37,
        "tipbench.kinds.lists.ROWS_AT_ONCE": 7,
    }.items():
        monkeypatch.setattr(name, most)
    in_pieces = evaluate(task, answers, predictions, replicates=20)
    assert in_pieces.to_dict() == whole.to_dict()
    assert whole.primary_draws is not None
    assert in_pieces.primary_draws is not None
    assert np.unique(whole.primary_draws.draws).size > 10
    assert (in_pieces.primary_draws.draws == whole.primary_draws.draws).all()


@pytest.mark.parametrize("kind", TASKS)
def test_sums_of_clusters_taken_in_pieces_change_scores_by_no_more_than_rounding(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, predictions = predicted(kind)
    task = task_of(TASKS[kind])
    whole = evaluate(task, answers, predictions, replicates=20)
    monkeypatch.setattr(f"{BOOTSTRAP}._CLUSTERS_AT_ONCE", 11)
    in_pieces = evaluate(task, answers, predictions, replicates=20)
    for name, score in whole.scores.items():
        other = in_pieces.scores[name]
        assert (other.note, score.note) == (score.note, other.note)
        for one, same in zip(
            (score.value, score.low, score.high), (other.value, other.low, other.high), strict=True
        ):
            assert same == pytest.approx(one, rel=1e-12, abs=1e-12) if one is not None else same is None


def test_a_sum_keeps_only_the_clusters_that_have_a_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{BOOTSTRAP}._CLUSTERS_AT_ONCE", 10)
    sums = ClusterSums(ResamplingClusters(np.arange(1000), 1000, 1000, 1000))
    rare, all_of_them = np.zeros(1000), np.arange(1.0, 1001.0)
    rare[[3, 400, 999]] = (0.5, 2.0, 4.0)
    sums.add("rare", rare)
    sums.add("every", all_of_them)
    sums.add_ever("ever", np.arange(1000) % 2 == 0)
    assert [column.values.size for column in sums._columns] == [3, 1000, 500]
    assert sums._columns[2].values.strides == (0,)
    times = np.random.default_rng(0).integers(0, 4, (3, 1000)).astype(float)
    total = sums.totals(times)
    assert total("rare") == pytest.approx(times @ rare, rel=1e-14)
    assert total("every") == pytest.approx(times @ all_of_them, rel=1e-14)
    assert (total("ever") == times[:, ::2].sum(axis=1)).all()


def test_multiplicities_of_any_size_are_taken_as_they_are() -> None:
    generator = np.random.default_rng(0)
    codes, positive = generator.integers(0, 30, 400), generator.random(400) < 0.2
    ranking = Ranking(generator.normal(size=400), positive, np.ones(400), codes, 0.05)
    drawn = generator.integers(0, 3, (4, 30)).astype(float)
    few, many, half = (ranking.metrics(drawn * factor) for factor in (1.0, 300.0, 0.5))
    for name in RANKING_NAMES:
        assert many[name] == pytest.approx(few[name], rel=1e-12)
        assert half[name] == pytest.approx(few[name], rel=1e-12)


def test_many_clusters_are_drawn_a_few_replicates_at_once_and_looked_at_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{BOOTSTRAP}._CELLS", 100)
    seen: list[tuple[int, ...]] = []

    def metrics(drawn: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(drawn.shape)
        assert [some.shape for some in split_draws(drawn)] == [(1, 90)] * len(drawn)
        return {"sum": drawn.sum(axis=1)}

    replicate(metrics, 90, 19, 0)
    assert seen == [(8, 90), (8, 90), (3, 90)]


def test_codes_are_counted_as_if_they_were_sorted() -> None:
    codes = np.random.default_rng(0).integers(0, 50, 60)
    assert count_distinct(codes, 50) == np.unique(codes).size
    assert count_distinct(codes[:0], 50) == 0


def test_no_list_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbench.kinds.lists.ROWS_AT_ONCE", 3)
    lists = pl.DataFrame({"query": [1, 1, 2, 2, 2, 2, 3, 4, 4]})
    assert [some["query"].to_list() for some in split_lists(lists, "query")] == [
        [1, 1, 2, 2, 2, 2],
        [3, 4, 4],
    ]
    assert [some.height for some in split_lists(lists.clear(), "query")] == [0]


PRECISION_TASK = tasks()["flag_aggregation"]
"""Scored by every family of scores: ranks, harm, and decisions at one half."""


def truth_of_precision() -> Answers:
    brigade = pl.when(pl.col("cluster") % 7 == 1).then(pl.col("cluster") // 50)
    frame = truth_of_pieces(1200).drop("oracle_log_odds")
    return Answers(kinds.SCORES, "advert", frame.with_columns(brigade=brigade, weight=pl.lit(1.0)))


@pytest.mark.parametrize("part", ["all", "valid"])
def test_equal_scores_in_either_dtype_have_the_same_metrics(part: str) -> None:
    """``valid``: only the part that thresholds are fixed on is in steps that float32 rounds."""
    answers = truth_of_precision()
    score = np.random.default_rng(3).integers(0, 21, answers.frame.height) / 20
    if part == "valid":
        tested = (answers.frame["part"] == "test").to_numpy()
        score = np.where(tested, np.round(score * 16) / 16, score)
    single = answers.frame.select("advert").with_columns(score=pl.Series(score, dtype=pl.Float32))
    double = single.with_columns(pl.col("score").cast(pl.Float64))
    one, other = (evaluate(PRECISION_TASK, answers, given, replicates=20) for given in (double, single))
    assert one.scores == other.scores
    assert (one.groups, one.curves, one.oracle) == (other.groups, other.curves, other.oracle)


def test_a_perfect_ranking_that_float32_would_tie_is_perfect() -> None:
    answers = truth_of_precision()
    ranked = answers.frame.select("advert", "label").sort("label", descending=True).with_row_index("place")
    given = ranked.select("advert", score=1 - 1e-9 * (pl.col("place").cast(pl.Float64) + 1))
    assert given["score"].cast(pl.Float32).n_unique() < 50
    scores = evaluate(PRECISION_TASK, answers, given, replicates=0).scores
    assert (scores["auroc"].value, scores["average_precision"].value) == (1.0, 1.0)


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_the_check_keeps_the_dtype_of_scores(dtype: Any) -> None:
    answers = truth_of_precision()
    given = answers.frame.select("advert").with_columns(score=pl.lit(0.1).cast(dtype))
    assert check_predictions(answers, given).schema["score"] == dtype


def test_candidates_are_ordered_by_scores_that_float32_would_tie() -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3], "cluster": [7, 7, 8]})
    answers = Answers(kinds.CANDIDATES, "advert", frame)
    given = pl.DataFrame({"query": [1, 1], "candidate": [2, 3], "score": [0.5, 0.5 + 1e-12]})
    assert check_predictions(answers, given)["candidate"].to_list() == [3, 2]
