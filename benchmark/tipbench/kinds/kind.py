"""Define what a kind of prediction is: its columns, its check, its ground truth and how both are scored.

Nothing outside this package compares kinds: it calls the kind's methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.refusals import (
    PredictionsRefused,
    align_units,
    check_key_type,
    find_out_of_range,
    quote_names,
    refuse,
    show_keys,
)

if TYPE_CHECKING:
    from tipbench.kinds.answers import Answers


class CustomTruth(Protocol):
    """What a user's own data map of the truth; see :class:`tipbench.data.custom.config.OwnData`."""

    name: str
    label: str | None
    labels: dict[str, str]
    cluster: str | None
    truth: str | None
    onset: str | None
    prevalence: float | None
    true_class: str | None


@dataclass(frozen=True)
class PartRows:
    """Some rows of a frame. ``chosen`` Boolean [frame rows]: which; None where it is all of them."""

    frame: pl.DataFrame
    chosen: pl.Series | None

    @classmethod
    def of(cls, frame: pl.DataFrame, counted: pl.Expr) -> PartRows:
        """Return the rows of a frame of which an expression is true."""
        chosen = frame.select(pl.repeat(True, pl.len()) & counted.fill_null(False)).to_series()
        return cls(frame, None if chosen.all() else chosen)

    def __getitem__(self, name: str) -> pl.Series:
        """Return one column of them; numbers are of one type everywhere, so that Float32 comes as Float64."""
        column = self.frame[name] if self.chosen is None else self.frame[name].filter(self.chosen)
        return column.cast(pl.Float64) if column.dtype == pl.Float32 else column

    @property
    def columns(self) -> list[str]:
        return self.frame.columns

    @property
    def height(self) -> int:
        return self.frame.height if self.chosen is None else int(self.chosen.sum())

    def is_empty(self) -> bool:
        return self.height == 0

    def select(self, *names: str) -> pl.DataFrame:
        """Return these columns of them."""
        frame = self.frame.select(names)
        return frame if self.chosen is None else frame.filter(self.chosen)


FLOATS = (pl.Float32, pl.Float64)
FEWEST_CLUSTERS = 20
"""Clusters of the rarer sort, positive or negative, without which no interval is given."""

ROOM, FEW_ROWS = 2, 100_000
"""How many times the rows that there can be predictions may have, where these are more than a few: every key of them is
named; those of more are there to cost time."""

MISPLACED = {
    "labels": "data.labels of data={data} is for label sets: map data.label for {task}.",
    "truth": "data.truth of data={data} is for estimates: leave it out for {task}.",
    "onset": "data.onset of data={data} is for alarms: leave it out for {task}.",
    "true_class": "data.true_class of data={data} is for crowds of several classes: map data.label for {task}.",
    "prevalence": "data.prevalence of data={data} is for scores: leave it out for {task}.",
}
"""Field of a user's own data that only some kinds use -> the message where another kind is given it."""

FINITE = "predict a finite value for each"
"""What to do about values that are NaN, infinite or too large."""
Faults = dict[str, pl.Series]
"""What is wrong with values -> of which rows, Boolean [rows]."""
ScoreOf = Callable[[pl.DataFrame], dict[str, float]]
"""Predictions -> the metrics of the primary metric's family on them."""


def count_distinct(codes: NDArray[np.integer], count: int) -> int:
    """Return how many of 0 .. count - 1 are among these codes, without sorting them."""
    seen = np.zeros(count, dtype=bool)
    seen[codes] = True
    return int(np.count_nonzero(seen))


