"""What a method is given: :class:`Fold`. :mod:`tipbench.data.prepare` makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from tipdata.core.errors import UsageError
from tipdata.core.partition import PARTS

from tipbench.task import Task


@dataclass(frozen=True)
class Fold:
    """Inputs, units and labels of one fold. Nothing that decides the score of the test part is in it.

    ``tables``: visible rows and columns by table, lazily; of the table that a task hands over step by step only
    the rows of train and valid. ``parts``: ``[unit, part]``, the units of each
    part. ``supervision``: ``[unit, part, label]`` of train and valid. ``pair_supervision``: on a user's own
    labelled pairs ``[pair, part, label]``, else None. ``names``: by column of a user's own data ``[column, name]``,
    what units and regions are called where the user wrote text.
    """

    task: Task
    tables: dict[str, pl.LazyFrame]
    parts: pl.DataFrame = field(repr=False)
    supervision: pl.DataFrame = field(repr=False)
    pair_supervision: pl.DataFrame | None = field(default=None, repr=False)
    names: Mapping[str, pl.DataFrame] = field(default_factory=dict, repr=False)

    def units(self, part: str) -> pl.LazyFrame:
        """Units of a part, with the visible columns of their table, sorted by unit.

        Raises UsageError for a part other than train, valid and test.
        """
        self._check(part)
        return self._units([part])

    def to_predict(self) -> pl.LazyFrame:
        """Every unit that a prediction is asked for, as :meth:`units` gives them."""
        return self._units(list(self.task.predicted_parts))

    def labels(self, part: str) -> pl.LazyFrame:
        """``[unit, label]`` of the labelled units of train or valid, sorted by unit.

        The label is Int8 0 or 1 where a task wants scores or alarms, the Int64 id of a cluster where it wants
        clusters or candidates; where it wants forecasts 1 for units that outreach is for and 0 for others.
        Alarms have ``onset`` beside it (Int32 step, null for negatives), labelsets one Int8 column ``label_<name>``
        a label, and ``urgency``, in its place. Raises UsageError for the test part, whose labels are never given.
        """
        return self._labels(self.supervision, self.task.unit, part)

    def pair_labels(self, part: str) -> pl.LazyFrame:
        """``[pair, label Int8]`` of a user's labelled pairs; their records are in ``tables["pairs"]``.

        Raises UsageError for the test part, and where the data has no labelled pairs.
        """
        if self.pair_supervision is None:
            raise UsageError("this data has no labelled pairs: use labels() for the labels of its units.")
        return self._labels(self.pair_supervision, "pair", part)

    def written(self, column: str, values: Iterable[int]) -> list[str]:
        """Return values of an identifying column as the user wrote them, for a sentence to the reader."""
        known = dict(self.names[column].select(column, "name").iter_rows()) if column in self.names else {}
        return [str(known.get(value, value)) for value in values]

    def to_pandas(self) -> dict[str, Any]:
        """Units of each part as pandas frames, with ``label`` in train and valid."""
        return {part: self._labelled(part).to_pandas() for part in PARTS}

    def to_hf(self) -> Any:
        """Units of each part with any as a ``datasets.DatasetDict``, with ``label`` in train and valid."""
        import datasets

        frames = {part: self._labelled(part) for part in PARTS}
        return datasets.DatasetDict(
            {p: datasets.Dataset(f.to_arrow()) for p, f in frames.items() if f.height}
        )

    def _units(self, parts: list[str]) -> pl.LazyFrame:
        wanted = self.parts.lazy().filter(pl.col("part").is_in(parts)).select(self.task.unit)
        return self.tables[self.task.table].join(wanted, on=self.task.unit, how="semi").sort(self.task.unit)

    def _labels(self, supervision: pl.DataFrame, key: str, part: str) -> pl.LazyFrame:
        self._check(part)
        if part == "test":
            raise UsageError("labels of the test part are never given: fit on train and tune on valid.")
        return supervision.lazy().filter(pl.col("part") == part).drop("part").sort(key)

    def _labelled(self, part: str) -> pl.DataFrame:
        units = self.units(part)
        if part != "test":
            units = units.join(self.labels(part), on=self.task.unit, how="left", maintain_order="left")
        return units.collect()

    def _check(self, part: str) -> None:
        if part not in PARTS:
            raise UsageError(f"part {part} does not exist: choose one of {', '.join(PARTS)}.")
