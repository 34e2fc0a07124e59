"""Logistic regression a need on the coded facts and the words of the note together.

Binary relevance (Tsoumakas and Katakis 2007): the linear model that reads everything there is. Facts enter
standardised, gaps filled with the mean and marked. Needs nothing by name: any numeric, Boolean or categorical columns
of contacts serve, and the note where there is one. Cost: about ten seconds for 3,000 contacts.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from scipy.sparse import csr_matrix, hstack

from tipbaselines.assistance_triage.contacts import CodedColumns, LogisticEach, NoteWords, note_texts
from tipbaselines.models import Standardiser


@dataclass(eq=False)
class LogReg(LogisticEach):
    """``c``: inverse strength of the L2 penalty; ``note_scale``: factor on the TF-IDF of the note beside the facts.
    ``ngrams``, ``min_df``: longest term of the note in words, and its fewest notes."""

    c: float = 0.01
    note_scale: float = 8.0
    ngrams: int = 2
    min_df: int = 2
    needs = frozenset[str]()
    takes_many = frozenset({"contacts"})

    def fit_features(self, train: pl.DataFrame, unit: str) -> Any:
        self._coded = CodedColumns.of(train, unit)
        self._standardised = Standardiser(self._coded.values(train))
        self._words = NoteWords(self.ngrams, self.min_df)
        return self._join(train, self._words.fit_transform(note_texts(train)))

    def features(self, frame: pl.DataFrame) -> Any:
        return self._join(frame, self._words.transform(note_texts(frame)))

    def _join(self, frame: pl.DataFrame, words: Any) -> Any:
        facts = csr_matrix(self._standardised(self._coded.values(frame)))
        return csr_matrix(hstack([facts, words * self.note_scale]))
