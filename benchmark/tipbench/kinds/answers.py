"""The truth about the units that a method predicts: every score is computed against it.

One frame per kind of prediction; the module of each kind says which columns it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.kind import PartRows, PredictionKind
from tipbench.kinds.refusals import refuse_truth

#: Before the name of a label in the columns of labelsets.
LABEL_PREFIX = "label_"

#: Columns that hold no null in any frame.
NEVER_NULL = ("part", "region", "answer", "quantity", "weight")


@dataclass(frozen=True)
class CustomScoring:
    """How a user's own data are scored.

    ``prevalence``: the share of positives that headline metrics are at; None is the data's own. ``groups``: the lawful
    groups that their units are of, and "spam" where they have it. ``names``: ``[unit, name]``, the ids as the user
    wrote them, or None where they are integers.
    """

    prevalence: float | None = None
    groups: tuple[str, ...] = ()
    names: pl.DataFrame | None = None


@dataclass(frozen=True)
class Answers:
    """The truth about every unit to be predicted; checked when made.

    ``pairs`` is for own data whose truth is a list of labelled pairs: ``[left, right, label Int8]`` and, if
    it has parts, ``part``; left and right are unit keys. ``gallery`` is for forecasts, ``[region, candidate]``, and for
    links, ``[region, view, candidate, cluster, group]``.
    ``custom`` is for own data: how they are scored, in the place of what their task says.

    Raises :class:`UsageError` for missing columns, nulls where none may be, repeated units,
    weights that are not positive, onsets that do not go with their labels, pairs of units that are not there, and
    an answer that is not a candidate of its region.
    """

    kind: PredictionKind
    unit: str
    frame: pl.DataFrame
    pairs: pl.DataFrame | None = None
    gallery: pl.DataFrame | None = None
    custom: CustomScoring | None = None

    def __post_init__(self) -> None:
        needed = (self.unit, *self.kind.truth_columns)
        missing = [name for name in needed if name not in self.frame.columns]
        refuse_truth(missing, f"{', '.join(missing)} missing; {self.kind.name} need {', '.join(needed)}")
        height = self.frame.height
        refuse_truth(not height, f"not a single {self.unit} to score; map or make at least one")
        for name in (self.unit, *NEVER_NULL):
            nulls = self.frame[name].null_count() if name in self.frame.columns else 0
            refuse_truth(nulls, f"{nulls:,} of {height:,} rows have no {name}; fill or drop them")
        keys = self.frame[self.unit]
        # Sorted keys are counted without a table of them.
        repeated = height - (keys.set_sorted() if keys.is_sorted() else keys).n_unique()
        refuse_truth(repeated, f"{repeated:,} of {height:,} rows repeat a {self.unit} key; keep one")
        if "weight" in self.frame.columns:
            weights = self.frame["weight"]
            bad = height - int((weights.is_finite() & (weights > 0)).sum())
            refuse_truth(bad, f"{bad:,} weights are not positive numbers; every unit needs one")
        self.kind.check_truth(self)
        if self.pairs is not None:
            self._check_pairs(self.pairs)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Labelsets only: the names of the labels, in the order of their columns."""
        columns = (name for name in self.frame.columns if name.startswith(LABEL_PREFIX))
        return tuple(name.removeprefix(LABEL_PREFIX) for name in columns)

    @property
    def candidates(self) -> pl.DataFrame:
        """Forecasts and links only: the gallery, whose rows lists may name. Raises UsageError without any."""
        if self.gallery is None or self.gallery.is_empty():
            columns = "region and candidate" if self.kind.has_parts else "region, view and candidate"
            raise UsageError(f"answers: no candidate at all; {self.kind.name} need a gallery of {columns}")
        return self.gallery

    def as_written(self, keys: pl.Series) -> pl.Series:
        """Return keys of units as the user wrote them; as they are where no names are known, or none of a key."""
        names = None if self.custom is None else self.custom.names
        if names is None or self.unit not in names.columns or keys.dtype != names.schema[self.unit]:
            return keys
        written = keys.replace_strict(names[self.unit], names["name"], default=None, return_dtype=pl.String)
        return written.fill_null(keys.cast(pl.String))

    def keep_answered(self, predictions: pl.DataFrame) -> pl.DataFrame:
        """Return the predictions of units that there is truth about; all of them where they lack the key."""
        key = self.kind.key(self.unit)
        if key not in predictions.columns:
            return predictions
        wanted = self.frame.select(pl.col(self.unit).alias(key))
        return predictions.join(wanted, on=key, how="semi", maintain_order="left")

    def _check_pairs(self, pairs: pl.DataFrame) -> None:
        missing = [name for name in ("left", "right", "label") if name not in pairs.columns]
        refuse_truth(missing, f"labelled pairs lack {', '.join(missing)}; they need left, right and label")
        ends = pl.concat([pairs["left"], pairs["right"]])
        unknown = ends.filter(~ends.is_in(self.frame[self.unit].implode()))
        refuse_truth(
            len(unknown),
            f"{len(unknown):,} ends of labelled pairs are not a known {self.unit} "
            f"(first: {', '.join(map(str, unknown.head(3)))}); map the same keys in both files",
        )

    def scored_rows(self, part: str = "test", beside: pl.Series | None = None) -> pl.DataFrame:
        """Return the rows that count, in the order of the frame; ``beside`` joins a column [frame rows]."""
        rows = self.counted_rows(part, beside)
        return rows.select(*rows.columns)

    def counted_rows(self, part: str = "test", beside: pl.Series | None = None) -> PartRows:
        """Return the same one column at a time."""
        frame = self.frame if beside is None else self.frame.with_columns(beside)
        return PartRows.of(frame, self.kind.counted_rows(frame, part))

    def scored_pairs(self) -> pl.DataFrame | None:
        """Return the labelled pairs that count: those of the test part, or all where pairs have no parts."""
        if self.pairs is None:
            return None
        known = self.pairs.filter(pl.col("label").is_not_null())
        return known.filter(pl.col("part") == "test") if "part" in known.columns else known
