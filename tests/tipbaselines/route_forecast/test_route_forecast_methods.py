"""What each baseline makes of circuits that were made for it, stop by stop."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbaselines.route_forecast.backoff_markov import BackoffMarkov
from tipbaselines.route_forecast.gravity import Gravity, _unlikely
from tipbaselines.route_forecast.itineraries import (
    Histories,
    MoveCounts,
    Moves,
    TownMethod,
    Towns,
    exclude_here,
    reciprocal_ranks,
    replay,
    smooth,
    stops_of,
)
from tipbaselines.route_forecast.lightgbm_rank import LightgbmRank
from tipbaselines.route_forecast.markov import Markov
from tipbaselines.route_forecast.oracle import Oracle
from tipbaselines.route_forecast.popular import Popular
from tipbench.data.fold import Fold, Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.streams import streamed_forecasts
from tipbench.tasks.route_forecast import TASK
from tipdata.release import Release

METHODS: list[Any] = [Popular, Gravity, Markov, BackoffMarkov, LightgbmRank]
LEARNERS: list[Any] = [Markov(), BackoffMarkov(), LightgbmRank(rounds=5, moves=500)]


def stops(towns: list[int], circuit: int = 1, region: int = 0) -> pl.DataFrame:
    count = len(towns)
    return pl.DataFrame(
        {
            "region": pl.Series([region] * count, dtype=pl.Int32),
            "stop": [circuit * 100 + n for n in range(count)],
            "circuit": [circuit] * count,
            "sequence": pl.Series(range(1, count + 1), dtype=pl.Int32),
            "town": pl.Series(towns, dtype=pl.Int32),
        }
    )


def fold_of(rows: dict[str, list[list[int]]], places: pl.DataFrame | None = None) -> Fold:
    """A fold of circuits by part, over towns 10 to 17 of region 0 unless listed otherwise."""
    circuits = [(towns, part) for part, listed in rows.items() for towns in listed]
    frames = [stops(towns, number) for number, (towns, _) in enumerate(circuits, 1)]
    parts = [(number, part) for number, (_, part) in enumerate(circuits, 1)]
    if places is None:
        places = pl.DataFrame({"town": pl.Series(range(10, 18), dtype=pl.Int32)})
        places = places.with_columns(region=pl.lit(0, dtype=pl.Int32))
    units = pl.DataFrame(parts, schema=["circuit", "part"], orient="row")
    tables = {
        "circuits": units.select("circuit").lazy(),
        "stops": pl.concat(frames).lazy() if frames else stops([]).lazy(),
        "places": places.lazy(),
    }
    return Fold(TASK, tables, units, units.with_columns(label=pl.lit(1, dtype=pl.Int8)))


def best(method: Any, towns: list[int], circuit: int = 999, region: int = 0) -> int:
    """The first candidate after the last of these stops, handed over one by one."""
    rows = stops(towns, circuit, region)
    method.begin(rows.select("circuit").unique())
    answer = [method.step(rows[n : n + 1]) for n in range(rows.height)][-1]
    return answer.sort("score", descending=True)["candidate"][0]


ROUNDS = {"train": [[10, 11, 12, 13] * 3, [14, 15, 16, 17] * 3], "valid": [[10, 11, 12, 13] * 2]}


@pytest.mark.parametrize("kind", [Popular, Markov, BackoffMarkov, LightgbmRank])
def test_without_any_training_a_forecast_is_still_given(kind: Any) -> None:
    method = kind()
    method.fit(fold_of({"train": []}), 0)
    assert best(method, [10, 11, 10]) in range(10, 18)


@pytest.mark.parametrize("kind", [Popular, BackoffMarkov])
def test_the_town_of_a_unit_is_not_forecast(kind: Any, prepared: Prepared) -> None:
    fold, stream = prepared.folds[0], prepared.streams[0]
    method = kind()
    method.fit(fold, 0)
    made = streamed_forecasts(method, fold, stream, "it")
    here = stream.test.rows.select(query="stop", here=pl.col("town").cast(pl.Int64))
    assert (made.join(here, on="query")["candidate"] != made.join(here, on="query")["here"]).all()


def test_popular_ranks_towns_by_arrivals_in_the_region() -> None:
    method = Popular()
    method.fit(fold_of({"train": [[10, 12, 10, 12, 10, 13], [11, 12]]}), 0)
    assert best(method, [15]) == 12
    assert best(method, [12]) == 10


def test_a_first_order_chain_goes_where_training_went_and_then_where_the_unit_did_itself() -> None:
    method = Markov()
    method.fit(fold_of(ROUNDS), 0)
    assert best(method, [10]) == 11
    assert best(method, [15]) == 16
    # Its own way from 10 led to 15 before.
    own = Markov(own=(4.0,))
    own.fit(fold_of(ROUNDS), 0)
    assert best(own, [10, 15, 10]) == 15


def test_only_two_towns_of_context_tell_back_from_forth() -> None:
    """10 11 12 11 10: from 11 the way depends on whence it came."""
    second, first = BackoffMarkov(), Markov()
    for method in (second, first):
        method.fit(fold_of({"train": [[10, 11, 12, 11] * 4] * 3, "valid": []}), 0)
    forth_and_back = [10, 11, 12, 11] * 3
    assert best(second, [*forth_and_back, 10, 11]) == 12
    assert best(second, [*forth_and_back, 10, 11, 12, 11]) == 10
    assert best(first, [10, 11]) == best(first, [12, 11])


@given(st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_interpolated_counts_are_probabilities_between_the_counts_and_the_shorter_context(counts) -> None:
    given_counts = np.array(counts, dtype=float)
    lower = np.tile([0.4, 0.3, 0.2, 0.1, 0.0], (len(counts), 1))
    found = smooth(given_counts, lower)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(counts)))
    total = np.maximum(given_counts.sum(axis=1, keepdims=True), 1)
    share = np.where(given_counts.sum(axis=1, keepdims=True) > 0, given_counts / total, lower)
    assert (found >= np.minimum(share, lower) - 1e-12).all()
    assert (found <= np.maximum(share, lower) + 1e-12).all()


def test_witten_bell_weights_are_those_of_the_paper() -> None:
    """Witten and Bell (1991), method C: T kinds of events among N give the escape T / (N + T)."""
    found = smooth(np.array([[3.0, 1.0, 0.0]]), np.array([[0.2, 0.2, 0.6]]))
    assert found[0] == pytest.approx([(3 + 2 * 0.2) / 6, (1 + 2 * 0.2) / 6, 2 * 0.6 / 6])


@given(st.lists(st.integers(10, 14), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_units_past_is_counted_as_by_hand(towns: list[int]) -> None:
    fold = fold_of({"train": [towns]})
    known = Towns.of(fold)
    past = Histories(pl.DataFrame({"circuit": [7]}), "circuit", known)
    for n in range(len(towns)):
        at = past.read(stops(towns, 7)[n : n + 1])
    seen = [t - 10 for t in towns]
    visits, first, second = np.zeros(8), np.zeros(8), np.zeros(8)
    for n, town in enumerate(seen):
        visits[town] += 1
        if n and seen[n - 1] == seen[-1]:
            first[town] += 1
        if n > 1 and seen[n - 1] == seen[-1] and len(seen) > 1 and seen[n - 2] == seen[-2]:
            second[town] += 1
    assert past.visits(at)[0].tolist() == visits.tolist()
    assert past.after(at, 1)[0].tolist() == first.tolist()
    assert past.after(at, 2)[0].tolist() == second.tolist()
    since = past.last_visit(at)[0]
    assert since[seen[-1]] == 0
    assert all(np.isinf(since[t]) == (visits[t] == 0) for t in range(8))
    assert past.first(at)[0] == seen[0]


def test_training_is_counted_by_region_and_context() -> None:
    fold = fold_of({"train": [[10, 11, 12, 11, 10]]})
    towns = Towns.of(fold)
    counts = MoveCounts(Moves.of(stops_of(fold, "train"), "circuit", towns), towns)
    zero = np.array([0])
    assert counts.visits(zero)[0].tolist() == [1, 2, 1, 0, 0, 0, 0, 0]
    assert counts.after(zero, np.array([1]))[0].tolist() == [1, 0, 1, 0, 0, 0, 0, 0]
    assert counts.after_two(zero, np.array([2]), np.array([1]))[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert counts.after_two(zero, np.array([-1]), np.array([1])).sum() == 0


def test_a_replay_hands_over_every_move_once_with_the_town_it_leads_to() -> None:
    fold = fold_of({"train": [[10, 11, 12], [13, 10], [14]]})
    towns = Towns.of(fold)
    found = [
        (int(past.here(at)[row]), int(town[row]))
        for past, at, town in replay(stops_of(fold, "train"), "circuit", towns)
        for row in range(len(at))
    ]
    assert sorted(found) == [(0, 1), (1, 2), (3, 0)]


def test_reciprocal_ranks_count_ties_at_the_middle_and_nothing_beyond_ten() -> None:
    scores = np.array([[3.0, 1.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0]])
    assert reciprocal_ranks(scores, np.array([1, 3])).tolist() == pytest.approx([1 / 2.5, 1.0])
    assert reciprocal_ranks(np.arange(12.0)[None, :], np.array([0])).tolist() == [0.0]


def test_where_there_is_one_town_only_it_is_forecast() -> None:
    assert exclude_here(np.array([[1.0]]), np.array([0])).tolist() == [[1.0]]


def test_gravity_learns_that_nearness_counts_and_that_borders_cost() -> None:
    towns = {
        "region": [0] * 5,
        "town": range(10, 15),
        "x_km": [0, 40, 90, 300, 60],
        "y_km": [0, 0, 0, 0, 30],
        "population": [100, 400, 100, 800, 100],
        "jurisdiction": [0, 0, 0, 0, 1],  # the last one lies across a border
    }
    walks = [[10, 11, 10, 11, 12, 11, 10, 11, 12, 11, 14, 11, 12, 11, 13, 11, 10]] * 3
    method = Gravity()
    method.fit(fold_of({"train": walks}, pl.DataFrame(towns).cast({"region": pl.Int32, "town": pl.Int32})), 0)
    assert best(method, [10]) == 11
    _size, distance, border = method._weights
    assert distance < 0
    assert border < 0


def test_the_gradient_of_gravity_is_that_of_its_likelihood() -> None:
    rng = np.random.default_rng(0)
    drawn, left = rng.normal(size=(30, 6, 3)), np.ones((30, 6), dtype=bool)
    town, weights = rng.integers(0, 6, 30), np.array([0.3, -0.7, 0.2])
    _, slope = _unlikely(weights, drawn, left, town)
    for k in range(3):
        step = np.eye(3)[k] * 1e-5
        above, below = (_unlikely(weights + sign * step, drawn, left, town)[0] for sign in (1, -1))
        assert slope[k] == pytest.approx((above - below) / 2e-5, abs=1e-7)


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("route_forecast", release=tiny, split="operation")


def mrr(method: Any, prepared: Prepared) -> float:
    fold = prepared.folds[0]
    method.fit(fold, 0)
    made = prepared.answers.keep_answered(streamed_forecasts(method, fold, prepared.streams[0], "it"))
    return evaluate(TASK, prepared.answers, made, replicates=0).scores["mrr"].value or 0.0


def test_two_towns_of_context_beat_one_one_beats_none_and_none_knows_it_all(
    tiny: Release, prepared: Prepared
) -> None:
    popular, gravity, first, second = (mrr(kind(), prepared) for kind in METHODS[:4])
    assert popular < gravity < second  # on a release this small distance tells as much as one town of context
    assert popular < first < second
    truth = prepare("route_forecast", release=tiny, split="operation", oracle=True)
    oracle = mrr(Oracle(), truth)
    assert second + 0.1 < oracle < 0.97
    # What scores are a share of is the same, but for the ties of towns that are next to impossible.
    right = truth.answers.frame.select(query="stop", candidate="answer", score=pl.lit(1.0))
    reference = evaluate(TASK, truth.answers, right, replicates=0).oracle
    assert reference["oracle"] == pytest.approx(oracle, abs=0.003)
    assert reference["prior"] == pytest.approx(np.sum(1 / np.arange(1, 11)) / 24)


def test_boosted_trees_learn_more_than_popularity(prepared: Prepared) -> None:
    assert mrr(LightgbmRank(rounds=30, moves=2000), prepared) > mrr(Popular(), prepared) + 0.2


@pytest.mark.parametrize("method", LEARNERS, ids=lambda method: type(method).__name__)
def test_a_unit_is_forecast_alike_alone_and_among_others(method: Any, prepared: Prepared) -> None:
    fold, stream = prepared.folds[0], prepared.streams[0]
    method.fit(fold, 0)
    whole = streamed_forecasts(method, fold, stream, "it")
    one = stream.test.units["circuit"][5]
    rows = stream.test.rows.filter(pl.col("circuit") == one)
    method.begin(stream.test.units.filter(pl.col("circuit") == one))
    alone = pl.concat(
        method.step(rows[n : n + 1]).with_columns(query=rows["stop"][n]) for n in range(rows.height)
    )
    joined = alone.cast({"candidate": pl.Int64}).join(whole, on=["query", "candidate"])
    assert joined.height == alone.height
    assert joined["score"].to_numpy() == pytest.approx(joined["score_right"].to_numpy())


def test_the_towns_of_a_users_own_data_need_no_region() -> None:
    rows = {"train": [[10, 11, 12] * 3]}
    fold = fold_of(rows, pl.DataFrame({"town": pl.Series(range(10, 14), dtype=pl.Int32)}))
    bare = fold.tables["stops"].collect().drop("region").lazy()
    method: TownMethod = BackoffMarkov()
    method.fit(Fold(TASK, {**fold.tables, "stops": bare}, fold.parts, fold.supervision), 0)
    row = stops([10], 9).drop("region")
    method.begin(row.select("circuit"))
    assert method.step(row).sort("score", descending=True)["candidate"][0] == 11
