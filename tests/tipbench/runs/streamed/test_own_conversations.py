"""A user's own conversations: handed over step by step as a release's are, and refused where they cannot be."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate
from tipbench.runs.streams import streamed_alarms
from tipcore.errors import UsageError

ONSET = 4
LENGTH = 6
PARTS = ("train", "valid", "test")


def conversations() -> pl.DataFrame:
    """Sixty conversations, every other one positive from its fourth message."""
    rows = range(60)
    return pl.DataFrame(
        {
            "who": [f"c{i}" for i in rows],
            "bad": [i % 2 for i in rows],
            "from": [ONSET if i % 2 else None for i in rows],
            "part": [PARTS[i // 2 % 3] for i in rows],
        }
    )


def messages() -> pl.DataFrame:
    rows = [(i, k) for i in range(60) for k in range(1, LENGTH + 1)]
    return pl.DataFrame(
        {
            "who": [f"c{i}" for i, _ in rows],
            "n": [k for _, k in rows],
            "t": [10 * k for _, k in rows],
            "what": ["ask_documents" if i % 2 and k >= ONSET else "small_talk" for i, k in rows],
        }
    )


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., dict]:
    def written(
        units: pl.DataFrame | None = None, rows: pl.DataFrame | None = None, **fields: object
    ) -> dict:
        (conversations() if units is None else units).write_csv(tmp_path / "units.csv")
        (messages() if rows is None else rows).write_csv(tmp_path / "messages.csv")
        columns = {"conversation": "who", "sequence": "n", "minute": "t", "act": "what"}
        return {
            "name": "chats",
            "task": "recruitment_onset",
            "path": str(tmp_path),
            "files": "units.csv",
            "format": "csv",
            "unit": "who",
            "label": "bad",
            "onset": "from",
            "fold": "part",
            "tables": {"conversations": {"conversation": "who"}, "messages": columns},
            "sources": {"messages": "messages.csv"},
            "split": "given",
            **fields,
        }

    return written


class Documents:
    """Alarms where documents are asked for; notes every message that it is shown at predicting."""

    needs = frozenset({"messages.act"})
    stochastic = False

    def fit(self, fold, seed) -> None:
        self.select_training_labels = fold.tables["messages"].collect()

    def begin(self, units: pl.DataFrame) -> None:
        self.seen = 0

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        assert rows["sequence"].unique().to_list() == [self.seen + 1]
        self.seen += 1
        return rows.select("conversation", score=(pl.col("act") == "ask_documents").cast(pl.Float64))


def test_own_conversations_are_handed_over_step_by_step_and_alarmed_at_their_onset(config) -> None:
    prepared = prepare("recruitment_onset", own=config())
    method, [fold] = Documents(), prepared.folds
    method.fit(fold, 0)
    assert method.select_training_labels.height == 40 * LENGTH
    found = streamed_alarms(method, fold, prepared.streams[0], "documents").join(
        prepared.answers.frame, on="conversation"
    )
    assert found.height == 20
    assert found["step"].equals(found["onset"], null_equal=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.filter(pl.col("who") != "c3"), "1 of 60 rows have nothing in messages"),
        (
            lambda m: m.with_columns(what=pl.col("what").replace("ask_documents", "yodel")),
            r"no known act \(yodel\)",
        ),
        (
            lambda m: m.with_columns(t=pl.when(pl.col("n") == 2).then(99).otherwise("t")),
            "earlier than the one before them",
        ),
        (lambda m: m.with_columns(n=pl.lit(1)), "share their sequence"),
        (
            lambda m: m.with_columns(who=pl.col("who").replace("c3", "c99")),
            "names no known conversation in 6 of 360 rows",
        ),
    ],
)
def test_messages_that_cannot_be_a_stream_are_refused(config, change, said) -> None:
    with pytest.raises(UsageError, match=said):
        prepare("recruitment_onset", own=config(rows=change(messages())))


def test_own_conversations_without_a_step_for_each_positive_are_refused(config) -> None:
    nowhere = conversations().with_columns(pl.lit(0).alias("from"))
    with pytest.raises(UsageError, match="is not a step of a positive unit in 30 of 30 rows"):
        prepare("recruitment_onset", own=config(nowhere))


def test_own_conversations_cannot_all_be_tested(config) -> None:
    with pytest.raises(UsageError, match="cannot have split=all"):
        prepare("recruitment_onset", own=config(), split="all")


def test_an_alarm_after_the_end_of_its_conversation_is_refused(config) -> None:
    own = config(rows=messages().filter((pl.col("who") != "c5") | (pl.col("n") < 5)))
    positive = conversations().filter(part="test")
    steps = pl.when(pl.col("bad") == 1).then(pl.lit(LENGTH, dtype=pl.Int32)).alias("step")
    alarms = positive.select(pl.col("who").alias("conversation"), steps)
    with pytest.raises(UsageError) as caught:
        evaluate("recruitment_onset", alarms, own=own, replicates=0)
    assert "1 of 20 values of step are after the end of their stream (first at c5)" in str(caught.value)
    late = alarms.with_columns(pl.col("step") + 993)
    with pytest.raises(UsageError, match=r"10 of 20 values of step .* have 6 steps at most"):
        evaluate("recruitment_onset", late, own=own, replicates=0)
    found = evaluate("recruitment_onset", alarms.with_columns(pl.col("step") - 2), own=own, replicates=0)
    assert found.scores["recall"].value == 1
