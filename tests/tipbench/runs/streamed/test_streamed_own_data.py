"""A user's own chats in one file and their lines in another, handed over line by line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.streamed.alarms import streamed_alarms
from tipbench.task import Task
from tipcore.errors import UsageError


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
