"""Retrieval metrics against a brute-force mean over every order of tied candidates."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.predictions import check_predictions
from tipbench.metrics.retrieval import NAMES, query_scores
from tipbench.tasks import task_of


def score(clusters: list[int], rows: list[tuple[int, int, float]]) -> dict[int, dict[str, float]]:
    """Every metric of every query; units are 0 .. len(clusters) - 1."""
    gallery = pl.DataFrame({"advert": range(len(clusters)), "cluster": clusters})
    answers = Answers(kinds.CANDIDATES, "advert", gallery)
    candidates = check_predictions(
        answers,
        pl.DataFrame(
            rows, schema={"query": pl.Int64, "candidate": pl.Int64, "score": pl.Float64}, orient="row"
        ),
    )
    found = query_scores(gallery, answers.scored(), candidates, "advert")
    return {row.pop("advert"): row for row in found.iter_rows(named=True)}


def brute_force(relevant: int, blocks: list[list[bool]]) -> dict[str, float]:
    """The mean of each metric over all orders of the candidates within blocks of equal score, best block
    first."""
    first = min(relevant, 10)
    found = []
    for orders in product(*(list(permutations(block)) for block in blocks)):
        ranked = [hit for order in orders for hit in order]
        rank = ranked.index(True) + 1 if any(ranked) else None
        found.append((sum(ranked[:first]) / first, 1 / rank if rank else 0.0, sum(ranked) / relevant))
    return dict(zip(NAMES, np.mean(found, axis=0), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=3, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from([0.0, 0.5, 1.0])),
        max_size=6,
        unique_by=lambda row: row[0],
    ),
)
def test_every_metric_is_its_mean_over_the_orders_of_ties(clusters: list[int], given_rows) -> None:
    clusters = [0, 0, *clusters]
    rows = [(candidate, value) for candidate, value in given_rows if 0 < candidate < len(clusters)]
    if not rows:
        return
    found = score(clusters, [(0, candidate, value) for candidate, value in rows])[0]
    blocks = [
        [clusters[candidate] == 0 for candidate, value in rows if value == level]
        for level in sorted({value for _, value in rows}, reverse=True)
    ]
    expected = brute_force(clusters.count(0) - 1, blocks)
    assert {name: found[name] for name in NAMES} == pytest.approx(expected, abs=1e-12)


def test_a_constant_score_is_chance_and_never_one() -> None:
    # One relevant among ten candidates of equal score: the mean reciprocal of a random rank.
    found = score([0, 0, *range(1, 10)], [(0, candidate, 1.0) for candidate in range(1, 11)])[0]
    assert found["r_precision"] == pytest.approx(1 / 10)
    assert found["mrr_at_10"] == pytest.approx(np.mean(1 / np.arange(1, 11)))


def test_a_query_weighs_as_many_operations_as_its_own_stands_for() -> None:
    frame = pl.DataFrame(
        {"advert": range(5), "cluster": [0, 0, 1, 1, 2], "weight": [0.1, 0.1, 1.5, 1.5, 1.0]}
    )
    lists = pl.DataFrame({"query": [0, 2, 3], "candidate": [1, 4, 2], "score": [1.0, 1.0, 1.0]})
    task = task_of("advert_authorship")
    found = evaluate(task, Answers(kinds.CANDIDATES, "advert", frame), lists, replicates=0).scores
    # Queries 0 and 3 are right, 1 names nobody, 2 names another.
    assert found["r_precision"].value == pytest.approx((0.1 + 1.5) / (0.1 + 0.1 + 1.5 + 1.5))
    alike = Answers(kinds.CANDIDATES, "advert", frame.drop("weight"))
    assert evaluate(task, alike, lists, replicates=0).scores["r_precision"].value == pytest.approx(0.5)


def test_the_order_of_rows_does_not_matter() -> None:
    clusters = [0, 0, 0, 1, 1, 2]
    rows = [(q, c, float((q * 7 + c * 3) % 3)) for q in range(6) for c in range(6) if q != c]
    assert score(clusters, rows) == score(clusters, rows[::-1])


def test_a_perfect_ranking_is_one() -> None:
    clusters = [0, 0, 0, 1, 1]
    rows = [(q, c, float(clusters[q] == clusters[c])) for q in range(5) for c in range(5) if q != c]
    assert all(row[name] == pytest.approx(1.0) for row in score(clusters, rows).values() for name in NAMES)


def test_more_than_ten_relevant_are_scored_over_ten_places() -> None:
    found = score([0] * 15, [(0, candidate, 1.0) for candidate in range(1, 11)])[0]
    assert found["r_precision"] == pytest.approx(1.0)
    assert found["recall_at_10"] == pytest.approx(10 / 14)


def test_missing_candidates_are_misses_and_singletons_are_no_queries() -> None:
    found = score([0, 0, 0, 0, 1], [(0, 1, 1.0), (4, 0, 1.0)])
    assert set(found) == {0, 1, 2, 3}
    assert found[0]["r_precision"] == pytest.approx(1 / 3)
    assert all(found[1][name] == 0.0 for name in NAMES)
