"""What a cell is run and scored with: its folds, the truth, and what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from tipbench.data.fold import Fold
from tipbench.data.streams.steps import Stream
from tipbench.kinds.answers import Answers


@dataclass(frozen=True)
class Prepared:
    """The folds of a cell and the truth that their predictions are pooled and scored against.

    ``pair_answers``: for a user's labelled pairs, the truth about scored pairs (kind scores, unit ``pair``).
    ``streams``: of a streamed task, what each fold's method is handed step by step. ``many``: of a user's
    own data, how many columns ``"*"`` gave each table. ``notes``: one
    sentence each about what the reader of a score should know. ``seconds``: wall time of preparing.
    """

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

    @property
    def names(self) -> pl.DataFrame | None:
        """For a user's own data ``[unit, name]`` with the ids as the user wrote them, where they are no integers."""
        return None if self.answers.custom is None else self.answers.custom.names

    def answers_to(self, predictions: pl.DataFrame) -> Answers:
        """The answers that these predictions are about: those of pairs where it has a column ``pair``."""
        return (
            self.pair_answers
            if self.pair_answers is not None and "pair" in predictions.columns
            else self.answers
        )
