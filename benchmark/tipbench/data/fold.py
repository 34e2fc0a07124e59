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
    """The visible tables of a release, of some regions of which their files alone are read.

    A dict that is made of these tables, and a table that is put in the place of one, have that no more.
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
        """Return the tables, with rows of these regions at least."""
        theirs = self._read(regions)
        return {
            name: theirs.get(name, table) if self._made.get(name) is table else table
            for name, table in self.items()
        }


@dataclass(frozen=True, repr=False)
class Fold:
    """Inputs, units and labels of one fold. Nothing that decides the score of the test part is in it.

    ``task``: what is asked. ``tables``: visible rows and columns by table, lazily; of the table that a task hands over
    step by step only the rows of train and valid. ``parts``: ``[unit, part]``, the units of each part.
    ``supervision``: ``[unit, part, label]`` of train and valid. ``pair_supervision``: on a user's own labelled pairs
    ``[pair, part, label]``, else None. ``names``: by column of a user's own data ``[column, name]``, what units and
    regions are called where the user wrote text. ``apart``: whether no row of a region has to do with another
    region, as in a release. ``regions``, ``whole``: of a fold that :meth:`of_regions` made, these regions and the fold
    that they are of.
    """

    task: Problem
    tables: dict[str, pl.LazyFrame]
    parts: pl.DataFrame = field(repr=False)
    supervision: pl.DataFrame = field(repr=False)
    pair_supervision: pl.DataFrame | None = field(default=None, repr=False)
    names: Mapping[str, pl.DataFrame] = field(default_factory=dict, repr=False)
    apart: bool = field(default=False, repr=False)
    regions: tuple[int | None, ...] | None = field(default=None, repr=False)
    whole: Fold | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{part} {units:,} ({labelled:,} labelled)" for part, units, labelled in self._sizes()
        )
        return f"Fold of {self.task.name}, in {self.task.unit}s: {parts}; tables {', '.join(self.tables)}"

    def _repr_html_(self) -> str:
        of_tables = "; ".join(f"{name}: {', '.join(t.collect_schema())}" for name, t in self.tables.items())
        caption = f"Fold of {self.task.name}. Tables: {of_tables}."
        return html_table(caption, ("part", f"{self.task.unit}s", "labelled"), self._sizes())

    def _sizes(self) -> list[tuple[str, int, int]]:
        """Return of each part its units and how many of them have a label to learn from."""
        units, labelled = self.parts["part"].cast(pl.String), self.supervision["part"].cast(pl.String)
        return [(part, int((units == part).sum()), int((labelled == part).sum())) for part in PARTS]

    def units(self, part: str) -> pl.LazyFrame:
        """Return units of a part, with the visible columns of their table, sorted by unit.

        Raises UsageError for a part other than train, valid and test.
        """
        self._check(part)
        return self._units([part])

    def to_predict(self) -> pl.LazyFrame:
        """Return every unit that a prediction is asked for, as :meth:`units` gives them."""
        return self._units(list(self.task.predicted_parts))

    def labels(self, part: str) -> pl.LazyFrame:
        """Return ``[unit, label]`` of the labelled units of train or valid, sorted by unit.

        The label is Int8 0 or 1 where a task wants scores or alarms, the Int64 id of a cluster where it wants
        clusters or candidates; where it wants forecasts 1 for units that outreach is for and 0 for others.
        Alarms have ``onset`` beside it (Int32 step, null for negatives), labelsets one Int8 column ``label_<name>``
        a label, and ``urgency``, in its place. Raises UsageError for the test part, whose labels are never given.
        """
        return self._labels(self.supervision, self.task.unit, part)

    def pair_labels(self, part: str) -> pl.LazyFrame:
        """Return ``[pair, label Int8]`` of a user's labelled pairs; their records are in ``tables["pairs"]``.

        Raises UsageError for the test part, and where the data has no labelled pairs.
        """
        if self.pair_supervision is None:
            raise UsageError("this data has no labelled pairs: use labels() for the labels of its units.")
        return self._labels(self.pair_supervision, "pair", part)

    def written(self, column: str, values: Iterable[int]) -> list[str]:
        """Return values of an identifying column as the user wrote them, for a sentence to the reader."""
        known = dict(self.names[column].select(column, "name").iter_rows()) if column in self.names else {}
        return [str(known.get(value, value)) for value in values]

    def labelled(self, part: str) -> pl.DataFrame:
        """Return units of a part as :meth:`units` does; in train and valid beside their labels, null for those without,
        with a row for each label of a unit that has several."""
        units = self.units(part)
        if part != "test":
            units = units.join(self.labels(part), on=self.task.unit, how="left", maintain_order="left")
        return units.collect()

    def to_pandas(self) -> dict[str, Any]:
        """Return a dict of pandas frames, ``{"train": ..., "valid": ..., "test": ...}``, with ``label`` in the first
        two. Raises UsageError without the extra ``pandas``."""
        require("pandas", "to_pandas")
        return {part: self.labelled(part).to_pandas() for part in PARTS}

    def to_hf(self) -> Any:
        """Return a ``datasets.DatasetDict`` of the parts that have units: train, validation (as the Hugging Face Hub
        calls valid) and test, with ``label`` in the first two."""
        import datasets

        frames = {part: self.labelled(part) for part in PARTS}
        return datasets.DatasetDict(
            {HUB_NAMES.get(p, p): datasets.Dataset(f.to_arrow()) for p, f in frames.items() if f.height}
        )

    def with_valid_as_test(self) -> Fold:
        """Return the fold with its valid units as those to predict; units and labels of the test are not in it."""
        return replace(
            self,
            parts=valid_as_test(self.parts),
            supervision=self.supervision.filter(pl.col("part") == "train"),
        )

    def of_regions(self, regions: Sequence[int | None]) -> Fold:
        """Return the fold of these regions alone: their units and labels, and their rows of each table that says which
        region a row is of. Nothing of other regions is read.

        Raises UsageError where the table of the units does not say it, or has no row of one of the regions.
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
        parts, given = (
            frame.join(units.select(unit), on=unit, how="semi", maintain_order="left")
            for frame in (self.parts, self.supervision)
        )
        return replace(
            self,
            tables=tables,
            parts=parts,
            supervision=given,
            regions=tuple(regions),
            whole=self.whole or self,
        )

    def by_regions(self, most: int) -> Iterator[Fold]:
        """Yield the fold by at most so many of its regions at a time, in their order.

        Where it has no more of them, does not say which region a unit is of, or where regions are not apart, it comes
        whole, as it is. Raises ValueError for less than one.
        """
        if most < 1:
            raise ValueError(f"by_regions({most}): give 1 or more regions at a time")
        found: list[int | None] = []
        if self.apart and self._has_regions:
            found = (
                self.tables[self.task.table]
                .select("region")
                .unique()
                .sort("region")
                .collect()["region"]
                .to_list()
            )
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
    """Return rows ``[..., part]`` without those of the test, the valid ones as its."""
    kept = rows.filter(pl.col("part") != "test")
    part = pl.when(pl.col("part") == "valid").then(pl.lit("test")).otherwise(pl.col("part").cast(pl.String))
    return kept.with_columns(part.cast(kept.schema["part"]).alias("part"))


