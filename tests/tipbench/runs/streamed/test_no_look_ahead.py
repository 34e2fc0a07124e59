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
from tipbench.data.fold import Fold, Prepared
from tipbench.loading import prepare
from tipbench.runs.streams import streamed_alarms, streamed_forecasts
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
        self.kept.append(fold)
        self._look(0)

    def begin(self, units: pl.DataFrame) -> None:
        self.kept.append(units)
        self._look(0)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        self.kept.append(rows)
        self._look(int(rows["sequence"][0]))
        return rows.select("chat", score="tone")

    def _look(self, step: int) -> None:
        self.leaked |= {(c, s) for c, s in found_lines(self.kept) & self.future if s > step}
        self.looked += 1


def cheated(world, task: Task) -> Cheat:
    """What a cheat found in a short world."""
    prepared = prepare(task, release=world.cut_after(6))
    test = set(prepared.folds[0].units("test").collect()["chat"])
    lines = {(c, s) for c, s in world.cut_after(6).lines.select("chat", "sequence").iter_rows() if c in test}
    assert lines
    method = Cheat(lines)
    method.fit(prepared.folds[0], 0)
    streamed_alarms(method, prepared.folds[0], prepared.streams[0], "cheat")
    # Once for fit, once a part for begin, once for each step of valid and of test.
    assert method.looked == 1 + 2 + 6 + 6
    return method


class ForecastingCheat(Cheat):
    """The same, of the next line's room."""

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        super().step(rows)
        return rows.select("chat", candidate="room", score=pl.lit(1.0))


def test_nothing_that_a_method_is_given_leads_to_a_line_that_is_still_to_come(world, task: Task) -> None:
    assert cheated(world, task).leaked == set()


def test_nothing_that_a_forecaster_is_given_leads_to_a_line_that_is_still_to_come(
    world, forecasts: Task
) -> None:
    prepared = prepare(forecasts, release=world.cut_after(6))
    fold = prepared.folds[0]
    test = fold.units("test").collect().select("chat")
    lines = world.cut_after(6).lines.join(test, on="chat").select("chat", "sequence")
    method = ForecastingCheat(set(lines.iter_rows()))
    method.fit(fold, 0)
    streamed_forecasts(method, fold, prepared.streams[0], "cheat")
    # Once for fit, once for begin, once for each step of test: valid is not handed over.
    assert method.looked == 1 + 1 + 6
    assert method.leaked == set()


