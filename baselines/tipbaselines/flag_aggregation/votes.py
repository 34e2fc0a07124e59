"""A crowd's votes as integer arrays: what every method of aggregation works on.

Votes of a release are harmful, clear or unsure; a user's own are these words, 0 and 1, or names of any classes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

from tipbaselines.frames import LABEL, SCORE, score_frame, shares, to_predict
from tipbaselines.graphs import dense_codes

CLEAR, HARMFUL, UNSURE = range(3)  # Codes of votes where there are two classes
CODES = {
    **dict.fromkeys(("clear", "0", "0.0", "false"), CLEAR),
    **dict.fromkeys(("harmful", "1", "1.0", "true"), HARMFUL),
    "unsure": UNSURE,
}
"""What a vote may be where there are two classes, in lower case, and its code."""

NEEDS = frozenset({"reviews.advert", "reviews.reviewer", "reviews.vote"})


@dataclass(frozen=True)
class Votes:
    """Votes on items by reviewers. ``item``, ``reviewer`` and ``vote`` are int64 [votes], numbered from 0.

    ``known``: integers [items], the class that a method may learn from, -1 for most. ``classes``: how many an item may
    be of; a vote of this number is an unsure one. ``wait``: float64 [votes], time since the first vote on the item, in
    the unit of ``reviews.minute``; None where times are unknown.
    """

    item: np.ndarray
    reviewer: np.ndarray
    vote: np.ndarray
    reviewers: int
    known: np.ndarray
    classes: int = 2
    wait: np.ndarray | None = None

    @property
    def items(self) -> int:
        return len(self.known)

    @property
    def unsure(self) -> np.ndarray:
        """Which votes [votes] are unsure."""
        return self.vote == self.classes

    @cached_property
    def labels(self) -> int:
        """How many different votes there are: the classes, and one more where anybody is unsure."""
        return self.classes + int(self.unsure.any())

    def without_unsure(self) -> Votes:
        """Return the same without the unsure votes."""
        sure = ~self.unsure
        wait = None if self.wait is None else self.wait[sure]
        return replace(
            self, item=self.item[sure], reviewer=self.reviewer[sure], vote=self.vote[sure], wait=wait
        )

    def of_operators(self, operator: np.ndarray) -> Votes:
        """Return the same votes on operators. ``operator``: int64 [items], the number of each item's. What is known of
        one item is known of its operator, but where items that are known differ."""
        operators, given = int(operator.max(initial=-1)) + 1, self.known >= 0
        highest, lowest = np.full(operators, -1), np.full(operators, self.classes)
        np.maximum.at(highest, operator, self.known)
        np.minimum.at(lowest, operator[given], self.known[given])
        return replace(self, item=operator[self.item], known=np.where(highest == lowest, highest, -1))

    def clamp(self, posterior: np.ndarray) -> np.ndarray:
        """Return the posterior [items, classes] with certainty where the class is known."""
        sure = np.eye(self.classes)[np.maximum(self.known, 0)]
        return np.where((self.known >= 0)[:, None], sure, posterior)

    @cached_property
    def cell(self) -> np.ndarray:
        """Number [votes] of each vote's cell in a table [reviewers, labels]."""
        return self.reviewer * self.labels + self.vote

    def per_cell(self, values: np.ndarray) -> np.ndarray:
        """Return sums [reviewers, labels] of values [votes]."""
        return np.bincount(self.cell, values, self.reviewers * self.labels).reshape(-1, self.labels)

    def per_vote(self, values: np.ndarray) -> np.ndarray:
        """Return sums [items, labels] of values [votes]."""
        cell = self.item * self.labels + self.vote
        return np.bincount(cell, values, self.items * self.labels).reshape(-1, self.labels)

    def per_item(self, values: np.ndarray) -> np.ndarray:
        """Return sums [items, ...] of values [votes, ...]."""
        columns = values.reshape(len(values), math.prod(values.shape[1:])).T
        sums = [np.bincount(self.item, column, self.items) for column in columns]
        return np.column_stack(sums).reshape(self.items, *values.shape[1:])

    def per_reviewer(self, values: np.ndarray) -> np.ndarray:
        """Return sums [reviewers] of values [votes]."""
        return np.bincount(self.reviewer, values, self.reviewers)

    def chances(self, truth: np.ndarray, smoothing: float, weight: float | np.ndarray = 1.0) -> np.ndarray:
        """Return the probability [votes, classes] of each vote under each class, by its reviewer's confusions.

        ``truth``: probabilities [items, classes]. ``smoothing``: votes of the crowd's confusion that every reviewer
        starts with, for each class. ``weight``: how much each vote counts.
        """
        by_class = []
        for column in truth.T:
            counts = self.per_cell(column[self.item] * weight)
            crowd = counts.sum(axis=0) + 1.0
            by_class.append(shares(counts + smoothing * crowd / crowd.sum()).ravel()[self.cell])
        return np.column_stack(by_class)


