"""What a task is: what goes in, what is predicted, how it is scored. One file of ``tasks/`` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

import polars as pl
from tipcore.display import html_table

from tipbench.kinds.kind import PredictionKind


class Source(Protocol):
    """Where a task's tables come from: a :class:`tipdata.release.Release`, or what can do as much."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """The version of the data."""
        ...

    @property
    def regions(self) -> int: ...

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame: ...


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


@dataclass(frozen=True)
class Classes:
    """Where a user's own data of a task may have any number of classes.

    ``table``, ``column``: where classes are named besides the truth. ``check``: in the place of the task's own.
    """

    table: str
    column: str
    check: Callable[[dict[str, pl.DataFrame]], None] = field(repr=False)


Supervise = Callable[[pl.DataFrame, Source], pl.DataFrame]
"""Units of all parts -> ``[unit, label]`` of those in train and valid that this supervision labels."""
NO_LABELS = "none"
"""The supervision that labels no unit."""

RANKED = (
    *("average_precision", "auroc", "recall_at_1pct_fpr", "precision_at_budget", "recall_at_budget"),
    *("brier", "ppv_0.1pct", "ppv_1pct", "ppv_5pct", "ppv_30pct", "average_precision_raw", "auroc_raw"),
)
"""Metrics of all tasks that rank by score, so that tasks can be compared."""
GAPS = ("harm_gap", "protection_gap")
"""Metrics of who is harmed by what is flagged, and who is not protected."""
ACCUSATIONS = ("accusations_per_find_20", "accusations_per_find_50", "worst_group_accused_50")
"""Metrics of what finding operations costs lawful people and businesses, for tasks that rank."""
DECIDED = ("accusations_per_find", "worst_group_accused")
"""The same at a method's own decisions."""
COMMON_LEAK_LIMITS = {"scalar_auroc": 0.75, "identifiers_auroc": 0.60}
"""Most that one scalar column, and a tree on identifiers and lengths, may reveal."""


def keep_all(rows: pl.DataFrame, source: Source) -> Selection:
    """Return every unit of the split."""
    return Selection(rows)


def accept_all(tables: dict[str, pl.DataFrame]) -> None:
    """No further demand on a user's tables."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Problem:
    """What a method may know of its task: facts, and nothing that leads to data.

    ``name``: the identifier; ``title``: the same in words, for readers.
    ``unit``: key column of units and predictions; ``table``: the table whose rows are the units.
    ``tables``: input tables and the columns of each that a method may see at any access.
    ``context``: input tables shown whole, for every region of the release, whether or not they belong to units
    of the fold. ``stream``: the input table that a method is handed row by row, or '' where it sees all at once; it
    shows the unit's key and ``sequence``, which orders the rows of a unit. ``forecast``: what is forecast of it.
    ``label_columns``: of labelsets, the columns of its labels and urgency in answers and supervision.
    ``version``: what a score of it means; scores of different versions are never put in one table.
    ``probabilities``: whether its scores are read as probabilities, so that the contract of methods asks for [0, 1].
    ``tuned``: whether decisions are made at thresholds of the valid part, so that valid is predicted too.
    ``label_clusters``: of labelsets, the clusters of the test part that must have a label; rarer labels are predicted
    and do not count.
    ``quantity``: of estimates, what the units of a user's own data estimate; one of
    :data:`tipbench.kinds.answers.QUANTITIES`. ``views``: of links, the tables whose rows are ranked, and the key of
    each.
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
    signal_columns: frozenset[str]
    prevalence: float | None = None
    leak_limits: dict[str, float] = field(default_factory=COMMON_LEAK_LIMITS.copy)
    context: frozenset[str] = frozenset()
    stream: str = ""
    forecast: Forecast | None = None
    label_columns: tuple[str, ...] = ()
    quantity: str = ""
    views: Mapping[str, str] = field(default_factory=dict)
    version: int = 2
    probabilities: bool = False
    tuned: bool = False
    label_clusters: int = 0

    def __repr__(self) -> str:
        return f"Task {self.name}: {self.question} Unit {self.unit}, prediction {self.kind.name}, score {self.primary}"

    def _repr_html_(self) -> str:
        return html_table(f"{self.name}: {self.question}", ("", ""), self._summarise())

    def _summarise(self) -> list[tuple[str, str]]:
        """Return the rows of the summary of the task: heading and text."""
        return [
            ("unit", self.unit),
            ("prediction", f"{self.kind.title}, {self.kind.rows}"),
            ("primary metric", self.primary),
            ("splits", ", ".join(self.splits)),
            *((f"table {table}", ", ".join(columns)) for table, columns in self.tables.items()),
        ]

    @property
    def alarms(self) -> bool:
        """Whether a stream is answered by alarms, whose threshold is chosen on valid."""
        return bool(self.stream) and self.forecast is None

    @property
    def predicted_parts(self) -> tuple[str, ...]:
        """Return the parts whose units are predicted."""
        return ("valid", "test") if self.tuned else self.kind.predicted_parts

    @property
    def prediction_time(self) -> str:
        """Return when units are predicted, in words."""
        return "each step" if self.stream else "window end"


@dataclass(frozen=True, kw_only=True, repr=False)
class Task(Problem):
    """One task: the problem, and how its folds and answers are made. The callables are given units as
    ``[unit, region Int32, cluster Int64, day Int32, ...]``.

    ``units``: a source -> its units, with the columns that splits shift by and that the other callables use.
    ``select``: units with ``part`` -> those that stay. ``supervise``: labels by name, the default first.
    ``answers``: units of the predicted parts -> the frame of :class:`tipbench.kinds.answers.Answers`.
    ``gallery``: of links, units of the predicted parts -> all that may be ranked for them, as ``Answers`` has it.
    ``check``: what a user's own tables must fulfil together; raises UsageError.
    ``supersede``: a user's own tables -> the tables without rows that later rows replace, and notes that count them.
    ``classes``: whether a user's own data may have any number of classes, and where these are named.
    """

    units: Callable[[Source], pl.LazyFrame] = field(repr=False)
    supervise: Mapping[str, Supervise] = field(repr=False)
    answers: Supervise = field(repr=False)
    select: Callable[[pl.DataFrame, Source], Selection] = field(default=keep_all, repr=False)
    gallery: Supervise | None = field(default=None, repr=False)
    check: Callable[[dict[str, pl.DataFrame]], None] = field(default=accept_all, repr=False)
    supersede: Callable[[dict[str, pl.DataFrame]], tuple[dict[str, pl.DataFrame], list[str]]] | None = None
    classes: Classes | None = None

    def _summarise(self) -> list[tuple[str, str]]:
        rows = super()._summarise()
        return [*rows[:4], ("labels", ", ".join(self.labels)), *rows[4:]]

    @property
    def labels(self) -> tuple[str, ...]:
        """Allowed supervision on a release, the first is the default."""
        return tuple(self.supervise)

    def labels_on(self, split: str) -> tuple[str, ...]:
        """Return the supervisions that a split of a release allows: only ``none`` if it tests every unit."""
        return (NO_LABELS,) if split == "all" else self.labels

    @property
    def problem(self) -> Problem:
        """What a method may know of the task."""
        return Problem(**{f.name: getattr(self, f.name) for f in fields(Problem)})
