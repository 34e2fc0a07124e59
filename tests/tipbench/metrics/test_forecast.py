"""Metrics of forecasts against a brute-force mean over every order of tied candidates."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_answers import task_of_scores
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation, evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import compute_observed
from tipbench.metrics.forecast import FIRST, measure_forecasts, score_forecasts
from tipbench.metrics.metric import make_inputs
from tipbench.tasks import tasks

NAMES = tasks()["route_forecast"].metrics
TASK = task_of_scores("circuit", NAMES, kind=kinds.FORECASTS, primary="mrr")
TOWNS = 12


def answers(rows: list[tuple[int, int, bool]], weight: list[float] | None = None) -> Answers:
    """Of queries ``(answer, cluster, intrusion)``, numbered from 0, in one region of twelve towns."""
    frame = pl.DataFrame(
        rows, schema={"answer": pl.Int64, "cluster": pl.Int64, "intrusion": pl.Boolean}, orient="row"
    )
    frame = frame.with_row_index("stop").with_columns(
        pl.col("stop").cast(pl.Int64),
        part=pl.lit("test"),
        region=pl.lit(0, dtype=pl.Int32),
        weight=pl.Series(weight or [1.0] * len(rows)),
    )
    towns = pl.DataFrame({"candidate": range(TOWNS)}).with_columns(region=pl.lit(0, dtype=pl.Int32))
    return Answers(kinds.FORECASTS, "stop", frame, gallery=towns.select("region", "candidate"))


def forecasts(rows: list[tuple[int, int, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"query": pl.Int64, "candidate": pl.Int64, "score": pl.Float64}, orient="row"
    )


def scored(truth: Answers, rows: list[tuple[int, int, float]]) -> Evaluation:
    return evaluate(TASK, truth, forecasts(rows), replicates=0)


def brute_force(answer: int, blocks: list[list[int]]) -> dict[str, float]:
    """The mean of each metric over all orders of the candidates within blocks of equal score, best block first."""
    found = []
    for orders in product(*(list(permutations(block)) for block in blocks)):
        ranked = [town for order in orders for town in order]
        rank = ranked.index(answer) + 1 if answer in ranked else None
        hits = [float(rank is not None and rank <= n) for n in FIRST.values()]
        found.append((1 / rank if rank else 0.0, *hits))
    return dict(zip(("mrr", *FIRST), np.mean(found, axis=0), strict=True))


CANDIDATES = st.lists(
    st.tuples(st.integers(0, TOWNS - 1), st.sampled_from([0.0, 0.5, 1.0])),
    min_size=1,
    max_size=7,
    unique_by=lambda row: row[0],
)


@given(st.integers(0, TOWNS - 1), CANDIDATES)
def test_every_metric_is_its_mean_over_the_orders_of_ties(answer: int, given_rows) -> None:
    truth = answers([(answer, 0, False)])
    found = score_forecasts(truth.frame, forecasts([(0, town, value) for town, value in given_rows]), "stop")
    blocks = [
        [town for town, value in given_rows if value == level]
        for level in sorted({value for _, value in given_rows}, reverse=True)
    ]
    assert found.drop("stop").row(0, named=True) == pytest.approx(brute_force(answer, blocks), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, TOWNS - 1), CANDIDATES), min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_rows_nor_the_scale_of_scores_matters(queries, random) -> None:
    truth = answers([(answer, number % 3, False) for number, (answer, _) in enumerate(queries)])
    rows = [(number, town, value) for number, (_, made) in enumerate(queries) for town, value in made]
    mixed = random.sample(rows, len(rows))
    scaled = [(query, town, 3 * value - 7) for query, town, value in mixed]
    assert scored(truth, rows).scores == scored(truth, scaled).scores


def test_lawful_travellers_move_no_metric_but_intrusion() -> None:
    truth = answers([(3, 0, False), (4, 1, True), (5, 2, True)])
    good = [(0, 3, 1.0), (1, 4, 1.0), (2, 5, 1.0)]
    kind = [(0, 3, 1.0), (1, 0, 1.0), (2, 0, 1.0)]
    both = [scored(truth, rows).scores for rows in (good, kind)]
    assert [found["intrusion_mrr"].value for found in both] == [1.0, 0.0]
    for name in ("mrr", *FIRST):
        assert both[0][name] == both[1][name]
        assert both[0][name].value == 1.0


def test_queries_count_by_their_weight() -> None:
    truth = answers([(3, 0, False), (4, 0, False), (5, 1, False)], [0.5, 0.5, 1.0])
    found = scored(truth, [(0, 3, 1.0), (1, 0, 1.0), (2, 0, 1.0)]).scores
    assert found["mrr"].value == pytest.approx(0.25)


def test_there_is_no_intrusion_without_lawful_travellers() -> None:
    truth = answers([(3, 0, False)])
    assert "intrusion_mrr" not in scored(truth, [(0, 3, 1.0)]).scores


def test_an_interval_needs_twenty_operations_and_lawful_travellers_do_not_make_up_for_them() -> None:
    lawful = [(3, number, True) for number in range(40)]
    few, enough = ([*lawful, *((3, 100 + n, False) for n in range(count))] for count in (19, 20))
    for rows, given_one in ((few, False), (enough, True)):
        right = forecasts(
            [(number, answer if number % 2 else 0, 1.0) for number, (answer, *_) in enumerate(rows)]
        )
        found = evaluate(TASK, answers(rows), right, replicates=50)
        assert (found.scores["mrr"].low is not None) == given_one
        assert any("only 19 clusters" in warning for warning in found.warnings) != given_one


def test_intrusion_is_told_by_lawful_group_and_the_primary_by_who_is_exploited() -> None:
    truth = answers([(3, 0, False), (4, 1, True), (5, 2, True)])
    frame = truth.frame.with_columns(
        group=pl.Series(["trafficking", "business", "resident"]), form=pl.Series(["labour", None, None])
    )
    truth = Answers(kinds.FORECASTS, "stop", frame, gallery=truth.gallery)
    found = scored(truth, [(0, 3, 1.0), (1, 4, 1.0), (2, 0, 1.0)]).groups
    assert found["business"] == {"intrusion_mrr": 1.0, "queries": 1, "operations": 1}
    assert found["resident"]["intrusion_mrr"] == 0.0
    assert found["lawful"]["intrusion_mrr"] == 0.5
    assert found["form=other"]["mrr"] == 1.0


def test_a_cluster_that_is_drawn_twice_counts_twice() -> None:
    inputs = make_inputs(TASK, answers([(3, 0, False), (4, 1, False)]), forecasts([(0, 3, 1.0), (1, 0, 1.0)]))
    measured = measure_forecasts(inputs)
    assert compute_observed(measured.metrics, 2)["mrr"] == 0.5
    assert measured.metrics(np.array([[2.0, 1.0]]))["mrr"].tolist() == pytest.approx([2 / 3])


def test_a_share_of_the_oracle_is_one_for_the_oracle_and_the_prior_is_that_of_a_constant_score() -> None:
    truth = answers([(3, 0, False), (4, 1, False), (5, 2, True)])
    ranks = truth.frame.with_columns(oracle_reciprocal_rank=pl.Series([1.0, 0.5, 0.1]))
    truth = Answers(kinds.FORECASTS, "stop", ranks, gallery=truth.gallery)
    best = scored(truth, [(0, 3, 1.0), (1, 0, 1.0), (1, 4, 0.5), (2, 0, 1.0)]).oracle
    assert best["oracle"] == pytest.approx(0.75)
    assert best["share"] == pytest.approx(1.0)
    # Any ten of the twelve towns, in random order.
    assert best["prior"] == pytest.approx(sum(1 / rank for rank in range(1, 11)) / TOWNS)
    assert scored(answers([(3, 0, False)]), [(0, 3, 1.0)]).oracle == {}
