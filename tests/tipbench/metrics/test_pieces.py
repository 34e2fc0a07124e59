"""Rows, clusters and lists are worked on in pieces: scores are those of one piece, and little is held at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import pieces
from tipbench.metrics.bootstrap import Clusters, ClusterSums, at_once, distinct, replicate
from tipbench.metrics.ranking import NAMES, Ranking
from tipbench.tasks import task_of

BOOTSTRAP = "tipbench.metrics.bootstrap"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pieces be so small that every test has several."""
    monkeypatch.setattr(f"{BOOTSTRAP}._ROWS_SUMMED", 64)
    monkeypatch.setattr(f"{BOOTSTRAP}._CELLS", 300)
    monkeypatch.setattr("tipbench.metrics.ranked_rows.ROWS_AT_ONCE", 37)
    monkeypatch.setattr("tipbench.kinds.lists.ROWS_AT_ONCE", 7)


def truth(rows: int = 900) -> pl.DataFrame:
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
    frame, generator = truth(), np.random.default_rng(2)
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
    kind: str, request: pytest.FixtureRequest
) -> None:
    answers, predictions = predicted(kind)
    task = task_of(TASKS[kind])
    whole = evaluate(task, answers, predictions, replicates=20)
    request.getfixturevalue("small_pieces")
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
    sums = ClusterSums(Clusters(np.arange(1000), 1000, 1000, 1000))
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
    for name in NAMES:
        assert many[name] == pytest.approx(few[name], rel=1e-12)
        assert half[name] == pytest.approx(few[name], rel=1e-12)


def test_many_clusters_are_drawn_a_few_replicates_at_once_and_looked_at_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{BOOTSTRAP}._CELLS", 100)
    seen: list[tuple[int, ...]] = []

    def metrics(drawn: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(drawn.shape)
        assert [some.shape for some in at_once(drawn)] == [(1, 90)] * len(drawn)
        return {"sum": drawn.sum(axis=1)}

    replicate(metrics, 90, 19, 0)
    assert seen == [(8, 90), (8, 90), (3, 90)]


def test_codes_are_counted_as_if_they_were_sorted() -> None:
    codes = np.random.default_rng(0).integers(0, 50, 60)
    assert distinct(codes, 50) == np.unique(codes).size
    assert distinct(codes[:0], 50) == 0


def test_no_list_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbench.kinds.lists.ROWS_AT_ONCE", 3)
    lists = pl.DataFrame({"query": [1, 1, 2, 2, 2, 2, 3, 4, 4]})
    assert [some["query"].to_list() for some in pieces(lists, "query")] == [[1, 1, 2, 2, 2, 2], [3, 4, 4]]
    assert [some.height for some in pieces(lists.clear(), "query")] == [0]
