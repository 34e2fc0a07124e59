"""The leak gates of tasks that rank, group or count: keys, numbers and order must tell nothing.

What is ranked by a key alone is at chance, neighbours by a key are of one cluster as often as any two of their region,
and no number that is shown is a multiple of the truth. Each gate finds a planted leak.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release

LINKS_AT_CHANCE = 0.02
"""Above the R-precision of rows in random order (about .004), with room for luck on a tiny world."""
CASE_KEYS = {
    "lowest key": -pl.col("candidate"),
    "highest key": pl.col("candidate"),
    "nearest key": -(pl.col("candidate") - pl.col("advert")).abs(),
    "low bits alike": -((pl.col("candidate") ^ pl.col("advert")) & 0xFFFF),
    "high bits alike": -((pl.col("candidate") ^ pl.col("advert")) // 2**32),
    "same place in its table": -(pl.col("place") - pl.col("seed_place")).abs(),
}


@pytest.fixture(scope="module")
def cases(tiny: Release) -> Prepared:
    return prepare("case_linkage", release=tiny, split="forward")


def r_precision(prepared: Prepared, key: pl.Expr) -> float:
    """R-precision of the ten rows of each view that a key ranks first."""
    gallery = prepared.answers.gallery
    assert gallery is not None
    placed = gallery.with_columns(
        place=pl.int_range(pl.len()).over("region", "view") / pl.len().over("region", "view")
    )
    seeds = prepared.answers.scored_rows().sort("region", "advert").select("advert", "region", own="cluster")
    seeds = seeds.with_columns(seed_place=pl.int_range(pl.len()).over("region") / pl.len().over("region"))
    pairs = seeds.join(placed, on="region").with_columns(score=key.cast(pl.Float64))
    best = pairs.sort("advert", "view", "score", "candidate", descending=[False, False, True, False])
    lists = best.group_by("advert", "view", maintain_order=True).head(10)
    ranked = lists.with_columns(score=1.0 / (1 + pl.int_range(pl.len()).over("advert", "view")))
    predictions = ranked.select("view", "candidate", "score", query="advert")
    return (
        evaluate(tasks()["case_linkage"], prepared.answers, predictions, replicates=0)
        .scores["r_precision"]
        .value
        or 0.0
    )


@pytest.mark.parametrize("name", list(CASE_KEYS))
def test_keys_and_their_order_tell_no_case(cases: Prepared, name: str) -> None:
    assert r_precision(cases, CASE_KEYS[name]) < LINKS_AT_CHANCE


def test_the_gate_of_cases_sees_a_planted_key(cases: Prepared) -> None:
    noise = pl.col("candidate").map_batches(
        lambda keys: pl.Series(Stream(0, "gate").uniform(keys.to_numpy())), return_dtype=pl.Float64
    )
    planted = noise + (pl.col("cluster") == pl.col("own")).fill_null(False).cast(pl.Float64) * 0.5
    assert r_precision(cases, noise) < LINKS_AT_CHANCE
    assert r_precision(cases, planted) > 10 * LINKS_AT_CHANCE


def test_no_seed_and_no_operation_decides_a_score(cases: Prepared) -> None:
    asked = cases.answers.scored_rows()
    assert asked.height >= 100
    assert asked["cluster"].n_unique() == asked.height
    assert asked["links"].to_numpy().max() <= asked["links"].sum() / 10


def test_operations_do_not_cross_a_leak_free_split(tiny: Release) -> None:
    owners = tiny.scan("adverts", truth=True).select("advert", "operation").collect()
    for split in ("forward", "operation", "region"):
        parts = prepare("case_linkage", release=tiny, split=split).folds[0].parts.join(owners, on="advert")
        assert not parts.select("operation", "part").unique()["operation"].is_duplicated().any(), split


KEY_TASKS = ("advert_linkage", "advert_authorship")
MORE = 0.01
"""By which the share of pairs of one cluster may exceed that of pairs by lot, with room for luck."""
ADVERT_KEYS = {
    "key": pl.col("advert"),
    "place in the table": pl.col("place"),
    "low bits of the key": pl.col("advert") & 0xFFFF,
    "middle bits of the key": (pl.col("advert") // 2**16) & 0xFFFF,
    "remainder of the key": pl.col("advert") % 1000,
}


@pytest.fixture(scope="module", params=KEY_TASKS)
def clustered(request: pytest.FixtureRequest, small: Release) -> pl.DataFrame:
    """``[region, advert, place, cluster]`` of the test adverts."""
    prepared: Prepared = prepare(request.param, release=small, split="forward")
    shown = prepared.folds[0].tables["adverts"].select("advert").with_row_index("place").collect()
    of = prepared.answers.frame.select("advert", "cluster")
    where = small.scan("adverts").select("advert", "region").collect()
    joined = shown.join(of, on="advert").join(where, on="advert").drop_nulls("cluster")
    return joined.with_columns(pl.col("place").cast(pl.Int64))


def excess(clustered: pl.DataFrame, key: pl.Expr) -> float:
    """Share of neighbours by a key, within regions, that are of one cluster, less that of neighbours by lot."""
    lot = pl.Series(Stream(0, "lot").uniform(clustered["advert"].to_numpy()))
    shares = []
    for by in (key, pl.lit(lot)):
        ordered = clustered.with_columns(by=by).sort("region", "by", "advert" if by is key else "by")
        same = ordered.select((pl.col("cluster") == pl.col("cluster").shift(1)).over("region")).to_series()
        shares.append(same.mean())
    return float(shares[0] - shares[1])  # type: ignore[operator]


@pytest.mark.parametrize("clustered", ["advert_authorship"], indirect=True)
def test_order_tells_no_region(clustered: pl.DataFrame) -> None:
    """Regions are hidden in authorship, and a release stands region by region."""
    by_place = clustered.sort("place")["region"]
    alike = (by_place == by_place.shift(1)).mean()
    shares = clustered["region"].value_counts()["count"].to_numpy() / clustered.height
    assert alike == pytest.approx((shares**2).sum(), abs=MORE)


@pytest.mark.parametrize("name", list(ADVERT_KEYS))
def test_neighbours_by_a_key_are_of_one_cluster_no_more_often_than_by_lot(
    clustered: pl.DataFrame, name: str
) -> None:
    assert excess(clustered, ADVERT_KEYS[name]) <= MORE


def test_the_gate_of_adverts_sees_a_planted_key(clustered: pl.DataFrame) -> None:
    noise = Stream(1, "gate").uniform(clustered["advert"].to_numpy())
    rank = clustered["cluster"].rank("dense").to_numpy()
    planted = np.where(noise < 0.5, rank, rank.max() * noise)
    assert excess(clustered, pl.lit(pl.Series(planted))) > 5 * MORE


POPULATION_LIMITS = tasks()["prevalence"].leak_limits


@pytest.fixture(scope="module")
def regions(small: Release) -> pl.DataFrame:
    """Regions with their truth and what is shown of them, a column each."""
    prepared = prepare("prevalence", release=small)
    shown = prepared.folds[0].tables
    rows = (
        shown["case_lists"]
        .group_by("region", maintain_order=True)
        .agg(
            rows=pl.len(),
            strata=pl.struct("form", "sex").n_unique(),
            most=pl.col("count").max(),
            single=(pl.col("count") == 1).sum(),
        )
    )
    frame = prepared.answers.frame.select("region", "truth")
    for table in (shown["populations"].collect(), rows.collect()):
        frame = frame.join(table, on="region", how="left", maintain_order="left")
    return frame


def _left_over(regions: pl.DataFrame, column: str) -> float:
    """Median absolute log error of the best constant multiple of a column, fitted with the truth in view."""
    ratio = np.log((regions["truth"] / regions[column]).to_numpy())
    return float(np.median(np.abs(ratio - np.median(ratio))))


def test_a_region_s_number_tells_nothing_of_its_people(regions: pl.DataFrame) -> None:
    correlation = np.corrcoef(regions["region"].rank().to_numpy(), regions["truth"].rank().to_numpy())[0, 1]
    assert abs(correlation) < POPULATION_LIMITS["region_rank_correlation"]


def test_what_is_shown_is_no_multiple_of_the_truth(regions: pl.DataFrame) -> None:
    for column in ("observed", "lists", "rows", "strata", "most", "single"):
        if (regions[column] > 0).all():
            assert _left_over(regions, column) > POPULATION_LIMITS["constant_multiple_error"], column


def test_a_planted_multiple_of_the_truth_is_found(regions: pl.DataFrame) -> None:
    planted = regions.with_columns(planted=pl.col("truth") / 7 + 1)
    assert _left_over(planted, "planted") < POPULATION_LIMITS["constant_multiple_error"]


def test_no_region_is_both_learnt_from_and_tested(small: Release) -> None:
    parts = prepare("prevalence", release=small, split="region").folds[0].parts
    assert parts["region"].n_unique() == parts.height


@pytest.fixture(scope="module")
def moves(small: Release) -> Prepared:
    return prepare("route_forecast", release=small, split="forward")


def _mrr(moves: Prepared, key: pl.Expr, answers: pl.DataFrame | None = None) -> float:
    """MRR of the ten towns of each query's region that rank highest by a key of ``query, town, here, sequence``."""
    frame = moves.answers.frame if answers is None else answers
    rows = moves.streams[0].test.rows.select("stop", "sequence", here="town")
    asked = frame.select("stop", "region").join(rows, on="stop")
    listed = asked.join(moves.answers.candidates, on="region").filter(pl.col("candidate") != pl.col("here"))
    made = listed.select(query="stop", candidate="candidate", score=key.cast(pl.Float64))
    best = (
        made.sort("query", "score", "candidate", descending=[False, True, False]).group_by("query").head(10)
    )
    given = (
        moves.answers
        if answers is None
        else type(moves.answers)(moves.answers.kind, "stop", answers, gallery=moves.answers.gallery)
    )
    return evaluate(tasks()["route_forecast"], given, best, replicates=0).scores["mrr"].value or 0.0


