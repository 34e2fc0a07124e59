"""What a method receives: a :class:`Fold` or the steps of a stream; and :class:`Prepared`, folds with their truth."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.display import html_table
from tipcore.errors import UsageError
from tipcore.extras import require
from tipcore.units import PARTS

from tipbench.kinds.answers import Answers
from tipbench.task import Problem, Task

HUB_NAMES = {"valid": "validation"}
"""Parts that the Hugging Face Hub calls otherwise."""


class TablesByRegion(dict[str, pl.LazyFrame]):
    """The visible tables of a release, of which :meth:`of_regions` reads only the files of some regions.

    A copy of this dict, and a table that replaces one of these, are read whole.
    """

    def __init__(
        self,
        tables: Mapping[str, pl.LazyFrame],
        read: Callable[[Sequence[int | None]], Mapping[str, pl.LazyFrame]],
    ) -> None:
        super().__init__(tables)
        self._made, self._read = dict(tables), read

    def __reduce__(self) -> tuple[type[dict[str, pl.LazyFrame]], tuple[dict[str, pl.LazyFrame]]]:
        return dict, (dict(self),)

    def of_regions(self, regions: Sequence[int | None]) -> dict[str, pl.LazyFrame]:
        """Return the tables, with at least the rows of these regions."""
        theirs = self._read(regions)
        same = {name for name, table in self.items() if self._made.get(name) is table}
        return {name: theirs.get(name, table) if name in same else table for name, table in self.items()}


@dataclass(frozen=True, repr=False)
class Fold:
    """Inputs, units and labels of one fold. It holds no truth of the test part.

    ``task``: the problem to solve. ``tables``: lazy tables with the visible rows and columns; the streamed table of a
    streamed task has only the rows of train and valid. ``parts``: ``[unit, part]``. ``supervision``:
    ``[unit, part, label]`` of train and valid. ``pair_supervision``: ``[pair, part, label]`` of labelled pairs in own
    data, else None. ``names``: column -> ``[column, name]``, for units and regions that are text in own data.
    ``independent_regions``: whether regions are independent, as in a release. ``worlds``: with ``train=worlds:N``,
    folds of N further worlds under the same split, with true labels of train and valid; an id may occur in several
    worlds and means nothing across them. ``regions``, ``whole``: its regions and the whole fold, if :meth:`of_regions`
    made this one; else None.
    """

    task: Problem
    tables: dict[str, pl.LazyFrame]
    parts: pl.DataFrame = field(repr=False)
    supervision: pl.DataFrame = field(repr=False)
    pair_supervision: pl.DataFrame | None = field(default=None, repr=False)
    names: Mapping[str, pl.DataFrame] = field(default_factory=dict, repr=False)
    independent_regions: bool = field(default=False, repr=False)
    worlds: tuple[Fold, ...] = field(default=(), repr=False)
    regions: tuple[int | None, ...] | None = field(default=None, repr=False)
    whole: Fold | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{part} {units:,} ({labelled:,} labelled)" for part, units, labelled in self._sizes()
        )
        worlds = f"; further worlds: {len(self.worlds)}" if self.worlds else ""
        return f"Fold of {self.task.name}, in {self.task.unit}s: {parts}; tables {', '.join(self.tables)}{worlds}"

    def _repr_html_(self) -> str:
        of_tables = "; ".join(f"{name}: {', '.join(t.collect_schema())}" for name, t in self.tables.items())
        caption = f"Fold of {self.task.name}. Tables: {of_tables}."
        return html_table(caption, ("part", f"{self.task.unit}s", "labelled"), self._sizes())

    def _sizes(self) -> list[tuple[str, int, int]]:
        """Return each part, its number of units, and how many of them have a label."""
        units, labelled = self.parts["part"].cast(pl.String), self.supervision["part"].cast(pl.String)
        return [(part, int((units == part).sum()), int((labelled == part).sum())) for part in PARTS]

    def units(self, part: str) -> pl.LazyFrame:
        """Return units of a part, with the visible columns of their table, sorted by unit.

        Raises UsageError for a part other than train, valid and test.
        """
        self._check(part)
        return self._units([part])

    def to_predict(self) -> pl.LazyFrame:
        """Return all units that need a prediction, with the columns of :meth:`units`."""
        return self._units(list(self.task.predicted_parts))

    def labels(self, part: str) -> pl.LazyFrame:
        """Return ``[unit, label]`` of the labelled units of train or valid, sorted by unit.

        The label is Int8 0 or 1 for scores and alarms, the Int64 id of a cluster for clusters and candidates, and for
        forecasts 1 for units that outreach is for and 0 for others. Alarms also have ``onset`` (Int32 step, null for
        negatives). Labelsets have an Int8 column ``label_<name>`` per label, and ``urgency``, instead. Raises
        UsageError for the test part, whose labels are never given.
        """
        return self._labels(self.supervision, self.task.unit, part)

    def pair_labels(self, part: str) -> pl.LazyFrame:
        """Return ``[pair, label Int8]`` of a user's labelled pairs; their records are in ``tables["pairs"]``.

        Raises UsageError for the test part, and where the data has no labelled pairs.
        """
        if self.pair_supervision is None:
            raise UsageError("this data has no labelled pairs: use labels() for the labels of its units.")
        return self._labels(self.pair_supervision, "pair", part)

    def original_names(self, column: str, values: Iterable[int]) -> list[str]:
        """Return values of an identifying column as the user wrote them, for messages."""
        known = dict(self.names[column].select(column, "name").iter_rows()) if column in self.names else {}
        return [str(known.get(value, value)) for value in values]

    def units_with_labels(self, part: str) -> pl.DataFrame:
        """Return units of a part as :meth:`units` does; of train and valid with their labels, null if they have none.
        A unit with several labels has a row per label."""
        units = self.units(part)
        if part != "test":
            units = units.join(self.labels(part), on=self.task.unit, how="left", maintain_order="left")
        return units.collect()

    def to_pandas(self) -> dict[str, Any]:
        """Return a dict of pandas frames, ``{"train": ..., "valid": ..., "test": ...}``, with ``label`` in the first
        two. Raises UsageError without the extra ``pandas``."""
        require("pandas", "to_pandas")
        return {part: self.units_with_labels(part).to_pandas() for part in PARTS}

    def to_hf(self) -> Any:
        """Return a ``datasets.DatasetDict`` of the parts that have units: train, validation (as the Hugging Face Hub
        calls valid) and test, with ``label`` in the first two."""
        import datasets

        frames = {HUB_NAMES.get(part, part): self.units_with_labels(part) for part in PARTS}
        return datasets.DatasetDict(
            {n: datasets.Dataset(f.to_arrow()) for n, f in frames.items() if f.height}
        )

    def with_valid_as_test(self) -> Fold:
        """Return the fold with its valid units as the test part, without the units of the test."""
        labels = self.supervision.filter(pl.col("part") == "train")
        return replace(self, parts=valid_as_test(self.parts), supervision=labels)

    def of_regions(self, regions: Sequence[int | None]) -> Fold:
        """Return the fold of these regions alone: their units and labels, and their rows of each table with a column
        ``region``. Nothing of other regions is read.

        Raises UsageError if the table of the units has no column ``region``, or no row of one of the regions.
        """
        if not self._has_regions:
            raise UsageError(f"{self.task.table} do not say which region a row is of: use the fold as it is.")
        here = pl.col("region").is_in(list(regions), nulls_equal=True)
        own = self.tables
        theirs = own.of_regions(regions) if isinstance(own, TablesByRegion) else own
        tables = {
            name: theirs[name].filter(here) if "region" in table.collect_schema() else table
            for name, table in own.items()
        }
        unit = self.task.unit
        units = tables[self.task.table].select(*dict.fromkeys((unit, "region"))).collect()
        if unknown := set(regions) - set(units["region"].unique()):
            raise UsageError(
                f"this fold has no {self.task.table} of region {min(unknown, key=str)}: give regions that it has "
                f"(fold.tables[{self.task.table!r}], column region)."
            )
        parts, labels = (
            frame.join(units.select(unit), on=unit, how="semi", maintain_order="left")
            for frame in (self.parts, self.supervision)
        )
        made = replace(self, tables=tables, parts=parts, supervision=labels)
        return replace(made, regions=tuple(regions), whole=self.whole or self)

    def by_regions(self, most: int) -> Iterator[Fold]:
        """Yield folds of at most so many regions each, in their order.

        Yield the fold itself if it has no more regions, if units have no column ``region``, or if regions are not
        independent. Raises ValueError for less than one.
        """
        if most < 1:
            raise ValueError(f"by_regions({most}): give 1 or more regions at a time")
        found: list[int | None] = []
        if self.independent_regions and self._has_regions:
            regions = self.tables[self.task.table].select("region").unique().sort("region")
            found = regions.collect()["region"].to_list()
        if len(found) <= most:
            yield self
            return
        for start in range(0, len(found), most):
            yield self.of_regions(found[start : start + most])

    @property
    def _has_regions(self) -> bool:
        own = self.tables.get(self.task.table)
        return own is not None and "region" in own.collect_schema()

    def _units(self, parts: list[str]) -> pl.LazyFrame:
        wanted = self.parts.lazy().filter(pl.col("part").is_in(parts)).select(self.task.unit)
        return self.tables[self.task.table].join(wanted, on=self.task.unit, how="semi").sort(self.task.unit)

    def _labels(self, supervision: pl.DataFrame, key: str, part: str) -> pl.LazyFrame:
        self._check(part)
        if part == "test":
            raise UsageError("labels of the test part are never given: fit on train and tune on valid.")
        return supervision.lazy().filter(pl.col("part") == part).drop("part").sort(key)

    def _check(self, part: str) -> None:
        if part not in PARTS:
            raise UsageError(f"part {part} does not exist: choose one of {', '.join(PARTS)}.")


def valid_as_test(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows ``[..., part]`` without the test part, and with the valid part as test."""
    part = pl.col("part").cast(pl.String).replace("valid", "test").cast(rows.schema["part"])
    return rows.filter(pl.col("part") != "test").with_columns(part)


