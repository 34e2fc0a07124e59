"""A user's own conversations: handed over step by step as a release's are."""

from pathlib import Path

import polars as pl
import pytest
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate
from tipbench.runs.streams import streamed_alarms
from tipcore.errors import UsageError

ONSET, LENGTH, PARTS = 4, 6, ("train", "valid", "test")
CONVERSATIONS = pl.DataFrame(
    {
        "who": [f"c{i}" for i in range(60)],
        "bad": [i % 2 for i in range(60)],
        "from": [ONSET if i % 2 else None for i in range(60)],
        "part": [PARTS[i // 2 % 3] for i in range(60)],
    }
)
"""Every other one is positive from its fourth message."""
PLACES = [(i, k) for i in range(60) for k in range(1, LENGTH + 1)]
MESSAGES = pl.DataFrame(
    {
        "who": [f"c{i}" for i, _ in PLACES],
        "n": [k for _, k in PLACES],
        "t": [10 * k for _, k in PLACES],
        "what": ["ask_documents" if i % 2 and k >= ONSET else "small_talk" for i, k in PLACES],
    }
)


def config(folder: Path, messages: pl.DataFrame = MESSAGES) -> dict:
    CONVERSATIONS.write_csv(folder / "units.csv")
    messages.write_csv(folder / "messages.csv")
    columns = {"conversation": "who", "sequence": "n", "minute": "t", "act": "what"}
    return {
        "name": "chats", "task": "recruitment_onset", "path": str(folder), "files": "units.csv", "format": "csv",
        "unit": "who", "label": "bad", "onset": "from", "fold": "part", "split": "given",
        "tables": {"conversations": {"conversation": "who"}, "messages": columns},
        "sources": {"messages": "messages.csv"},
    }  # fmt: skip


class Documents:
    """Alarms where documents are asked for; notes every message that it is shown at predicting."""

    needs = frozenset({"messages.act"})
    stochastic = False

    def fit(self, fold, seed) -> None:
        self.learnt = fold.tables["messages"].collect()

    def begin(self, units: pl.DataFrame) -> None:
        self.seen = 0

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        assert rows["sequence"].unique().to_list() == [self.seen + 1]
        self.seen += 1
        return rows.select("conversation", score=(pl.col("act") == "ask_documents").cast(pl.Float64))


def test_own_conversations_are_handed_over_step_by_step_and_alarmed_at_their_onset(tmp_path: Path) -> None:
    prepared = prepare("recruitment_onset", own=config(tmp_path))
    method, [fold] = Documents(), prepared.folds
    method.fit(fold, 0)
    assert method.learnt.height == 40 * LENGTH
    found = streamed_alarms(method, fold, prepared.streams[0], "documents").join(
        prepared.answers.frame, on="conversation"
    )
    assert found.height == 20
    assert found["step"].equals(found["onset"], null_equal=True)


def test_an_alarm_after_the_end_of_its_conversation_is_refused(tmp_path: Path) -> None:
    own = config(tmp_path, MESSAGES.filter((pl.col("who") != "c5") | (pl.col("n") < 5)))
    positive = CONVERSATIONS.filter(part="test")
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