class PredictionKind:
    """A kind of prediction. Kinds have no state: there is one object of each, in :mod:`tipbench.kinds`.

    ``name``: as results and configs know it. ``title``: what is predicted, in words. ``rows``: which rows
    predictions have, in words. ``truth_columns``: columns that a frame of
    :class:`tipbench.kinds.answers.Answers` has beside the unit's key. ``labelled``: whether units are
    positive, negative or unknown. ``partly_known``: whether some truth may be unknown; only what is known
    counts. ``has_parts``: whether the truth names the part of each unit, so that a test part can be missing.
    ``predicted_parts``: the parts whose units are predicted. ``rows_per_unit``: the most rows of predictions
    that a unit has. ``fewest_clusters``: clusters of the rarer sort that an interval needs.
    ``at_prevalence``: whether its headline metrics are at a share of positives. ``linked``: whether the truth
    of a user's own data is the cluster of each unit; ``takes_pairs``: whether it may be labelled pairs of
    units. ``custom_field``: where a user's own data map the truth; ``custom_fields``: what else of them it
    has a use for, among it those of :data:`MISPLACED` that it takes. ``also``: names of other kinds whose
    ground truth a task of this kind may be scored on; ``primary``: the metric that then leads, "" where it is
    the task's own. ``largest``: how far from 0 a number may be; sums and squares of such numbers stay finite.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    rows: ClassVar[str]
    truth_columns: ClassVar[tuple[str, ...]]
    labelled: ClassVar[bool] = False
    partly_known: ClassVar[bool] = False
    has_parts: ClassVar[bool] = False
    predicted_parts: ClassVar[tuple[str, ...]] = ("test",)
    rows_per_unit: ClassVar[int] = 1
    fewest_clusters: ClassVar[int] = FEWEST_CLUSTERS
    at_prevalence: ClassVar[bool] = False
    linked: ClassVar[bool] = False
    takes_pairs: ClassVar[bool] = False
    custom_field: ClassVar[str] = "label"
    custom_fields: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    primary: ClassVar[str] = ""
    largest: ClassVar[float] = 1e30

    def __repr__(self) -> str:
        return self.name

    # Predictions

    def columns(self, unit: str) -> tuple[str, ...]:
        """Return the columns of predictions; a name that ends in ``*`` stands for one column per label."""
        raise NotImplementedError

    def expected_columns(self, answers: Answers) -> tuple[str, ...]:
        """Return the columns that predictions for this ground truth must have."""
        return self.columns(answers.unit)

    def key(self, unit: str) -> str:
        """Return the column with the key of what a row of predictions is about."""
        return self.keys(unit)[0]

    def keys(self, unit: str) -> tuple[str, ...]:
        """Return the columns of predictions that hold keys."""
        return (unit,)

    def is_number(self, column: str) -> bool:
        """Return whether a column of predictions holds scores or estimates: Float32 or Float64, finite."""
        return column == "score"

    def check(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        """Return the predictions with the columns of their format only, in the order of the ground truth.

        Raises UsageError, in one sentence with counts, for anything that is wrong with them; nothing is repaired.
        """
        columns = self.expected_columns(answers)
        missing = [name for name in columns if name not in predictions.columns]
        there = quote_names(predictions.columns) or "none"
        needed = quote_names(columns)
        refuse(missing, f"no column {quote_names(missing)} among {there}; {self.name} need {needed}")
        height, units = predictions.height, f"{answers.frame.height:,} of {answers.unit}"
        refuse(not height, f"0 rows given for {units}; predict every one")
        most = max(FEW_ROWS, ROOM * self.rows_per_unit * answers.frame.height)
        looked_at = f"at most {most:,} are looked at; predict each of them once"
        refuse(height > most, f"{height:,} rows given for {units}, and {looked_at}")
        self.check_columns(predictions, columns)
        predictions = predictions.select(columns)
        for name in self.keys(answers.unit):
            self.check_key(answers, predictions, name)
        for name in filter(self.is_number, predictions.columns):
            given = predictions.schema[name]
            refuse(given not in FLOATS, f"{name} is {given}; make it Float32 or Float64")
        self.check_types(predictions)
        self.check_values(answers, predictions)
        return self.check_rows(answers, predictions)

    def check_columns(self, predictions: pl.DataFrame, columns: tuple[str, ...]) -> None:
        """Refuse columns that predictions of this kind must not have. Raises UsageError."""

    def check_key(self, answers: Answers, predictions: pl.DataFrame, name: str) -> None:
        """Refuse a key of another dtype than the ground truth's. Raises UsageError."""
        check_key_type(predictions, name, answers.unit, answers.frame.schema[answers.unit])

    def check_types(self, predictions: pl.DataFrame) -> None:
        """Refuse further columns of a wrong dtype. Raises UsageError."""

    def check_values(self, answers: Answers, predictions: pl.DataFrame) -> None:
        """Refuse null, NaN, infinite and absurdly large values. Raises UsageError with the first keys."""
        for name in predictions.columns:
            column = predictions[name]
            self.refuse_values(answers, predictions, name, {"null": column.is_null()})
            if self.is_number(name):
                self.refuse_values(answers, predictions, name, find_out_of_range(column, self.largest))

    def refuse_values(
        self, answers: Answers, predictions: pl.DataFrame, name: str, faults: Faults, instead: str = FINITE
    ) -> None:
        """Raise UsageError for the first of these faults that any row has."""
        for what, mask in faults.items():
            if count := int(mask.sum()):
                where = predictions.filter(mask).select(self.keys(answers.unit)).get_columns()
                raise PredictionsRefused(
                    f"{count:,} of {predictions.height:,} values of {name} are {what} "
                    f"(first at {show_keys(answers, *where)}); {instead}"
                )

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        """Return the predictions row for row beside the ground truth; refuse repeated, missing or unknown units."""
        return align_units(answers, predictions)

    def value(self, predictions: pl.DataFrame) -> pl.Series:
        """Return what is predicted of each unit, as it stands beside the ground truth; for labelled kinds only."""
        raise TypeError(f"{self.name} have no single value per unit")

    def comparable(self, unit: str, predictions: pl.DataFrame) -> pl.DataFrame:
        """Return predictions in a form that is equal where two of them say the same."""
        return predictions

    # Ground truth

    def check_truth(self, answers: Answers) -> None:
        """Refuse ground truth that is not such a thing. Raises UsageError."""

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        """Return which rows of the ground truth count."""
        return pl.col("part") == part if self.has_parts else pl.lit(True)

    def any_known(self, answers: Answers) -> bool:
        """Return whether there is anything to score against."""
        return not (self.partly_known and answers.counted_rows().is_empty())

    def cluster_counts(self, rows: PartRows, codes: NDArray[np.integer]) -> tuple[int, int]:
        """Return how many resampling clusters have a positive and how many a negative row.

        ``rows``: those that count; ``codes``: their clusters, int [rows]. Where rows are neither, both are the number
        of clusters.
        """
        count = int(codes.max(initial=-1)) + 1
        return count, count

    # References and warnings

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        """Return the primary metric of what the generator itself knew: ``prior``, ``oracle``, ``single_unit``.

        Empty where the ground truth does not hold it. ``score`` scores predictions of this kind.
        """
        return {}

    def warnings(self, answers: Answers, predictions: pl.DataFrame) -> list[str]:
        """Return one sentence for each thing that a reader of the scores must know of the predictions."""
        return []

    def results(self, predictions: pl.DataFrame) -> pl.DataFrame | None:
        """Return value, lower and upper end of each unit where predictions are a result of their own; else None."""
        return None

    # A user's own data

    def check_custom(self, task: str, own: CustomTruth) -> None:
        """Refuse truth in a form that a task of this kind has no use for. Raises UsageError."""
        for field, sentence in MISPLACED.items():
            if field not in self.custom_fields and getattr(own, field):
                raise UsageError(sentence.format(data=own.name, task=task))

    def has_custom_truth(self, own: CustomTruth) -> bool:
        """Return whether a user's own data hold anything to score against."""
        return getattr(own, self.custom_field) is not None

    def custom_columns(self) -> tuple[str, ...]:
        """Return the columns of labels that a user's own data may map."""
        return ()

    def known_columns(self, units: pl.DataFrame) -> list[str]:
        """Return the columns of labels that these units have, in order."""
        return [name for name in self.custom_columns() if name in units.columns]

    def select_training_labels(self, unit: str, able: pl.DataFrame) -> pl.DataFrame:
        """Return ``[unit, part, labels]`` of those units whose truth is known, as ``fit`` is given it.

        ``able``: units of train and valid, ``[unit, part, cluster, ...]`` with the mapped truth.
        """
        known = self.known_columns(able)
        if not known:
            return able.select(unit, "part", pl.lit(None, dtype=pl.Int8).alias("label")).clear()
        given = able.select(unit, "part", *known)
        return given.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in known if c != "onset"))

    def custom_truth(self, unit: str, rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
        """Return the frame of ground truth over units of a user's own data; every unit weighs one.

        ``quantity``: what is estimated, for estimates.
        """
        known = self.known_columns(rows)
        dtypes = {name: pl.Int8 if name == "label" else pl.Int32 for name in self.custom_columns()}
        nulls = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in dtypes.items() if name not in known]
        extra = [name for name in ("group", "fold") if name in rows.columns]
        weight = pl.lit(1.0).alias("weight")
        return rows.select(unit, pl.col("part").cast(pl.String), *known, *nulls, "cluster", weight, *extra)
