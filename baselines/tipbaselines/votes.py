"""A crowd's votes as integer arrays: what every method of aggregation works on.

The votes of a release are words (harmful, clear, unsure); those of a user's own crowd are 0 and 1, or these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipdata.core.errors import UsageError

from tipbaselines.frames import score_frame

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

CLEAR, HARMFUL, UNSURE = range(3)
CODES = {
    **dict.fromkeys(("clear", "0", "0.0", "false"), CLEAR),
    **dict.fromkeys(("harmful", "1", "1.0", "true"), HARMFUL),
    "unsure": UNSURE,
}
"""What a vote may be, in lower case, and its code."""

NEEDS = frozenset({"reviews.advert", "reviews.reviewer", "reviews.vote"})


@dataclass(frozen=True)
class Votes:
    """Votes on items by reviewers. ``item``, ``reviewer`` and ``vote`` are int64 [votes], numbered from 0.

    ``known``: int8 [items], the label that a method may learn from, -1 for most. ``labels``: how many different
    votes there are, 2 where nobody is ever unsure and else 3.
    """

    item: np.ndarray
    reviewer: np.ndarray
    vote: np.ndarray
    reviewers: int
    known: np.ndarray

    @property
    def items(self) -> int:
        return len(self.known)

    @cached_property
    def labels(self) -> int:
        return 3 if (self.vote == UNSURE).any() else 2

    def decided(self) -> Votes:
        """The same without the unsure votes."""
        sure = self.vote != UNSURE
        return Votes(self.item[sure], self.reviewer[sure], self.vote[sure], self.reviewers, self.known)

    def clamped(self, posterior: np.ndarray) -> np.ndarray:
        """The posterior [items] with certainty where the label is known."""
        return np.where(self.known >= 0, self.known, posterior)

    @cached_property
    def cell(self) -> np.ndarray:
        """Number [votes] of each vote's cell in a table [reviewers, labels]."""
        return self.reviewer * self.labels + self.vote

    def per_cell(self, values: np.ndarray) -> np.ndarray:
        """Sums [reviewers, labels] of values [votes]."""
        size = (self.reviewers, self.labels)
        return np.bincount(self.cell, values, size[0] * size[1]).reshape(size)

    def per_item(self, values: np.ndarray) -> np.ndarray:
        """Sums [items] of values [votes]."""
        return np.bincount(self.item, values, self.items)

    def per_reviewer(self, values: np.ndarray) -> np.ndarray:
        """Sums [reviewers] of values [votes]."""
        return np.bincount(self.reviewer, values, self.reviewers)


def read_votes(fold: Fold) -> tuple[pl.Series, Votes]:
    """The units of all parts, sorted, and the votes on them with the labels of the train part as known.

    An aggregation method learns reviewers from all votes that it is shown, whatever part they are on; labels of
    the valid part are left for choosing settings and thresholds. Raises UsageError for a vote that is none.
    """
    unit = fold.task.unit
    units = fold.parts[unit].unique().sort()
    frame = fold.tables["reviews"].select(unit, "reviewer", "vote").collect()
    numbered = pl.DataFrame({unit: units, "item": np.arange(len(units))})
    frame = frame.join(numbered, on=unit).sort("item", "reviewer", "vote")
    labels = numbered.join(fold.labels("train").collect(), on=unit, how="left", maintain_order="left")[
        "label"
    ]
    reviewer = frame["reviewer"].rank("dense").to_numpy().astype(np.int64) - 1
    return units, Votes(
        item=frame["item"].to_numpy(),
        reviewer=reviewer,
        vote=vote_codes(frame["vote"]),
        reviewers=int(reviewer.max(initial=-1)) + 1,
        known=labels.fill_null(-1).cast(pl.Int8).to_numpy(),
    )


def vote_codes(votes: pl.Series) -> np.ndarray:
    """Votes as int64 codes. Raises UsageError, naming the first, where one is none of :data:`CODES`."""
    text = votes.cast(pl.String).str.strip_chars().str.to_lowercase()
    coded = text.replace_strict(list(CODES), list(CODES.values()), default=None, return_dtype=pl.Int64)
    if unknown := coded.null_count():
        first = votes.filter(coded.is_null())[0]
        raise UsageError(
            f"reviews: {unknown:,} of {len(votes):,} votes are none of {', '.join(CODES)} (first: {first}): "
            "map the column vote to them."
        )
    return coded.to_numpy()


def unit_scores(fold: Fold, units: pl.Series, scores: np.ndarray) -> pl.DataFrame:
    """Predictions ``[unit, score]`` of those units [items] that the task wants predicted, sorted by unit."""
    wanted = fold.to_predict().select(units.name).collect()[units.name].sort()
    return score_frame(wanted, np.asarray(scores)[units.search_sorted(wanted).to_numpy()])
