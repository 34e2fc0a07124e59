"""A method that tries to see what comes later, or to change what it said, cannot.

The search follows what a method is given (its fold, the units, the rows of every step so far): tables and the plans
behind them, attributes, containers, closures, and the memory under every column, beyond what the column shows.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tipbench.data import fold as streaming
from tipbench.data.fold import Fold, Prepared, StepStream
from tipbench.loading import prepare
from tipbench.runs.streams import streamed_predictions
from tipbench.task import Task

MARK = re.compile(rb"the line (\d+) of the chat (\d+), and no other")


def reachable(root: object) -> Iterator[object]:
    """Everything that attributes, containers and closures lead to. Modules, and with them the globals of functions,
    are what any code can import."""
    stack, seen = [root], {}
    while stack:
        one = stack.pop()
        if id(one) in seen or isinstance(one, types.ModuleType | int | float | bytes):
            continue
        seen[id(one)] = one
        yield one
        if isinstance(one, pl.DataFrame | pl.LazyFrame | pl.Series | np.ndarray | str):
            continue
        if isinstance(one, dict | types.MappingProxyType):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            stack += [*one]
        elif isinstance(one, types.FunctionType):
            stack += [cell.cell_contents for cell in one.__closure__ or ()]
            stack += [one.__defaults__, one.__kwdefaults__, one.__dict__]
        elif isinstance(one, types.MethodType | functools.partial):
            stack += [
                getattr(one, name, None) for name in ("__self__", "__func__", "func", "args", "keywords")
            ]
        else:
            stack.append(getattr(one, "__dict__", None))
            stack += [getattr(one, name, None) for name in getattr(type(one), "__slots__", ())]
            if not isinstance(one, type):
                stack.append(type(one))


def memory(array: Any) -> Iterator[bytes]:
    """The whole of the memory that a column lies in."""
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        yield from (buffer.to_pybytes() for buffer in chunk.buffers() if buffer is not None)


def found_lines(root: object) -> set[tuple[int, int]]:
    """The lines (chat, sequence) that can be found from here, by their text or by their number."""
    lines: set[tuple[int, int]] = set()
    for one in reachable(root):
        texts: list[bytes] = [one.encode()] if isinstance(one, str) else []
        frames: list[pl.DataFrame] = []
        if isinstance(one, pl.LazyFrame):
            texts.append(one.explain(optimized=False).encode())
            frames.append(one.collect())
        elif isinstance(one, pl.DataFrame):
            frames.append(one)
        elif isinstance(one, pl.Series):
            frames.append(one.to_frame("it"))
        for frame in frames:
            columns = [s for s in frame if s.name in ("mark", "act", "it", "score") or s.dtype == pl.String]
            texts += [
                raw for s in columns for raw in memory(s.to_arrow(compat_level=pl.CompatLevel.newest()))
            ]
        for text in texts:
            lines |= {(int(chat), int(line)) for line, chat in MARK.findall(text)}
            acts = np.frombuffer(text[: len(text) // 8 * 8], dtype=np.int64)
            acts = acts[(acts >= 10_000_000) & (acts < 11_000_000)]
            lines |= {(int(act) // 1000, int(act) % 1000) for act in np.unique(acts)}
    return lines


class Cheat:
    """Keeps whatever it is given, and notes what it can find of the lines of test that are still to come."""

    needs = frozenset({"lines.mark"})
    stochastic = False

    def __init__(self, lines: set[tuple[int, int]]) -> None:
        self.future = lines
        self.kept: list[object] = []
        self.leaked: set[tuple[int, int]] = set()
        self.looked = 0

    def fit(self, fold: Fold, seed: int) -> None:
        self._look(fold, 0)

    def begin(self, units: pl.DataFrame) -> None:
        self._look(units, 0)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        self._look(rows, int(rows["sequence"][0]))
        if "room" in rows.columns:
            return rows.select("chat", candidate="room", score=pl.lit(1.0))
        return rows.select("chat", score="tone")

    def _look(self, given: object, step: int) -> None:
        self.kept.append(given)
        self.leaked |= {(c, s) for c, s in found_lines(self.kept) & self.future if s > step}
        self.looked += 1


def cheated(world, task: Task) -> Cheat:
    """What a cheat found in a short world."""
    short = world.cut_after(6)
    prepared = prepare(task, release=short)
    fold = prepared.folds[0]
    lines = short.lines.join(fold.units("test").collect().select("chat"), on="chat").select(
        "chat", "sequence"
    )
    method = Cheat(set(lines.iter_rows()))
    assert method.future
    method.fit(fold, 0)
    streamed_predictions(method, fold, prepared.streams[0], "cheat")
    # Once for fit, once a part for begin, once for each step: of forecasts valid is not handed over.
    assert method.looked == 1 + (1 if task.forecast else 2) * (1 + 6)
    return method


@pytest.mark.parametrize("kind", ["task", "forecasts"])
def test_nothing_that_a_method_is_given_leads_to_a_line_that_is_still_to_come(
    world, kind: str, request: pytest.FixtureRequest
) -> None:
    assert cheated(world, request.getfixturevalue(kind)).leaked == set()


def test_the_search_finds_what_is_there_to_be_found(
    world, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice shares the memory of the whole: without the copies the same cheat sees the lines to come."""
    monkeypatch.setattr(streaming, "detach", lambda frame: frame)
    assert len(cheated(world, task).leaked) > 100


