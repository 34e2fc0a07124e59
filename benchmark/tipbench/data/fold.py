"""What a method is given: :class:`Fold`. :mod:`tipbench.data.prepare` makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from tipcore.display import html_table
from tipcore.errors import UsageError
from tipcore.extras import require
from tipcore.parts import PARTS

from tipbench.task import Problem

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
        calls valid) and test, with ``label`` in the first two. Raises UsageError without the extra ``huggingface``."""
        require("huggingface", "to_hf")
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
