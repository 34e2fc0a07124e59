"""Forecasts of a stream: recorded under the row that they were made after, and refused where they are malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.data.streams import next_rows
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.streams import keep_answered_queries, streamed_forecasts
from tipbench.task import Forecast, Task
from tipcore.errors import UsageError


class Stays:
    """Says that the next line is in the same room; ``changed`` is what becomes of its answers."""

    needs = frozenset({"lines.room"})
    stochastic = False

    def __init__(self, changed: Callable[[pl.DataFrame], Any] = lambda answer: answer) -> None:
        self.changed = changed
        self.begun: list[pl.DataFrame] = []

    def fit(self, fold, seed: int) -> None:
        pass

    def begin(self, units: pl.DataFrame) -> None:
        self.begun.append(units)

    def step(self, rows: pl.DataFrame) -> Any:
        return self.changed(rows.select("chat", candidate="room", score=pl.lit(1.0)))


def forecast_by(method: Any, prepared: Prepared) -> pl.DataFrame:
    return streamed_forecasts(method, prepared.folds[0], prepared.streams[0], "mine.Stays")


def test_every_line_of_test_is_forecast_after_and_only_those_that_another_follows_are_asked_for(
    world, prepared_forecasts: Prepared
) -> None:
    method = Stays()
    found = forecast_by(method, prepared_forecasts)
    test = prepared_forecasts.streams[0].test
    assert [frame["chat"].to_list() for frame in method.begun] == [test.units["chat"].to_list()]
    lines = world.lines.join(test.units, on="chat", how="semi")
    assert found.sort("query")["query"].to_list() == lines["act"].sort().to_list()
    said = dict(found.select("query", "candidate").iter_rows())
    assert said == dict(lines.select("act", "room").iter_rows())
    kept = keep_answered_queries(prepared_forecasts.answers, found)
    followed = lines.filter(pl.col("sequence") < pl.col("sequence").max().over("chat"))
    assert sorted(kept["query"]) == sorted(followed["act"])


def test_who_knows_the_next_room_scores_one_and_who_stays_scores_chance_at_most(
    forecasts: Task, prepared_forecasts: Prepared
) -> None:
    answers = prepared_forecasts.answers
    right = answers.frame.select(query="act", candidate="answer", score=pl.lit(0.0))
    scores = evaluate(forecasts, answers, right, replicates=0).scores
    assert [scores[name].value for name in forecasts.metrics] == pytest.approx([1.0] * 4)
    stays = keep_answered_queries(answers, forecast_by(Stays(), prepared_forecasts))
    assert evaluate(forecasts, answers, stays, replicates=0).scores["mrr"].value < 0.2  # type: ignore[operator]


def test_the_next_row_is_the_next_of_the_same_unit_whatever_the_order_of_rows() -> None:
    rows = pl.DataFrame(
        {
            "chat": [2, 1, 1, 2, 1],
            "act": [9, 1, 3, 8, 2],
            "sequence": [5, 1, 7, 2, 4],
            "room": [4, 1, 3, 5, 2],
            "day": [6, 1, 3, 5, 2],
        }
    )
    found = next_rows(rows, "chat", Forecast("act", "room", "rooms"))
    assert found.select("act", "answer", "until").rows() == [(1, 2, 2), (2, 3, 3), (8, 4, 6)]


def twice(found: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([found, found.head(1)])


def eleven(found: pl.DataFrame) -> pl.DataFrame:
    one = found.head(1)
    return pl.concat([found, *(one.with_columns(pl.col("candidate") + 1000 + n) for n in range(10))])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (lambda found: found.head(3), r"returned \d+ missing \("),
        (twice, "2 of .* rows that repeat a candidate of their unit"),
        (eleven, "more than 10 candidates for 1 of"),
        (lambda found: found.with_columns(pl.col("chat") + 100_000), "that were not in the step"),
        (lambda found: found.with_columns(score=pl.lit(float("nan"))), "that are NaN, null or infinite"),
        (lambda found: found.with_columns(score=pl.lit(None, dtype=pl.Float64)), "finite score for each"),
        (lambda found: found.drop("candidate"), "no column candidate among chat, score"),
        (lambda found: found.cast({"candidate": pl.String}), "candidate as String; keep it Int64"),
        (lambda found: found.cast({"chat": pl.String}), "chat as String; keep it Int64"),
        (lambda found: found.cast({"score": pl.Int64}), "score as Int64; make it Float32 or Float64"),
        (
            lambda found: found.with_columns(candidate=pl.lit(None, dtype=pl.Int64)),
            "candidates that are null",
        ),
        (lambda found: found.to_dict(), "returned a dict; return a polars DataFrame"),
        (lambda found: found.clear(), "missing"),
    ],
)
def test_a_malformed_answer_is_refused_in_one_sentence_that_names_the_method(
    prepared_forecasts: Prepared, changed, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as error:
        forecast_by(Stays(changed), prepared_forecasts)
    assert str(error.value).startswith("mine.Stays: step 1 returned")
    assert str(error.value).endswith(".")


def test_a_room_of_another_region_is_refused_when_it_is_scored(
    forecasts: Task, prepared_forecasts: Prepared
) -> None:
    elsewhere = Stays(lambda found: found.with_columns((pl.col("candidate") + 100) % 400))
    answers = prepared_forecasts.answers
    with pytest.raises(UsageError, match="candidate that the query's region does not have"):
        evaluate(
            forecasts, answers, keep_answered_queries(answers, forecast_by(elsewhere, prepared_forecasts))
        )


def test_a_fold_shows_the_rooms_and_no_line_of_test(prepared_forecasts: Prepared) -> None:
    fold = prepared_forecasts.folds[0]
    assert fold.tables["rooms"].collect().height == prepared_forecasts.answers.candidates.height
    shown = set(fold.tables["lines"].collect()["chat"])
    assert not shown & set(prepared_forecasts.streams[0].test.units["chat"])


def test_a_test_without_a_single_row_is_refused(world, forecasts: Task) -> None:
    with pytest.raises(UsageError, match="not a single act to score"):
        prepare(forecasts, release=world.cut_after(0))
