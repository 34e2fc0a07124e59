"""Word TF-IDF of the note and one logistic regression a need: the classical supervised reading of a note.

Salton and Buckley (1988) for the weights; binary relevance as of Tsoumakas and Katakis (2007). Needs the note and
labels. Words of six languages are learnt side by side, so a language that training lacks is not read at all. Cost:
about ten seconds for 3,000 notes.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from tipbaselines.assistance_triage.contacts import LogisticEach, NoteWords, note_texts


@dataclass(eq=False)
class TfidfOvr(LogisticEach):
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest notes."""

    c: float = 1.0
    ngrams: int = 1
    min_df: int = 2
    needs = frozenset({"contacts.narrative"})

    def fit_features(self, train: pl.DataFrame, unit: str) -> Any:
        self._words = NoteWords(self.ngrams, self.min_df)
        return self._words.fit_transform(note_texts(train))

    def features(self, frame: pl.DataFrame) -> Any:
        return self._words.transform(note_texts(frame))