ORDER = "sequence"
"""The column of a streamed table that orders the rows of a unit."""

STREAMED = ("valid", "test")
"""The parts that are handed over step by step: a threshold is chosen on the first, the second is predicted."""


@dataclass(frozen=True)
class PartSteps:
    """The rows of one part by step; a step is the position of a row among those of its unit, from 1.

    ``units``: all units, with or without rows, and the visible columns of their table, sorted by unit. ``rows``: the
    first rows of all units, then the second ones, ..., each sorted by unit. ``edges``: where each step starts in
    ``rows``, and where the last one ends, [steps + 1].
    """

    unit: str
    units: pl.DataFrame = field(repr=False)
    rows: pl.DataFrame = field(repr=False)
    edges: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return self.edges.size - 1

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of step 1, of step 2, ...; each a copy."""
        for start, end in pairwise(self.edges.tolist()):
            yield detach(self.rows.slice(start, end - start))

    @property
    def steps(self) -> NDArray[np.int32]:
        """The step of every row, from 1, [rows]."""
        return np.repeat(np.arange(1, len(self) + 1, dtype=np.int32), np.diff(self.edges))


@dataclass(frozen=True)
class StepStream:
    """The rows of a fold that a method receives step by step, and never at once."""

    valid: PartSteps
    test: PartSteps

    def of_valid(self) -> StepStream:
        """Return the stream with the valid part as test."""
        return replace(self, test=self.valid)


def hold_back_rows(fold: Fold) -> tuple[Fold, StepStream]:
    """Return the fold with only rows of train and valid in its streamed table, all tables in memory; and the stream.

    The tables are copies (:func:`detach`): a slice would share its memory, and so the rows that are still to come. In
    this process a method could still read the release's files; behind a fence (:mod:`tipbench.fence`) it cannot.
    Raises ValueError for a streamed table without the unit's key and :data:`ORDER`.
    """
    task = fold.task
    tables = {name: table.collect() for name, table in fold.tables.items()}
    whole = tables[task.stream]
    if not {task.unit, ORDER} <= set(whole.columns):
        raise ValueError(f"{task.name}: the stream {task.stream} must show {task.unit} and {ORDER}")
    ordered = whole.sort(task.unit, ORDER)
    learnt = fold.parts.filter(pl.col("part") != "test").select(task.unit)
    tables[task.stream] = ordered.join(learnt, on=task.unit, how="semi", maintain_order="left")
    shown = replace(fold, tables={name: detach(table).lazy() for name, table in tables.items()})
    return shown, StepStream(*(_part_steps(shown, ordered, part) for part in STREAMED))


def _part_steps(fold: Fold, ordered: pl.DataFrame, part: str) -> PartSteps:
    unit = fold.task.unit
    units = detach(fold.units(part).collect())
    rows = ordered.join(units.select(unit), on=unit, how="semi", maintain_order="left")
    numbered = rows.with_columns(pl.int_range(pl.len()).over(unit).alias("_step")).sort("_step", unit)
    edges = np.append(0, np.cumsum(np.bincount(numbered["_step"].to_numpy())))
    return PartSteps(unit, units, detach(numbered.drop("_step")), edges)


def detach(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a copy of a frame whose memory holds no other values.

    Arrow buffers keep strings of filtered rows and values under nulls; parquet, through which the copy goes, does not.
    """
    buffer, rows = io.BytesIO(), max(1, frame.height)
    frame.write_parquet(buffer, compression="uncompressed", statistics=False, row_group_size=rows)
    buffer.seek(0)
    return pl.read_parquet(buffer)


