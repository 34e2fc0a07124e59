"""What a streamed task hands over, to fit and step by step, and the scores or forecasts taken from the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tipbench.data.fold import Prepared
from tipbench.data.streams import next_rows
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.method import check_shape
from tipbench.runs.streams import scores_of, streamed_alarms, streamed_predictions
from tipbench.task import Forecast, Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

Change = Callable[[pl.DataFrame], Any]


class Tone:
    """Scores a line by its tone; ``changed`` is what becomes of its answers."""

    needs = frozenset({"lines.tone"})
    stochastic = False

    def __init__(self, changed: Change = lambda answer: answer) -> None:
        self.changed = changed
        self.begun: list[pl.DataFrame] = []
        self.handed: list[pl.DataFrame] = []

    def fit(self, fold, seed: int) -> None:
        pass

    def begin(self, units: pl.DataFrame) -> None:
        self.begun.append(units)
        self.handed = []

    def step(self, rows: pl.DataFrame) -> Any:
        self.handed.append(rows)
        return self.changed(rows.select("chat", score="tone"))


class Stays(Tone):
    """Says that the next line is in the same room."""

    def step(self, rows: pl.DataFrame) -> Any:
        return self.changed(rows.select("chat", candidate="room", score=pl.lit(1.0)))


def lines_of(world, prepared: Prepared, *parts: str) -> pl.DataFrame:
    """The visible lines of these parts, by chat and sequence."""
    chosen = prepared.folds[0].parts.filter(pl.col("part").is_in(parts)).select("chat")
    return world.lines.drop("stage", "room").join(chosen, on="chat", how="semi").sort("chat", "sequence")


def test_a_fold_shows_lines_of_train_and_valid_and_every_unit(world, prepared: Prepared) -> None:
    fold = prepared.folds[0]
    shown = fold.tables["lines"].collect().sort("chat", "sequence")
    assert_frame_equal(shown, lines_of(world, prepared, "train", "valid"))
    assert set(fold.units("test").collect()["chat"]) == set(prepared.answers.frame["chat"])
    assert fold.labels("valid").collect().columns == ["chat", "label", "onset"]


def test_nothing_in_a_streamed_fold_is_read_again_from_a_file(prepared: Prepared) -> None:
    for table in prepared.folds[0].tables.values():
        plan = table.explain()
        assert plan.startswith("DF")
        assert "SCAN" not in plan.upper()


@pytest.mark.parametrize("part", ["valid", "test"])
def test_the_steps_are_the_lines_in_their_order_by_unit(world, prepared: Prepared, part: str) -> None:
    steps = getattr(prepared.streams[0], part)
    handed = list(steps)
    for number, rows in enumerate(handed, 1):
        assert (rows["sequence"] == number).all()
        assert rows["chat"].is_sorted()
        assert rows["chat"].is_unique().all()
    assert_frame_equal(pl.concat(handed).sort("chat", "sequence"), lines_of(world, prepared, part))
    assert steps.units["chat"].to_list() == prepared.folds[0].units(part).collect()["chat"].to_list()


def test_a_method_begins_anew_with_all_units_of_a_part_and_is_told_no_length(prepared: Prepared) -> None:
    method = Tone()
    for steps in (prepared.streams[0].valid, prepared.streams[0].test):
        scored = scores_of(method, steps, "tone")
        assert scored.score.tolist() == pl.concat(method.handed)["tone"].to_list()
    assert [frame.columns for frame in method.begun] == [["region", "chat", "minute"]] * 2
    assert method.begun[1]["chat"].to_list() == prepared.answers.frame["chat"].to_list()


def test_an_oracle_is_handed_what_is_hidden(world, task: Task) -> None:
    prepared = prepare(task, release=world, oracle=True, needs={"lines.stage", "chats.onset"})
    rows = next(iter(prepared.streams[0].test))
    assert "stage" in rows.columns
    assert {"onset", "operation"} <= set(prepared.streams[0].test.units.columns)


def test_access_decides_what_a_step_shows(world, task: Task) -> None:
    with pytest.raises(UsageError, match="set access=platform"):
        prepare(task, release=world, access="public", needs={"lines.tone"})


BAD_ANSWERS: list[tuple[Change, str]] = [
    (lambda found: found.head(3), r"step 1 returned \d+ missing \("),
    (lambda found: found.with_columns(pl.col("chat") + 100_000), "that were not in the step"),
    (lambda found: found.with_columns(score=pl.lit(float("nan"))), "that are NaN, null or infinite"),
    (lambda found: found.with_columns(score=pl.lit(float("inf"))), "that are NaN, null or infinite"),
    (lambda found: found.with_columns(score=pl.lit(None, dtype=pl.Float64)), "finite score for each"),
    (lambda found: found.cast({"chat": pl.String}), "chat as String; keep it Int64"),
    (lambda found: found.cast({"score": pl.Int64}), "score as Int64; make it Float32 or Float64"),
    (lambda found: found.with_columns(pl.lit(None, dtype=pl.Int64).alias("chat")), "missing"),
    (lambda found: found.to_dict(), "returned a dict; return a polars DataFrame"),
    (lambda found: None, "returned a NoneType"),
    (lambda found: found.clear(), "missing"),
]
BAD_SCORES: list[tuple[Change, str]] = [
    (lambda found: pl.concat([found, found.head(2)]), r"2 repeated \(\d+, \d+\)"),
    (lambda found: found.rename({"score": "alarm"}), "no column score among chat, alarm"),
]


def eleven(found: pl.DataFrame) -> pl.DataFrame:
    one = found.head(1)
    return pl.concat([found, *(one.with_columns(pl.col("candidate") + 1000 + n) for n in range(10))])


BAD_FORECASTS: list[tuple[Change, str]] = [
    (lambda found: pl.concat([found, found.head(1)]), "2 of .* rows that repeat a candidate of their unit"),
    (eleven, "more than 10 candidates for 1 of"),
    (lambda found: found.drop("candidate"), "no column candidate among chat, score"),
    (lambda found: found.cast({"candidate": pl.String}), "candidate as String; keep it Int64"),
    (lambda found: found.with_columns(candidate=pl.lit(None, dtype=pl.Int64)), "candidates that are null"),
]


@pytest.mark.parametrize(
    ("kind", "changed", "says"),
    [(Tone, *one) for one in BAD_ANSWERS + BAD_SCORES]
    + [(Stays, *one) for one in BAD_ANSWERS + BAD_FORECASTS],
)
def test_a_malformed_answer_is_refused_in_one_sentence_that_names_the_method(
    prepared: Prepared, prepared_forecasts: Prepared, kind: type[Tone], changed: Change, says: str
) -> None:
    given = prepared if kind is Tone else prepared_forecasts
    with pytest.raises(UsageError, match=says) as error:
        streamed_predictions(kind(changed), given.folds[0], given.streams[0], "mine.Method")
    assert str(error.value).startswith("mine.Method: step 1 returned")
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_the_order_and_the_further_columns_of_an_answer_do_not_matter(prepared: Prepared) -> None:
    steps = prepared.streams[0].test
    plain = scores_of(Tone(), steps, "tone")
    otherwise = Tone(lambda found: found.reverse().with_columns(why=pl.lit("because")))
    shuffled = scores_of(otherwise, steps, "tone")
    assert plain.score.tolist() == shuffled.score.tolist()


def test_a_method_of_the_other_shape_is_refused_in_one_sentence(task: Task) -> None:
    class Whole:
        def predict(self, fold) -> None: ...

    class Both(Tone, Whole):
        pass

    with pytest.raises(
        UsageError, match=r"mine.Whole wants a whole fold and chat_onset hands over its lines"
    ):
        check_shape(task, Whole(), "mine.Whole")
    with pytest.raises(UsageError, match=r"mine.Tone wants to be handed steps and advert_risk shows a whole"):
        check_shape(task_of("advert_risk"), Tone(), "mine.Tone")
    for one in (task, task_of("advert_risk")):
        check_shape(one, Both(), "mine.Both")


def test_data_of_ones_own_without_an_order_is_refused_in_one_sentence(task: Task) -> None:
    own = {
        "name": "mine",
        "task": "chat_onset",
        "files": "x.csv",
        "format": "csv",
        "tables": {"chats": {"minute": "t"}},
    }
    with pytest.raises(UsageError, match=r"set data\.tables\.lines\.chat, data\.tables\.lines\.sequence\.$"):
        prepare(task, own=own)


def test_a_stream_that_does_not_show_its_order_is_a_mistake_of_the_task(world, task: Task) -> None:
    bare = replace(task, tables={**task.tables, "lines": ("region", "chat", "tone")})
    with pytest.raises(ValueError, match="must show chat and sequence"):
        prepare(bare, release=world)


def test_a_part_without_any_line_hands_over_no_step_and_alarms_nobody(world, task: Task) -> None:
    prepared = prepare(task, release=world)
    steps = prepare(task, release=world.cut_after(0)).streams[0].test
    assert (len(steps), list(steps)) == (0, [])
    stream = replace(prepared.streams[0], test=steps)
    found = streamed_alarms(Tone(), prepared.folds[0], stream, "tone")
    assert found["chat"].to_list() == prepared.answers.frame["chat"].to_list()
    assert found["step"].null_count() == found.height


def forecast_by(method: Any, prepared: Prepared) -> pl.DataFrame:
    return streamed_predictions(method, prepared.folds[0], prepared.streams[0], "stays")


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
    kept = prepared_forecasts.answers.keep_answered(found)
    followed = lines.filter(pl.col("sequence") < pl.col("sequence").max().over("chat"))
    assert sorted(kept["query"]) == sorted(followed["act"])


def test_who_knows_the_next_room_scores_one_and_who_stays_scores_chance_at_most(
    forecasts: Task, prepared_forecasts: Prepared
) -> None:
    answers = prepared_forecasts.answers
    right = answers.frame.select(query="act", candidate="answer", score=pl.lit(0.0))
    scores = evaluate(forecasts, answers, right, replicates=0).scores
    assert [scores[name].value for name in forecasts.metrics] == pytest.approx([1.0] * 4)
    stays = answers.keep_answered(forecast_by(Stays(), prepared_forecasts))
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


def test_a_room_of_another_region_is_refused_when_it_is_scored(
    forecasts: Task, prepared_forecasts: Prepared
) -> None:
    elsewhere = Stays(lambda found: found.with_columns((pl.col("candidate") + 100) % 400))
    answers = prepared_forecasts.answers
    with pytest.raises(UsageError, match="candidate that the query's region does not have"):
        evaluate(forecasts, answers, answers.keep_answered(forecast_by(elsewhere, prepared_forecasts)))


def test_a_fold_shows_the_rooms_and_no_line_of_test(prepared_forecasts: Prepared) -> None:
    fold = prepared_forecasts.folds[0]
    assert fold.tables["rooms"].collect().height == prepared_forecasts.answers.candidates.height
    shown = set(fold.tables["lines"].collect()["chat"])
    assert not shown & set(prepared_forecasts.streams[0].test.units["chat"])


def test_a_test_without_a_single_row_is_refused(world, forecasts: Task) -> None:
    with pytest.raises(UsageError, match="not a single act to score"):
        prepare(forecasts, release=world.cut_after(0))
