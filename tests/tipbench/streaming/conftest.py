"""A small streamed task of its own: chats of operations, handed over line by line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from tipbench.fold import Prepared, prepare
from tipbench.task import Source, Task
from tipdata.tables import TABLES, Column, Table

REGIONS, OPERATIONS, CHATS = 4, 320, 900
KINDS = ("trafficking", "business", "independent", "spam")

CHATS_TABLE = Table(
    "chats",
    ("chat",),
    (
        Column("region", pl.Int32(), "public"),
        Column("chat", pl.Int64(), "public"),
        Column("minute", pl.Int32(), "platform", "minute", "of the first line"),
        Column("operation", pl.Int64(), "truth"),
        Column("onset", pl.Int32(), "truth", "step"),
    ),
)
LINES_TABLE = Table(
    "lines",
    ("chat", "sequence"),
    (
        Column("region", pl.Int32(), "public"),
        Column("chat", pl.Int64(), "public"),
        Column("sequence", pl.Int32(), "platform"),
        Column("act", pl.Int64(), "platform", "", "a number that no other line has"),
        Column("mark", pl.String(), "platform", "", "a text that no other line has"),
        Column("tone", pl.Float64(), "platform"),
        Column("stage", pl.Int8(), "truth"),
    ),
)


@dataclass(frozen=True)
class World:
    """Chats and lines, whole."""

    chats: pl.DataFrame
    lines: pl.DataFrame
    kinds: pl.DataFrame
    name: str = "made/up"
    regions: int = REGIONS

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        frame = {"chats": self.chats, "lines": self.lines, "operations": self.kinds}[table]
        hidden = {"chats": ["operation", "onset"], "lines": ["stage"], "operations": []}[table]
        return frame.lazy() if truth else frame.lazy().drop(hidden)

    def cut_after(self, step: int) -> World:
        """The same world, without the lines after a step."""
        return World(self.chats, self.lines.filter(pl.col("sequence") <= step), self.kinds)


def made(seed: int = 0) -> World:
    """Chats of random length; the tone of those of trafficking operations rises from their onset on."""
    generator = np.random.default_rng(seed)
    chat = generator.permutation(np.arange(10_000, 10_000 + CHATS))
    operation = generator.integers(0, OPERATIONS, CHATS)
    length = generator.integers(0, 40, CHATS)
    onset = generator.integers(3, 30, CHATS)
    commits = (operation % 4 == 0) & (onset <= length)
    chats = pl.DataFrame(
        {
            "region": (operation % REGIONS).astype(np.int32),
            "chat": chat,
            "minute": generator.integers(0, 730 * 1440, CHATS).astype(np.int32),
            "operation": operation,
            "onset": pl.Series(
                [int(o) if c else None for o, c in zip(onset, commits, strict=True)], dtype=pl.Int32
            ),
        }
    ).sort("chat")
    sequence = np.concatenate([np.arange(1, n + 1) for n in length])
    rows = pl.DataFrame({"chat": np.repeat(chat, length), "sequence": sequence.astype(np.int32)})
    rows = rows.join(chats, on="chat", how="left", maintain_order="left")
    evident = (pl.col("sequence") >= pl.col("onset")).fill_null(False)
    lines = rows.select(
        "region",
        "chat",
        "sequence",
        act=pl.col("chat") * 1000 + pl.col("sequence"),
        mark=pl.format("the line {} of the chat {}, and no other", "sequence", "chat"),
        tone=pl.Series(generator.normal(size=rows.height)) + 2.0 * evident.cast(pl.Float64),
        stage=evident.cast(pl.Int8),
    )
    kinds = pl.DataFrame(
        {"operation": np.arange(OPERATIONS), "kind": [KINDS[o % 4] for o in range(OPERATIONS)]}
    ).with_columns(
        pl.lit(None, dtype=column.dtype).alias(column.name)
        for column in TABLES["operations"].columns
        if column.name not in ("operation", "kind")
    )
    return World(chats, lines.sample(fraction=1.0, shuffle=True, seed=seed), kinds)


def _units(source: Source) -> pl.LazyFrame:
    return source.scan("chats", truth=True).select(
        "chat", "region", cluster="operation", day=pl.col("minute") // 1440, onset="onset"
    )


def _labelled(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    return rows.filter(pl.col("part") != "test").select(
        "chat", label=pl.col("onset").is_not_null().cast(pl.Int8), onset="onset"
    )


def _answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    kinds = source.scan("operations", truth=True).select(cluster="operation", group="kind").collect()
    return rows.join(kinds, on="cluster", how="left").select(
        "chat",
        pl.col("part").cast(pl.String),
        pl.col("onset").is_not_null().cast(pl.Int8).alias("label"),
        "onset",
        "cluster",
        pl.lit(1.0).alias("weight"),
        "group",
        language=pl.when(pl.col("onset").is_not_null()).then(pl.lit("en")),
    )


TASK = Task(
    name="chat_onset",
    question="When is it evident?",
    unit="chat",
    table="chats",
    kind="alarms",
    tables={
        "chats": ("region", "chat", "minute"),
        "lines": ("region", "chat", "sequence", "act", "mark", "tone"),
    },
    splits=("operation", "random"),
    own_splits=(),
    tier="platform",
    clusters="operation",
    groups=("business", "independent", "spam"),
    primary="f_latency",
    metrics=("f_latency", "erde_5", "erde_50", "precision", "recall", "f1", "speed", "median_delay"),
    references=("made up",),
    prevalence=None,
    prediction_time="each step",
    predicted_parts=("test",),
    signal_columns=frozenset(),
    leak_limits={},
    units=_units,
    supervise={"truth": _labelled},
    answers=_answers,
    stream="lines",
)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tables, beside those of the world."""
    for table in (CHATS_TABLE, LINES_TABLE):
        monkeypatch.setitem(TABLES, table.name, table)


@pytest.fixture
def task() -> Task:
    return TASK


@pytest.fixture(scope="session")
def world() -> World:
    return made()


@pytest.fixture
def prepared(world: World, tables: None) -> Prepared:
    return prepare(TASK, release=world)