def read_votes(fold: Fold) -> tuple[pl.Series, Votes]:
    """Return the units of all parts, sorted, and the votes on them with the labels of the train part as known.

    An aggregation method learns reviewers from the votes on all parts; labels of the valid part are left for choosing
    settings and thresholds. Raises UsageError for an unknown vote.
    """
    unit, names = fold.task.unit, class_names(fold)
    units = fold.parts[unit].unique().sort()
    reviews = fold.tables["reviews"]
    timed = "minute" in reviews.collect_schema()
    wait = (pl.col("minute") - pl.col("minute").min().over(unit)).cast(pl.Float64).alias("wait")
    frame = reviews.select(unit, "reviewer", "vote", *([wait] if timed else [])).collect()
    numbered = pl.DataFrame({unit: units, "item": np.arange(len(units))})
    frame = frame.join(numbered, on=unit).sort("item", "reviewer", "vote")
    labels = numbered.join(fold.labels("train").collect(), on=unit, how="left", maintain_order="left")
    # The class whose column of 0 and 1 has the 1; null where none has.
    numbers = [pl.when(pl.col(f"{LABEL}{name}") == 1).then(number) for number, name in enumerate(names)]
    known = labels.select(pl.coalesce(numbers or "label")).to_series()
    reviewer = dense_codes(frame["reviewer"])
    return units, Votes(
        item=frame["item"].to_numpy(),
        reviewer=reviewer,
        vote=vote_codes(frame["vote"], names),
        reviewers=int(reviewer.max(initial=-1)) + 1,
        known=known.fill_null(-1).cast(pl.Int64).to_numpy(),
        wait=frame["wait"].fill_null(0.0).to_numpy() if timed else None,
        classes=len(names) or 2,
    )


def class_names(fold: Fold) -> list[str]:
    """Return names of the classes of a user's own crowd, in order; none where units are harmful or clear."""
    columns = fold.supervision.columns
    return [column.removeprefix(LABEL) for column in columns if column.startswith(LABEL)]


def vote_codes(votes: pl.Series, names: Sequence[str] = ()) -> np.ndarray:
    """Return votes as int64 codes: numbers of the ``names`` of classes, or by :data:`CODES`. Raises UsageError, naming
    the first, where one is none of :data:`CODES`."""
    if names:
        return votes.replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    text = votes.cast(pl.String).str.strip_chars().str.to_lowercase()
    coded = text.replace_strict(list(CODES), list(CODES.values()), default=None, return_dtype=pl.Int64)
    if unknown := coded.null_count():
        first = votes.filter(coded.is_null())[0]
        raise UsageError(
            f"reviews: {unknown:,} of {len(votes):,} votes are none of {', '.join(CODES)} (first: {first}): "
            "map the column vote to them."
        )
    return coded.to_numpy()


class CrowdMethod(ABC):
    """Base of methods that learn reviewers and items from all votes at once."""

    needs = NEEDS
    stochastic = False

    @abstractmethod
    def posterior(self, votes: Votes, seed: int = 0) -> np.ndarray:
        """Return probabilities [items, classes]."""

    def fit(self, fold: Fold, seed: int) -> None:
        self._units, votes = read_votes(fold)
        self._scores = self.posterior(votes, seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        """Return ``[unit, score]`` of harmful, or ``score_<class>`` of each class, sorted by unit."""
        wanted = to_predict(fold)[fold.task.unit]
        rows = self._scores[self._units.search_sorted(wanted).to_numpy()]
        if not (names := class_names(fold)):
            return score_frame(wanted, rows[:, HARMFUL])
        return pl.DataFrame({wanted.name: wanted, **{f"{SCORE}{n}": rows[:, k] for k, n in enumerate(names)}})
