"""What is true of the units that a method predicts: the only thing a score is computed against.

One frame a prediction kind:

- ``scores``: ``[unit, part, label, cluster, weight]``, part "valid" or "test", label Int8 0 or 1 (null on a
  user's own data where the truth is not known), cluster Int64, weight Float64 (the headline weight); and,
  where known, ``group`` (trafficking, business, independent, spam, or kinds of the task's own), ``migrant``,
  ``small``, ``seasonal`` (Boolean marks), ``form``, ``sex``, ``language`` (null where not applicable),
  ``oracle_log_odds`` and ``unit_log_odds`` (milli-nats), ``slot`` Int64 (units that share one budget), ``fold``.
- ``clusters``: ``[unit, cluster, weight]``, the true cluster (null where unknown) and, where known,
  ``proxy``.
- ``candidates``: ``[unit, cluster]``, the gallery. Queries are the units whose cluster has two members or
  more.
- ``forecasts``: ``[query, part, region, answer, cluster, weight]``, one right candidate a query: answer Int64, one
  of those that ``gallery`` lists for its region; where known, ``intrusion`` Boolean (a lawful traveller's: measured,
  never rewarded), ``oracle_reciprocal_rank`` Float64 (of the answer by its true distribution), ``group`` and the
  harm columns of scores.
- ``alarms``: ``[unit, part, label, onset, cluster, weight]``, onset Int32 the step (counted from 1) at which a
  positive becomes evident, null wherever the label is not 1; and, where known, the harm columns of scores.
- ``labelsets``: ``[unit, part, cluster, weight]`` and one Int8 column ``label_<name>`` (0, 1, or null where
  unknown) a label; where known, ``urgency`` Int8 (0, 1, 2), ``slot`` Int64 (a region's week, within which
  capacity is shared) and the harm columns.
- ``estimates``: ``[unit, quantity, truth, cluster, weight]``, quantity String (:data:`QUANTITIES`), truth
  Float64 (null where unknown), cluster Int64 the region; where known, ``oracle_estimate`` Float64 and ``group``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl
from tipdata.core.errors import UsageError

Kind = Literal["scores", "clusters", "candidates", "forecasts", "alarms", "labelsets", "estimates"]

#: Types of a step.
STEPS = (pl.Int32, pl.Int64)

#: Columns that a frame of each kind must have beside the unit's key.
COLUMNS: dict[str, tuple[str, ...]] = {
    "scores": ("part", "label", "cluster", "weight"),
    "clusters": ("cluster", "weight"),
    "candidates": ("cluster",),
    "forecasts": ("part", "region", "answer", "cluster", "weight"),
    "alarms": ("part", "label", "onset", "cluster", "weight"),
    "labelsets": ("part", "cluster", "weight"),
    "estimates": ("quantity", "truth", "cluster", "weight"),
}

#: What may be estimated: a number of people, the logarithm of a ratio, a share, a difference in the data's own units.
QUANTITIES = ("count", "log_effect", "share", "level")

#: Kinds whose units are positive, negative or unknown, and have parts.
LABELLED = ("scores", "alarms")

#: Before the name of a label in the columns of labelsets.
LABEL_PREFIX = "label_"

#: Columns that hold no null in any frame.
COMPLETE = ("part", "region", "answer", "quantity", "weight")


@dataclass(frozen=True)
class Answers:
    """The truth about every unit to be predicted; checked when made.

    ``pairs`` is for own data whose truth is a list of labelled pairs: ``[left, right, label Int8]`` and, if
    it has parts, ``part``; left and right are unit keys. ``gallery`` is for forecasts: ``[region, candidate]``.

    Raises :class:`UsageError` for an unknown kind, missing columns, nulls where none may be, repeated units,
    weights that are not positive, onsets that do not go with their labels, pairs of units that are not there, and
    an answer that is no candidate of its region.
    """

    kind: str
    unit: str
    frame: pl.DataFrame
    pairs: pl.DataFrame | None = None
    gallery: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.kind not in COLUMNS:
            raise UsageError(f"answers: unknown kind {self.kind!r}; use one of {', '.join(COLUMNS)}")
        needed = (self.unit, *COLUMNS[self.kind])
        missing = [name for name in needed if name not in self.frame.columns]
        if missing:
            raise UsageError(f"answers: {', '.join(missing)} missing; {self.kind} need {', '.join(needed)}")
        if self.frame.is_empty():
            raise UsageError(f"answers: not a single {self.unit} to score; map or make at least one")
        for name in (self.unit, *COMPLETE):
            if name in self.frame.columns and (nulls := self.frame[name].null_count()):
                raise UsageError(
                    f"answers: {nulls:,} of {self.frame.height:,} rows have no {name}; fill or drop them"
                )
        repeated = self.frame.height - self.frame[self.unit].n_unique()
        if repeated:
            raise UsageError(
                f"answers: {repeated:,} of {self.frame.height:,} rows repeat a {self.unit} key; keep one"
            )
        if "weight" in self.frame.columns:
            weights = self.frame["weight"]
            bad = self.frame.height - int((weights.is_finite() & (weights > 0)).sum())
            if bad:
                raise UsageError(f"answers: {bad:,} weights are not positive numbers; every unit needs one")
        if self.kind == "alarms":
            self._check_onsets()
        if self.kind == "estimates":
            self._check_quantities()
        if self.kind == "labelsets" and not self.label_names:
            raise UsageError(f"answers: not a single label; map or make a column {LABEL_PREFIX}NAME for each")
        if self.pairs is not None:
            self._check_pairs(self.pairs)
        if self.kind == "forecasts":
            self._check_gallery()

    @property
    def label_names(self) -> tuple[str, ...]:
        """Labelsets only: the names of the labels, in the order of their columns."""
        columns = (name for name in self.frame.columns if name.startswith(LABEL_PREFIX))
        return tuple(name.removeprefix(LABEL_PREFIX) for name in columns)

    def _check_onsets(self) -> None:
        onset = self.frame["onset"]
        if onset.dtype not in STEPS:
            raise UsageError(f"answers: onset is {onset.dtype}; make it Int32, the step counted from 1")
        if early := int((onset < 1).sum()):
            raise UsageError(f"answers: {early:,} onsets are before step 1; count steps from 1")
        positive = (self.frame["label"] == 1).fill_null(False)
        bare = int((positive & onset.is_null()).sum())
        extra = int((~positive & onset.is_not_null()).sum())
        if bare or extra:
            raise UsageError(
                f"answers: {bare:,} positives have no onset and {extra:,} others have one; "
                "give an onset to the positives only"
            )

    def _check_quantities(self) -> None:
        unknown = self.frame.filter(~pl.col("quantity").is_in(QUANTITIES))["quantity"]
        if len(unknown):
            raise UsageError(f"answers: {unknown[0]!r} is no quantity; use {', '.join(QUANTITIES)}")
        truth = self.frame["truth"]
        if truth.dtype != pl.Float64 or int((~truth.is_finite()).fill_null(False).sum()):
            raise UsageError("answers: truth must be finite Float64, null where it is not known")
        none = int(((self.frame["quantity"] == "count") & (truth <= 0)).fill_null(False).sum())
        if none:
            raise UsageError(f"answers: {none:,} true counts are not positive; leave such units out")

    @property
    def candidates(self) -> pl.DataFrame:
        """Forecasts only: ``[region, candidate Int64]``, what may be forecast. Raises UsageError without any."""
        if self.gallery is None or self.gallery.is_empty():
            raise UsageError("answers: no candidate at all; forecasts need a gallery of region and candidate")
        return self.gallery

    def _check_gallery(self) -> None:
        listed = self.candidates.rename({"candidate": "answer"})
        strange = self.frame.join(listed, on=["region", "answer"], how="anti")
        if strange.height:
            raise UsageError(
                f"answers: {strange.height:,} of {self.frame.height:,} are no candidate of their region "
                f"(first: {strange['answer'][0]}); list it in the gallery"
            )

    def _check_pairs(self, pairs: pl.DataFrame) -> None:
        missing = [name for name in ("left", "right", "label") if name not in pairs.columns]
        if missing:
            raise UsageError(
                f"answers: labelled pairs lack {', '.join(missing)}; they need left, right and label"
            )
        ends = pl.concat([pairs["left"], pairs["right"]])
        unknown = ends.filter(~ends.is_in(self.frame[self.unit].implode()))
        if len(unknown):
            raise UsageError(
                f"answers: {len(unknown):,} ends of labelled pairs are no known {self.unit} "
                f"(first: {', '.join(map(str, unknown.head(3)))}); map the same keys in both files"
            )

    def scored(self, part: str = "test", beside: pl.Series | None = None) -> pl.DataFrame:
        """The rows that count, in the order of the frame: of this part and with a known label for scores and
        alarms, of this part for labelsets and forecasts, the units that are queries for candidates, those with a
        known truth for estimates, every row for clusters. ``beside`` joins a column [frame rows]."""
        frame = self.frame if beside is None else self.frame.with_columns(beside)
        if self.kind in LABELLED:
            return frame.filter((pl.col("part") == part) & pl.col("label").is_not_null())
        if self.kind in ("labelsets", "forecasts"):
            return frame.filter(pl.col("part") == part)
        if self.kind == "estimates":
            return frame.filter(pl.col("truth").is_not_null())
        if self.kind == "candidates":
            return frame.filter(pl.col("cluster").is_not_null() & (pl.len().over("cluster") >= 2))
        return frame

    def scored_pairs(self) -> pl.DataFrame | None:
        """The labelled pairs that count: those of the test part, or all where pairs have no parts."""
        if self.pairs is None:
            return None
        known = self.pairs.filter(pl.col("label").is_not_null())
        return known.filter(pl.col("part") == "test") if "part" in known.columns else known
