"""Two small streamed tasks: chats of operations, line by line, to raise an alarm or to say where the next line is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.data.fold import Prepared
from tipbench.data.streams import next_rows, query_weights
from tipbench.loading import prepare
from tipbench.task import Forecast, Source, Task
from tipdata.core.tables import Column, Table
from tipdata.stages import all_tables

REGIONS, OPERATIONS, CHATS = 4, 320, 900
ROOMS = 12
"""Rooms of a region; those of the next are numbered from the next hundred."""
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
        Column("room", pl.Int64(), "platform"),
        Column("stage", pl.Int8(), "truth"),
    ),
)
ROOMS_TABLE = Table(
    "rooms", ("room",), (Column("region", pl.Int32(), "public"), Column("room", pl.Int64(), "public"))
)


@dataclass(frozen=True)
class World:
    """Chats and lines, whole."""

    chats: pl.DataFrame
    lines: pl.DataFrame
    kinds: pl.DataFrame
    name: str = "made/up"
    version: str = "0.5.0"
    regions: int = REGIONS

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        frame = {"chats": self.chats, "lines": self.lines, "operations": self.kinds, "rooms": rooms()}[table]
        hidden = {"chats": ["operation", "onset"], "lines": ["stage"]}.get(table, [])
        return frame.lazy() if truth else frame.lazy().drop(hidden)

    def cut_after(self, step: int) -> World:
        """The same world, without the lines after a step."""
        return World(self.chats, self.lines.filter(pl.col("sequence") <= step), self.kinds)


def rooms() -> pl.DataFrame:
    """The rooms of every region."""
    region = np.repeat(np.arange(REGIONS), ROOMS)
    return pl.DataFrame(
        {"region": region.astype(np.int32), "room": region * 100 + np.tile(np.arange(ROOMS), REGIONS)}
    )


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
        room=pl.col("region").cast(pl.Int64) * 100 + pl.Series(generator.integers(0, ROOMS, rows.height)),
    )
    kinds = pl.DataFrame(
        {"operation": np.arange(OPERATIONS), "kind": [KINDS[o % 4] for o in range(OPERATIONS)]}
    ).with_columns(
        pl.lit(None, dtype=column.dtype).alias(column.name)
        for column in all_tables()["operations"].columns
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
    title="Chat onset",
    question="When is it evident?",
    unit="chat",
    table="chats",
    kind=kinds.ALARMS,
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
    signal_columns=frozenset(),
    leak_limits={},
    units=_units,
    supervise={"truth": _labelled},
    answers=_answers,
    stream="lines",
)


def _moves(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    forecast = Forecast("act", "room", "rooms")
    kinds = source.scan("operations", truth=True).select(cluster="operation", group="kind").collect()
    known = rows.select("chat", pl.col("part").cast(pl.String), "cluster").join(
        kinds, on="cluster", how="left"
    )
    lines = next_rows(source.scan("lines").collect(), "chat", forecast)
    return lines.join(known, on="chat").select(
        "act",
        "part",
        "region",
        "answer",
        "cluster",
        query_weights(),
        "group",
        intrusion=pl.col("group") != "trafficking",
    )


FORECASTS = replace(
    TASK,
    name="chat_rooms",
    question="In which room is the next line?",
    kind=kinds.FORECASTS,
    tables={**TASK.tables, "lines": (*TASK.tables["lines"], "room"), "rooms": ("region", "room")},
    primary="mrr",
    metrics=("mrr", "hit_at_1", "hit_at_3", "intrusion_mrr"),
    answers=_moves,
    forecast=Forecast("act", "room", "rooms"),
)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables, beside those of the world."""
    for table in (CHATS_TABLE, LINES_TABLE, ROOMS_TABLE):
        monkeypatch.setitem(all_tables(), table.name, table)


@pytest.fixture
def task() -> Task:
    return TASK


@pytest.fixture(scope="session")
def world() -> World:
    return made()


@pytest.fixture
def prepared(world: World, tables: None) -> Prepared:
    return prepare(TASK, release=world)


@pytest.fixture
def forecasts() -> Task:
    return FORECASTS


@pytest.fixture
def prepared_forecasts(world: World, tables: None) -> Prepared:
    return prepare(FORECASTS, release=world)