TOWNS_AT_CHANCE = float(np.sum(1 / np.arange(1, 11)) / 23)
"""Of ten out of the 23 towns that one is not in, in random order."""


@pytest.mark.parametrize(
    "key",
    [
        pl.col("candidate"),
        -pl.col("candidate"),
        -(pl.col("candidate") - pl.col("here")).abs(),
        (pl.col("candidate") + pl.col("sequence")) % 24,
        (pl.col("stop") + pl.col("candidate") * 7) % 24,
    ],
    ids=["highest number", "lowest number", "nearest number", "by the step", "by the stop's number"],
)
def test_numbers_of_towns_stops_and_steps_say_nothing_of_the_next_town(moves: Prepared, key: pl.Expr) -> None:
    assert _mrr(moves, key) == pytest.approx(TOWNS_AT_CHANCE, abs=0.025)


def test_shuffled_answers_leave_what_popularity_gives(moves: Prepared) -> None:
    frame = moves.answers.frame
    order = Stream(2, "shuffle").shuffle(frame["stop"].to_numpy())
    dealt = frame[order.tolist()].sort("region", maintain_order=True).select("answer")
    shuffled = frame.sort("region", "stop").with_columns(dealt["answer"]).sort("stop")
    right = frame.select(query="stop", candidate="answer", score=pl.lit(1.0))
    answers = type(moves.answers)(moves.answers.kind, "stop", shuffled, gallery=moves.answers.gallery)
    assert (
        evaluate(tasks()["route_forecast"], answers, right, replicates=0).scores["mrr"].value or 0.0
    ) < 0.2
