"""Contacts as numbers: whatever coded columns there are, and the note where there is one.

Nothing is asked for by name, so that a user's own columns serve as well: numbers and truth values enter as they are,
texts of few different values one column a value, and every gap leaves a mark of its own for linear models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.advert_text import TOKEN

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NOTE = "narrative"
LEFT_OUT = ("region", "minute", NOTE)
MOST_VALUES = 40
"""A text column of more different values than this is left out: it is not a category."""
FEWEST_ROWS = 5
"""A value or gap in fewer training rows gets no column of its own."""


def note_texts(frame: pl.DataFrame) -> list[str]:
    """Return the notes, '' where missing or where there is no such column."""
    if NOTE not in frame.columns:
        return [""] * frame.height
    return frame[NOTE].fill_null("").to_list()


@dataclass(frozen=True)
class Coded:
    """Coded columns as float32: ``numbers`` by name, and the values of each of the ``categories``."""

    numbers: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, frame: pl.DataFrame, unit: str) -> "Coded":
        """Learn from the training frame which columns there are, and their values."""
        numbers, categories = [], {}
        for name, dtype in frame.schema.items():
            if name in (unit, *LEFT_OUT):
                continue
            if dtype.is_numeric() or dtype == pl.Boolean:
                numbers.append(name)
            elif dtype == pl.String:
                counts = frame[name].drop_nulls().value_counts().filter(pl.col("count") >= FEWEST_ROWS)
                if 0 < counts.height <= MOST_VALUES:
                    categories[name] = tuple(counts[name].sort())
        return cls(tuple(numbers), categories)

    def values(self, frame: pl.DataFrame) -> np.ndarray:
        """Return (rows, columns) float32: numbers with gaps as NaN, then 0/1 a value of each category."""
        numbers = [pl.col(name).cast(pl.Float32) for name in self.numbers]
        ones = [
            pl.col(name).eq(value).fill_null(False).cast(pl.Float32).alias(f"{name}={value}")
            for name, values in self.categories.items()
            for value in values
        ]
        if not numbers and not ones:
            return np.zeros((frame.height, 0), dtype=np.float32)
        return frame.select(*numbers, *ones).to_numpy().astype(np.float32)


class Standardised:
    """Coded values for linear models: gaps filled with the mean and marked, every column of unit variance."""

    def __init__(self, values: np.ndarray) -> None:
        missing = np.isnan(values)
        self._marked = np.flatnonzero(missing.sum(axis=0) >= FEWEST_ROWS)
        counts = np.maximum((~missing).sum(axis=0), 1)
        self._mean = np.where(missing, 0.0, values).sum(axis=0) / counts
        filled = self._filled(values)
        self._centre, spread = filled.mean(axis=0), filled.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return (self._filled(values) - self._centre) / self._spread

    def _filled(self, values: np.ndarray) -> np.ndarray:
        missing = np.isnan(values)
        marks = missing[:, self._marked].astype(np.float64)
        return np.hstack([np.where(missing, self._mean, values), marks])


class NoteWords:
    """Word TF-IDF of notes: terms of up to ``ngrams`` words that ``min_df`` training notes have."""

    def __init__(self, ngrams: int, min_df: int) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._model = TfidfVectorizer(
            token_pattern=TOKEN, ngram_range=(1, ngrams), min_df=min_df, sublinear_tf=True
        )
        self._empty = False

    def fit(self, documents: Sequence[str]) -> "csr_matrix":
        """Learn the terms; a (documents, terms) matrix, without a column where no term is common enough."""
        try:
            return self._model.fit_transform(documents)
        except ValueError:
            # scikit-learn says so of documents without a single term.
            self._empty = True
            return self(documents)

    def __call__(self, documents: Sequence[str]) -> Any:
        from scipy.sparse import csr_matrix

        if self._empty:
            return csr_matrix((len(documents), 0))
        return self._model.transform(documents)