ORDER = "sequence"
"""The column of a stream's table that orders the rows of a unit."""

STREAMED = ("valid", "test")
"""The parts handed over step by step: a threshold is chosen on the first, predictions are made for the second."""


@dataclass(frozen=True)
class PartSteps:
    """The rows of one part by step.

    ``units``: of every unit, with rows or without, the visible columns of the units' table, by unit. ``rows``: the
    first rows of all units, then the second ones, ..., each of them by unit. A step is a row's place among those of
    its unit, from 1. ``edges``: where each step starts in ``rows``, and where the last ends, [steps + 1].
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
    """What a method is handed of one fold; never given to it whole."""

    valid: PartSteps
    test: PartSteps

    def of_valid(self) -> StepStream:
        """Return the same with the valid part in the place of the test."""
        return replace(self, test=self.valid)


def hold_back_rows(fold: Fold) -> tuple[Fold, StepStream]:
    """Return the fold with rows of train and valid in its stream's table and all tables in memory; and the stream.

    Raises ValueError for a stream whose table does not show the unit's key and :data:`ORDER`.
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

    Arrow buffers keep strings of filtered rows and values under nulls. The copy goes through parquet, which writes
    neither.
    """
    buffer = io.BytesIO()
    frame.write_parquet(
        buffer, compression="uncompressed", statistics=False, row_group_size=max(1, frame.height)
    )
    buffer.seek(0)
    return pl.read_parquet(buffer)


def keep_ids(predictions: pl.DataFrame) -> pl.DataFrame:
    """Return predictions about folds whose ids are those of the truth."""
    return predictions


@dataclass(frozen=True)
class Prepared:
    """The folds of a cell and the truth that their predictions are pooled and scored against.

    ``task``: the one that the data were mapped to.
    ``pair_answers``: for a user's labelled pairs, the truth about scored pairs (kind scores, unit ``pair``).
    ``streams``: of a streamed task, what each fold's method is handed step by step. ``many``: of a user's
    own data, how many columns ``"*"`` gave each table. ``notes``: one
    sentence each about what the reader of a score should know. ``seconds``: wall time of preparing.
    ``valid_answers``: makes the truth about the valid part; None where no part is valid, or several folds rotate.
    ``back``: brings predictions from the ids of the folds to those of the truth (:mod:`tipbench.data.relabelling`).
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
        """For a user's own data ``[unit, name]`` with the ids as the user wrote them, where they are not integers."""
        return None if self.answers.custom is None else self.answers.custom.names

    @cached_property
    def validation(self) -> Prepared | None:
        """The same with the valid part in the place of the test, by which a method is tuned; None where no part is
        valid. Its folds are to be predicted only: a method is fitted on those of the test."""
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
        """Return the answers that these predictions are about: those of pairs where it has a column ``pair``."""
        return (
            self.pair_answers
            if self.pair_answers is not None and "pair" in predictions.columns
            else self.answers
        )