def keep_ids(predictions: pl.DataFrame) -> pl.DataFrame:
    """Return predictions as they are: the ids of the folds are those of the truth."""
    return predictions


@dataclass(frozen=True)
class Prepared:
    """The folds of a cell, and the truth for their pooled predictions.

    ``task``: the task that the data are mapped to. ``notes``: a sentence for each thing that a reader of the score
    should know. ``seconds``: wall time of preparing. ``pair_answers``: for own labelled pairs, the truth about scored
    pairs (kind scores, unit ``pair``). ``streams``: for a streamed task, the rows of each fold by step. ``many``: for
    own data, the number of columns that ``"*"`` gave each table. ``valid_answers``: makes the truth about the valid
    part; None without a valid part, or with several folds. ``back``: translates predictions from the ids of the folds
    to those of the truth (:mod:`tipbench.data.relabelling`).
    """

    task: Task
    folds: list[Fold]
    answers: Answers
    data: str
    split: str
    labels: str
    access: str
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    pair_answers: Answers | None = None
    streams: list[StepStream] = field(default_factory=list, repr=False)
    many: dict[str, int] = field(default_factory=dict)
    valid_answers: Callable[[], Answers] | None = field(default=None, repr=False, compare=False)
    back: Callable[[pl.DataFrame], pl.DataFrame] = field(default=keep_ids, repr=False, compare=False)

    @property
    def names(self) -> pl.DataFrame | None:
        """For own data ``[unit, name]`` with the ids as the user wrote them, if they are not integers; else None."""
        return None if self.answers.custom is None else self.answers.custom.names

    @cached_property
    def validation(self) -> Prepared | None:
        """The same with the valid part as test, to tune a method; None without a valid part. Its folds are for
        predictions only: a method is fitted on the folds of the test."""
        if self.valid_answers is None:
            return None
        return replace(
            self,
            # A stream's threshold is chosen on valid, whichever part is handed over.
            folds=self.folds if self.streams else [fold.with_valid_as_test() for fold in self.folds],
            answers=self.valid_answers(),
            streams=[stream.of_valid() for stream in self.streams],
            valid_answers=None,
        )

    def answers_to(self, predictions: pl.DataFrame) -> Answers:
        """Return the answers for these predictions: those of pairs if they have a column ``pair``."""
        if self.pair_answers is not None and "pair" in predictions.columns:
            return self.pair_answers
        return self.answers
