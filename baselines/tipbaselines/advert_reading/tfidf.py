"""Word TF-IDF (one- and two-word terms) and one logistic regression a level: the classical supervised reading.

Salton and Buckley (1988) for the weights; binary relevance as of Tsoumakas and Katakis (2007). Needs the text and
labels. Words of six languages are learnt side by side, so a language that training lacks is not read at all. Cost: a
minute for 10,000 adverts on one core.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from tipbaselines.assistance_triage.contacts import LogisticEach, NoteWords
from tipbaselines.text import texts


@dataclass(eq=False)
class Tfidf(LogisticEach):
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest adverts."""

    c: float = 10.0
    ngrams: int = 2
    min_df: int = 2
    needs = frozenset({"adverts.body"})
    batches = "regions"

    def fit_features(self, train: pl.DataFrame, unit: str) -> Any:
        self._words = NoteWords(self.ngrams, self.min_df)
        return self._words.fit_transform(texts(train))

    def features(self, frame: pl.DataFrame) -> Any:
        return self._words.transform(texts(frame))
