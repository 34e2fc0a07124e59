"""What a cell is run and scored with: its folds, the truth, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from tipbench.data.fold import Fold
from tipbench.data.streams.steps import Stream
from tipbench.kinds.answers import Answers
from tipbench.task import Task


def as_they_are(predictions: pl.DataFrame) -> pl.DataFrame:
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
    ``back``: brings predictions from the ids of the folds to those of the truth (:mod:`tipbench.data.relabelled`).
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
    streams: list[Stream] = field(default_factory=list, repr=False)
    many: dict[str, int] = field(default_factory=dict)
    valid_answers: Callable[[], Answers] | None = field(default=None, repr=False, compare=False)
    back: Callable[[pl.DataFrame], pl.DataFrame] = field(default=as_they_are, repr=False, compare=False)

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
