"""Contacts as numbers, several labels and urgency as binary targets, and one model a target.

No column is required by name: numbers and truth values enter as they are, texts of few different values as one column a
value. *Binary relevance*: every label is learnt on its own (Tsoumakas and Katakis 2007). Urgency, levels 0 to 2, is two
such targets, "1 or more" and "2"; their probabilities add up to the expected level (Frank and Hall 2001).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.frames import (
    FEW_LEVELS,
    LABEL,
    SCORE,
    labelled_units,
    level_columns,
    prevalence,
    to_predict,
)
from tipbaselines.models import FEWEST_ROWS, Model, constant, fit_logistic
from tipbaselines.text import TOKEN

URGENCY = "urgency"
LEVELS = (1, 2)

Target = tuple[np.ndarray, np.ndarray]
"""Rows whose label is known, and these labels: int64 and 0/1 arrays of equal length."""


def targets(frame: pl.DataFrame) -> dict[str, Target]:
    """Return the binary targets of a labelled frame by name: labels first, then ``urgency>=1`` and ``urgency>=2``."""
    found = {c.removeprefix(LABEL): frame[c] for c in frame.columns if c.startswith(LABEL)}
    if URGENCY in frame.columns:
        found |= {f"{URGENCY}>={level}": frame[URGENCY] >= level for level in LEVELS}
    return {name: _target(values) for name, values in found.items()}


def _target(values: pl.Series) -> Target:
    known = values.is_not_null().to_numpy()
    return np.flatnonzero(known), values.drop_nulls().cast(pl.Int64).to_numpy()


def labelset_frame(units: pl.Series, scores: dict[str, np.ndarray]) -> pl.DataFrame:
    """Return predictions [unit, score_<label> ..., score_urgency where it was learnt] of targets' probabilities."""
    columns = {f"{SCORE}{n}": s for n, s in scores.items() if not n.startswith(f"{URGENCY}>=")}
    levels = [s for n, s in scores.items() if n.startswith(f"{URGENCY}>=")]
    if levels:
        columns[f"{SCORE}{URGENCY}"] = np.sum(levels, axis=0)
    return pl.DataFrame({units.name: units, **{n: np.asarray(s, np.float64) for n, s in columns.items()}})


Classifier = Callable[[str, np.ndarray, np.ndarray], Model]
"""(target, its rows, their 0/1 labels with both classes) -> a fitted model."""


def fit_each(of: dict[str, Target], classifier: Classifier) -> dict[str, Model]:
    """Return one fitted model a target; the training prevalence where a target has one class only."""
    return {
        name: classifier(name, rows, y) if 0 < y.sum() < len(y) else constant(prevalence(y))
        for name, (rows, y) in of.items()
    }


def priors(fold: Fold) -> dict[str, float]:
    """Return the prevalence of each target in train."""
    return {name: prevalence(y) for name, (_, y) in targets(labelled_units(fold, "train")).items()}


NOTE = "narrative"
LEFT_OUT = ("region", "minute", "known_contact", NOTE, URGENCY)


def note_texts(frame: pl.DataFrame) -> list[str]:
    """Return the notes, '' where missing or without such a column."""
    return frame[NOTE].fill_null("").to_list() if NOTE in frame.columns else [""] * frame.height


@dataclass(frozen=True)
class CodedColumns:
    """Coded columns as float32: ``numbers`` by name, and the values of each of the ``categories``."""

    numbers: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, frame: pl.DataFrame, unit: str) -> "CodedColumns":
        """Learn from the training frame which columns there are, and their values."""
        numbers, categories = [], {}
        for name, dtype in frame.schema.items():
            if name in (unit, *LEFT_OUT) or name.startswith(LABEL):
                continue
            if dtype.is_numeric() or dtype == pl.Boolean:
                numbers.append(name)
            elif dtype == pl.String:
                counts = frame[name].drop_nulls().value_counts().filter(pl.col("count") >= FEWEST_ROWS)
                if 0 < counts.height <= FEW_LEVELS:
                    categories[name] = tuple(counts[name].sort())
        return cls(tuple(numbers), categories)

    def values(self, frame: pl.DataFrame) -> np.ndarray:
        """Return (rows, columns) float32: numbers with gaps as NaN, then 0/1 a value of each category."""
        numbers = [pl.col(name).cast(pl.Float32) for name in self.numbers]
        ones = [e for name, values in self.categories.items() for e in level_columns(name, values)]
        if not numbers and not ones:
            return np.zeros((frame.height, 0), dtype=np.float32)
        return frame.select(*numbers, *ones).to_numpy().astype(np.float32)


class NoteWords:
    """Word TF-IDF of notes: terms of up to ``ngrams`` words that ``min_df`` training notes have."""

    def __init__(self, ngrams: int, min_df: int) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._model = TfidfVectorizer(
            token_pattern=TOKEN, ngram_range=(1, ngrams), min_df=min_df, sublinear_tf=True
        )
        self._empty = False

    def fit_transform(self, documents: Sequence[str]) -> csr_matrix:
        """Learn the terms; a (documents, terms) matrix, without a column where no term is common enough."""
        try:
            return self._model.fit_transform(documents)
        except ValueError:  # of documents without a single term
            self._empty = True
            return self.transform(documents)

    def transform(self, documents: Sequence[str]) -> Any:
        return csr_matrix((len(documents), 0)) if self._empty else self._model.transform(documents)


class OneModelEach(ABC):
    """Base of methods with one model a target, ``models``, on features of all."""

    models: dict[str, Model]
    stochastic = False

    @abstractmethod
    def features(self, frame: pl.DataFrame) -> Any:
        """Return (rows, features) of contacts, dense or sparse."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        features = self.features(frame)
        return labelset_frame(frame[fold.task.unit], {n: model(features) for n, model in self.models.items()})


class LogisticEach(OneModelEach):
    """Base of methods with one logistic regression a target; ``c``: inverse strength of the L2 penalty."""

    c: float

    @abstractmethod
    def fit_features(self, train: pl.DataFrame, unit: str) -> Any:
        """Learn the features; return those of the training contacts."""

    def fit(self, fold: Fold, seed: int) -> None:
        train = labelled_units(fold, "train")
        matrix = self.fit_features(train, fold.task.unit)
        self.models = fit_each(targets(train), lambda _, rows, y: fit_logistic(matrix[rows], y, self.c))