def test_the_search_finds_what_is_there_to_be_found(
    world, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice shares the memory of the whole: without the copies the same cheat sees the lines to come."""
    monkeypatch.setattr(streaming, "detach", lambda frame: frame)
    leaked = cheated(world, task).leaked
    assert len(leaked) > 100


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
    """Scores a line by all lines of all units that it has seen, in a way that no one can guess."""

    needs = frozenset({"lines.tone"})
    stochastic = False

    def __init__(self, weight: float, pull: float) -> None:
        self.weight, self.pull = weight, pull

    def fit(self, fold: Fold, seed: int) -> None:
        self.select_training_labels = float(
            fold.tables["lines"].select(pl.col("tone").mean()).collect().item()
        )

    def begin(self, units: pl.DataFrame) -> None:
        self.seen = dict.fromkeys(units["chat"], self.select_training_labels)
        self.crowd = 0.0

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        self.crowd = 0.5 * self.crowd + float(rows["tone"].sum()) / 100
        for chat, tone in rows.select("chat", "tone").iter_rows():
            self.seen[chat] = self.weight * self.seen[chat] + tone
        scores = [self.seen[chat] + self.pull * self.crowd for chat in rows["chat"]]
        return rows.select("chat", pl.Series("score", scores))


@given(weight=st.floats(-0.9, 0.9), pull=st.floats(-2, 2), kept=st.integers(1, 39))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_alarm_depends_on_the_rows_up_to_it_only(
    world, task: Task, prepared: Prepared, weight: float, pull: float, kept: int
) -> None:
    cut = prepare(task, release=world.cut_after(kept)).streams[0]
    fold, whole = prepared.folds[0], prepared.streams[0]
    method = Remembers(weight, pull)
    method.fit(fold, 0)
    full = streamed_alarms(method, fold, whole, "remembers")
    short = streamed_alarms(method, fold, replace(whole, test=cut.test), "remembers")
    expected = full.with_columns(step=pl.when(pl.col("step") <= kept).then("step"))
    assert short.equals(expected)


class Regrets(Remembers):
    """Writes over its earlier answers, over what it was handed, and keeps asking for a higher score."""

    def begin(self, units: pl.DataFrame) -> None:
        super().begin(units)
        self.given: list[tuple[np.ndarray, pl.DataFrame, pl.DataFrame]] = []

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        honest = super().step(rows)
        for scores, answer, earlier in self.given:
            scores[:] = 1e9
            answer[0, "score"] = 1e9
            earlier[0, "tone"] = 1e9
        scores = honest["score"].to_numpy().copy()
        answer = pl.from_arrow(pa.table({"chat": rows["chat"].to_arrow(), "score": pa.array(scores)}))
        assert isinstance(answer, pl.DataFrame)
        self.given.append((scores, answer, rows))
        return answer


def test_what_a_method_said_stands_whatever_it_does_to_it_later(prepared: Prepared) -> None:
    fold, stream = prepared.folds[0], prepared.streams[0]
    found = []
    for kind in (Remembers, Regrets, Regrets):
        method = kind(0.5, 0.1)
        method.fit(fold, 0)
        found.append(streamed_alarms(method, fold, stream, kind.__name__))
    assert found[0].equals(found[1])
    # What it was handed was its own copy: the stream is as it was.
    assert found[0].equals(found[2])
    assert 0 < found[0]["step"].null_count() < found[0].height


class Wanders(Remembers):
    """Forecasts rooms by what :class:`Remembers` makes of all that it has seen."""

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        scored = super().step(rows)
        near = [
            (chat, room // 100 * 100 + (room + turn) % 12, score * turn)
            for (chat, room), score in zip(
                rows.select("chat", "room").iter_rows(), scored["score"], strict=True
            )
            for turn in (1, 5)
        ]
        return pl.DataFrame(near, schema=["chat", "candidate", "score"], orient="row")


@given(weight=st.floats(-0.9, 0.9), pull=st.floats(-2, 2), kept=st.integers(2, 39))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_forecast_depends_on_the_rows_up_to_it_only(
    world, forecasts: Task, prepared_forecasts: Prepared, weight: float, pull: float, kept: int
) -> None:
    cut = prepare(forecasts, release=world.cut_after(kept)).streams[0]
    fold, whole = prepared_forecasts.folds[0], prepared_forecasts.streams[0]
    method = Wanders(weight, pull)
    method.fit(fold, 0)
    full = streamed_forecasts(method, fold, whole, "wanders")
    short = streamed_forecasts(method, fold, replace(whole, test=cut.test), "wanders")
    assert short.equals(full.filter(pl.col("query") % 1000 <= kept))


class WandersAndRegrets(Wanders):
    """Writes over its earlier answers, and over the rows that it was handed."""

    def begin(self, units: pl.DataFrame) -> None:
        super().begin(units)
        self.given: list[tuple[np.ndarray, np.ndarray, pl.DataFrame, pl.DataFrame]] = []

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        honest = super().step(rows)
        for scores, rooms, answer, earlier in self.given:
            scores[:], rooms[:] = 1e9, 0
            answer[0, "score"] = 1e9
            earlier[0, "act"] = 0
        rows[0, "room"] = 0
        scores, rooms = (honest[name].to_numpy().copy() for name in ("score", "candidate"))
        answer = pl.from_arrow(
            pa.table(
                {"chat": honest["chat"].to_arrow(), "candidate": pa.array(rooms), "score": pa.array(scores)}
            )
        )
        assert isinstance(answer, pl.DataFrame)
        self.given.append((scores, rooms, answer, rows))
        return answer


def test_a_forecast_stands_whatever_a_method_does_to_it_later(prepared_forecasts: Prepared) -> None:
    fold, stream = prepared_forecasts.folds[0], prepared_forecasts.streams[0]
    found = []
    for kind in (Wanders, WandersAndRegrets, WandersAndRegrets):
        method = kind(0.5, 0.1)
        method.fit(fold, 0)
        found.append(streamed_forecasts(method, fold, stream, kind.__name__))
    assert found[0].equals(found[1])
    # What it was handed was its own copy: the stream is as it was.
    assert found[0].equals(found[2])