def test_the_search_finds_lines_in_plans_attributes_and_closures(world) -> None:
    lines = world.lines.head(3)
    expected = {(c, s) for c, s in lines.select("chat", "sequence").iter_rows()}

    def closes_over() -> pl.DataFrame:
        return lines

    for holder in (
        lines.lazy().filter(pl.col("act") > 0),
        types.SimpleNamespace(inside=[{"deep": (lines["mark"],)}]),
        closes_over,
        functools.partial(print, lines["act"]),
        lines["mark"][0],
    ):
        assert found_lines(holder) & expected
    assert found_lines(lines.head(1)) >= {next(iter(lines.select("chat", "sequence").iter_rows()))}


class Remembers:
    """Answers by all lines of all units that it has seen, in a way that no one can guess: scores, or two rooms each."""

    needs = frozenset({"lines.tone"})
    stochastic = False

    def __init__(self, weight: float = 0.5, pull: float = 0.1) -> None:
        self.weight, self.pull = weight, pull

    def fit(self, fold: Fold, seed: int) -> None:
        self.start = float(fold.tables["lines"].select(pl.col("tone").mean()).collect().item())

    def begin(self, units: pl.DataFrame) -> None:
        self.seen = dict.fromkeys(units["chat"], self.start)
        self.crowd = 0.0

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        self.crowd = 0.5 * self.crowd + float(rows["tone"].sum()) / 100
        for chat, tone in rows.select("chat", "tone").iter_rows():
            self.seen[chat] = self.weight * self.seen[chat] + tone
        scored = rows.with_columns(
            score=pl.Series([self.seen[chat] + self.pull * self.crowd for chat in rows["chat"]])
        )
        if "room" not in rows.columns:
            return scored.select("chat", "score")
        room = pl.col("room")
        return pl.concat(
            scored.select(
                "chat", candidate=room // 100 * 100 + (room + turn) % 12, score=pl.col("score") * turn
            )
            for turn in (1, 5)
        )


class Regrets(Remembers):
    """Writes over its earlier answers and over what it was handed, and keeps asking for a higher score."""

    def begin(self, units: pl.DataFrame) -> None:
        super().begin(units)
        self.given: list[tuple[dict[str, np.ndarray], pl.DataFrame, pl.DataFrame]] = []

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        honest = super().step(rows)
        for arrays, answer, earlier in self.given:
            for array in arrays.values():
                array[:] = 10**9
            answer[0, "score"] = 1e9
            earlier[0, "tone"] = 1e9
        arrays = {name: honest[name].to_numpy().copy() for name in honest.columns if name != "chat"}
        answer = pl.from_arrow(
            pa.table({"chat": honest["chat"].to_arrow()} | {n: pa.array(a) for n, a in arrays.items()})
        )
        assert isinstance(answer, pl.DataFrame)
        self.given.append((arrays, answer, rows))
        return answer


def predicted(prepared: Prepared, method: Remembers, stream: StepStream) -> pl.DataFrame:
    method.fit(prepared.folds[0], 0)
    return streamed_predictions(method, prepared.folds[0], stream, "remembers")


@given(weight=st.floats(-0.9, 0.9), pull=st.floats(-2, 2), kept=st.integers(2, 39))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_depends_on_the_rows_up_to_it_only(
    world, prepared: Prepared, prepared_forecasts: Prepared, weight: float, pull: float, kept: int
) -> None:
    for whole in (prepared, prepared_forecasts):
        cut = prepare(whole.task, release=world.cut_after(kept)).streams[0]
        full = predicted(whole, Remembers(weight, pull), whole.streams[0])
        short = predicted(whole, Remembers(weight, pull), replace(whole.streams[0], test=cut.test))
        if whole is prepared:
            assert short.equals(full.with_columns(step=pl.when(pl.col("step") <= kept).then("step")))
        else:
            assert short.equals(full.filter(pl.col("query") % 1000 <= kept))


def test_an_answer_stands_whatever_a_method_does_to_it_later(
    prepared: Prepared, prepared_forecasts: Prepared
) -> None:
    for one in (prepared, prepared_forecasts):
        found = [predicted(one, kind(), one.streams[0]) for kind in (Remembers, Regrets, Regrets)]
        assert found[0].equals(found[1])
        # What it was handed was its own copy: the stream is as it was.
        assert found[0].equals(found[2])
    steps = predicted(prepared, Remembers(), prepared.streams[0])["step"]
    assert 0 < steps.null_count() < len(steps)
