"""What a task is: what goes in, what is predicted, how it is scored. One file of ``tasks/`` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from tipbench.kinds.kind import PredictionKind


class Source(Protocol):
    """Where a task's tables come from: a :class:`tipdata.release.Release`, or what can do as much."""

    @property
    def name(self) -> str: ...

    @property
    def regions(self) -> int: ...

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame: ...


class Selected(Protocol):
    """What a task keeps of the units of a split, and what it has to say about it."""

    @property
    def rows(self) -> pl.DataFrame: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Selection:
    """Units kept, in the columns they came in, and one sentence a note."""

    rows: pl.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """What is forecast of a stream: after each row the next row of its unit.

    ``query``: the key of the stream's rows, by which forecasts are known; ``candidate``: the integer column that is
    forecast; ``gallery``: the table that lists its values, by region.
    """

    query: str
    candidate: str
    gallery: str


Supervise = Callable[[pl.DataFrame, Source], pl.DataFrame]
"""Units of all parts -> ``[unit, label]`` of those in train and valid that this supervision labels."""


def keep_all(rows: pl.DataFrame, source: Source) -> Selection:
    """Every unit of the split."""
    return Selection(rows)


def accept_all(tables: dict[str, pl.DataFrame]) -> None:
    """No further demand on a user's tables."""


@dataclass(frozen=True)
class Task:
    """One task. The callables are given units as ``[unit, region Int32, cluster Int64, day Int32, ...]``.

    ``name``: the identifier; ``title``: the same in words, for readers.
    ``unit``: key column of units and predictions; ``table``: the table whose rows are the units.
    ``tables``: input tables and the columns of each that a method may see, whatever the access.
    ``units``: a source -> its units, with the columns that splits shift by and that the other callables use.
    ``select``: units with ``part`` -> those that stay. ``supervise``: labels by name, the default first.
    ``answers``: units of the predicted parts -> the frame of :class:`tipbench.kinds.answers.Answers`.
    ``context``: input tables shown whole, for every region of the release, whether or not they belong to units
    of the fold. ``stream``: the input table that a method is handed row by row, or '' where it sees all at once; it
    shows the unit's key and ``sequence``, which orders the rows of a unit. ``forecast``: what is forecast of it.
    ``check``: what a user's own tables must fulfil together; raises UsageError.
    ``label_columns``: of labelsets, the columns of its labels and urgency in answers and supervision.
    ``sealed_length``: of a streamed task, how many rows of each unit a sealed round publishes.
    ``version``: what a score of it means; scores of different versions are never put in one table.
    ``probabilities``: whether its scores are read as probabilities, so that the contract of methods asks for [0, 1].
    ``quantity``: of estimates, what the units of a user's own data estimate; one of
    :data:`tipbench.kinds.answers.QUANTITIES`.
    """

    name: str
    title: str
    question: str
    unit: str
    table: str
    kind: PredictionKind
    tables: dict[str, tuple[str, ...]]
    splits: tuple[str, ...]
    own_splits: tuple[str, ...]
    tier: str
    clusters: str
    groups: tuple[str, ...]
    primary: str
    metrics: tuple[str, ...]
    references: tuple[str, ...]
    prevalence: float | None
    prediction_time: str
    predicted_parts: tuple[str, ...]
    signal_columns: frozenset[str]
    leak_limits: dict[str, float]
    units: Callable[[Source], pl.LazyFrame] = field(repr=False)
    supervise: Mapping[str, Supervise] = field(repr=False)
    answers: Supervise = field(repr=False)
    select: Callable[[pl.DataFrame, Source], Selected] = field(default=keep_all, repr=False)
    context: frozenset[str] = frozenset()
    stream: str = ""
    forecast: Forecast | None = None
    check: Callable[[dict[str, pl.DataFrame]], None] = field(default=accept_all, repr=False)
    label_columns: tuple[str, ...] = ()
    quantity: str = ""
    sealed_length: int = 0
    version: int = 1
    probabilities: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Allowed supervision on a release, the first is the default."""
        return tuple(self.supervise)
