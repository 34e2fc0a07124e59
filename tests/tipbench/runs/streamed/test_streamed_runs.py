"""A streamed task from the command line: run, score, compare, list, and the figure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.results import read_predictions, read_result
from tipbench.runs.streams import streamed_alarms
from tipbench.task import Task
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

METHODS = """
import polars as pl


class Tone:
    needs = frozenset({"lines.tone"})
    stochastic = False

    def fit(self, fold, seed):
        assert fold.labels("train").collect()["onset"].count()

    def begin(self, units):
        pass

    def step(self, rows):
        return rows.select("chat", score="tone")


class Never(Tone):
    def step(self, rows):
        return rows.select("chat", score=pl.lit(0.5))


class Stage(Tone):
    needs = frozenset({"lines.stage"})
    oracle = True

    def step(self, rows):
        return rows.select("chat", score=pl.col("stage").cast(pl.Float64))


class Elsewhere(Tone):
    def step(self, rows):
        return pl.DataFrame({"chat": [1], "score": [0.5]})


class Whole:
    needs = frozenset({"lines.tone"})
    stochastic = False

    def fit(self, fold, seed):
        raise AssertionError("it was fitted")

    def predict(self, fold):
        raise AssertionError("it was asked")
"""
RUN = ("task=chat_onset", "split=operation", "replicates=50", "engine=sequential", "release=tiny")


@pytest.fixture(autouse=True)
def place(world, task: Task, tiny: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the methods, where the release is the made-up world."""
    configs = tmp_path / "configs" / "task"
    configs.mkdir(parents=True)
    (configs / "chat_onset.yaml").write_text("# When is it evident?\nname: chat_onset\n", encoding="utf-8")
    (tmp_path / "streamed_methods.py").write_text(METHODS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("streamed_methods", None)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(tasks(), task.name, task)
    for module in ("commands.run", "commands.score", "data.releases", "runs.grid"):
        monkeypatch.setattr(f"tipbench.{module}.open_release", lambda *_, **__: world)
    return tmp_path


@pytest.fixture
def run(tipbench: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Run a method of the module, by name."""

    def call(name: str, *words: str, task: str = "chat_onset") -> tuple[int, str, str]:
        target = f"baseline.method._target_=streamed_methods.{name}"
        more = [f"task={task}", *RUN[1:]]
        return tipbench(
            "run", "--config-dir", "configs", target, f"baseline.name={task}/{name}", *more, *words
        )

    return call


def test_a_run_stores_alarms_with_their_steps_and_what_they_score(run, place: Path) -> None:
    code, out, err = run("Tone", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["primary"] == "f_latency"
    assert {"f_latency", "erde_5", "erde_50", "precision", "recall", "f1", "speed", "median_delay"} <= set(
        result["scores"]
    )
    assert 0 < result["scores"]["f_latency"]["low"] < result["scores"]["f_latency"]["high"] < 1
    assert result["curves"]["early"]["half_speed_delay"] == 20
    assert "uncommitted" in result["groups"]
    assert result["cost"]["predict_s"] > 0
    (folder,) = (path.parent for path in place.glob("runs/**/result.json"))
    stored = read_predictions(folder, read_result(folder))
    assert stored.schema == {"chat": pl.Int64, "step": pl.Int32}
    assert result["versions"]["evaluator"] == 2


def test_an_oracle_sees_the_stage_and_alarms_at_the_onset(run) -> None:
    code, out, err = run("Stage", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["oracle_method"]
    assert result["scores"]["f_latency"]["value"] == 1.0
    assert result["scores"]["median_delay"]["value"] == 0.0


@pytest.mark.parametrize(
    ("name", "of", "says"),
    [
        ("Elsewhere", "chat_onset", "streamed_methods.Elsewhere: step 1 returned"),
        ("Whole", "chat_onset", "streamed_methods.Whole wants a whole fold and chat_onset hands over"),
        ("Tone", "advert_risk", "streamed_methods.Tone wants to be handed steps and advert_risk shows"),
    ],
)
def test_what_a_method_cannot_do_is_one_sentence_and_exit_code_two(
    run, name: str, of: str, says: str
) -> None:
    code, out, err = run(name, task=of)
    assert code == 2
    assert says in err
    assert not out
    assert "Traceback" not in err


def test_scores_of_a_file_are_those_of_the_run_and_said_to_be_unverified(run, tipbench, place: Path) -> None:
    _, out, _ = run("Tone", "--json")
    of_run = json.loads(out)["scores"]
    (file,) = place.glob("runs/**/predictions.parquet")
    code, out, err = tipbench("score", str(file), "--config-dir", "configs", *RUN, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["scores"] == of_run
    assert found["warnings"][0].startswith("unverified:")
    assert "unverified:" in err
    code, out, err = tipbench("score", str(file), "--config-dir", "configs", *RUN)
    assert "f_latency" in out
    assert "uncommitted" in out
    assert "unverified:" in err


def test_a_constant_score_alarms_never_scores_zero_and_its_file_can_be_scored(
    run, tipbench, place: Path
) -> None:
    _, out, _ = run("Never", "--json")
    scores = json.loads(out)["scores"]
    assert scores["f_latency"] == {"value": 0.0, "low": 0.0, "high": 0.0, "note": None}
    assert scores["precision"]["value"] is None
    (file,) = place.glob("runs/**/predictions.parquet")
    pl.read_parquet(file).write_csv("never.csv")
    code, out, err = tipbench("score", "never.csv", "--config-dir", "configs", *RUN, "--json")
    assert code == 0, err
    assert json.loads(out)["scores"]["f_latency"]["value"] == 0.0


class Tone:
    """Scores a line by its tone."""

    def begin(self, units: pl.DataFrame) -> None:
        assert not {"onset", "operation"} & set(units.columns)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select("chat", score="tone")


@pytest.fixture
def own_task(task: Task) -> Task:
    return replace(task, own_splits=("kfold", "all", "given"))


@pytest.fixture
def own(world: Any, tmp_path: Path) -> dict[str, Any]:
    """The chats of the world under names, and lines in text."""
    named = pl.format("c{}", "chat").alias("id")
    chats = world.chats.select(
        named, "minute", "onset", "operation", bad=pl.col("onset").is_not_null().cast(pl.Int8)
    )
    chats.write_parquet(tmp_path / "chats.parquet")
    world.lines.select(named, "sequence", "tone").write_csv(tmp_path / "lines.csv")
    return {
        "name": "mine",
        "task": "chat_onset",
        "path": str(tmp_path),
        "files": "chats.parquet",
        "format": "parquet",
        "unit": "id",
        "label": "bad",
        "onset": "onset",
        "cluster": "operation",
        "tables": {
            "chats": {"minute": "minute"},
            "lines": {"chat": "id", "sequence": "sequence", "tone": "CAST(tone AS DOUBLE)"},
        },
        "sources": {"lines": {"files": "lines.csv", "format": "csv"}},
    }


def of_part(prepared: Prepared, number: int, part: str) -> set[int]:
    parts = prepared.folds[number].parts
    return set(parts.filter(pl.col("part") == part)["chat"].to_list())


def test_every_fold_tests_one_fifth_chooses_on_the_next_and_shows_the_rest(own_task: Task, own: Any) -> None:
    prepared = prepare(own_task, own=own)
    assert (prepared.split, len(prepared.folds), len(prepared.streams)) == ("kfold", 5, 5)
    for number, fold in enumerate(prepared.folds):
        following = of_part(prepared, (number + 1) % 5, "test")
        assert of_part(prepared, number, "valid") == following
        lines = fold.tables["lines"].collect()
        assert not set(lines["chat"].to_list()) & of_part(prepared, number, "test")
        assert lines.schema["sequence"] == pl.Int32
    tested = [of_part(prepared, number, "test") for number in range(5)]
    assert sum(map(len, tested)) == len(set.union(*tested)) == prepared.answers.frame.height


def test_alarms_on_own_data_are_as_good_as_on_a_release_of_the_same_chats(
    own_task: Task, own: Any, prepared: Prepared
) -> None:
    mine = prepare(own_task, own=own)
    pooled = pl.concat(
        streamed_alarms(Tone(), fold, stream, "tone")  # type: ignore[arg-type]
        for fold, stream in zip(mine.folds, mine.streams, strict=True)
    )
    released = streamed_alarms(Tone(), prepared.folds[0], prepared.streams[0], "tone")  # type: ignore[arg-type]
    found = evaluate(own_task, mine.answers, pooled, replicates=0).scores["f_latency"].value
    known = evaluate(own_task, prepared.answers, released, replicates=0).scores["f_latency"].value
    assert found == pytest.approx(known, abs=0.1)
    assert found is not None
    assert found > 0.2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"split": "all"}, "cannot have split=all of chat_onset: choose one of kfold"),
        ({"folds": 2}, "has 2 folds, and alarms take three"),
        ({"fold": "CASE WHEN bad = 1 THEN 'test' ELSE 'train' END"}, "has no valid part"),
        ({"fold": "bad"}, "has 2 folds, and alarms take three"),
        ({"label": None, "onset": None}, "cannot be divided for chat_onset"),
        ({"tables": {"chats": {"minute": "minute"}}, "sources": {}}, "set data.tables.lines.chat"),
    ],
)
def test_own_chats_that_cannot_be_streamed_are_refused(
    fields: dict[str, Any], says: str, own_task: Task, own: Any
) -> None:
    with pytest.raises(UsageError) as caught:
        prepare(own_task, own=own | fields)
    assert says in str(caught.value)
    assert str(caught.value).endswith(".")
