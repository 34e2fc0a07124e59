"""Contacts as numbers, several labels and urgency as binary targets, and one model a target.

No column is required by name, so that a user's own columns serve as well: numbers and truth values enter as they are,
texts of few different values as one column a value. *Binary relevance*: every label is learnt on its own (Tsoumakas
and Katakis 2007). Urgency, levels 0 to 2, is two such targets, "1 or more" and "2"; their probabilities add up to the
expected level (Frank and Hall 2001).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import LABEL, SCORE, labelled_units, prevalence, to_predict
from tipbaselines.models import FEWEST_ROWS, Standardiser, fit_logistic
from tipbaselines.text import TOKEN

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


URGENCY = "urgency"
LEVELS = (1, 2)

Target = tuple[np.ndarray, np.ndarray]
"""Rows whose label is known, and these labels: int64 and 0/1 arrays of equal length."""


def targets(frame: pl.DataFrame) -> dict[str, Target]:
    """Return the binary targets of a labelled frame by name: labels first, then ``urgency>=1`` and ``urgency>=2``."""
    found: dict[str, Target] = {}
    for column in frame.columns:
        if column.startswith(LABEL):
            found[column.removeprefix(LABEL)] = _target(frame[column])
    if URGENCY in frame.columns:
        found |= {f"{URGENCY}>={level}": _target(frame[URGENCY] >= level) for level in LEVELS}
    return found


def _target(values: pl.Series) -> Target:
    known = values.is_not_null().to_numpy()
    return np.flatnonzero(known), values.drop_nulls().cast(pl.Int64).to_numpy()


def inputs(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without its labels."""
    return frame.select(c for c in frame.columns if not c.startswith(LABEL) and c != URGENCY)


def labelset_frame(units: pl.Series, scores: dict[str, np.ndarray]) -> pl.DataFrame:
    """Return predictions [unit, score_<label> ..., score_urgency where it was learnt] of targets' probabilities."""
    columns = {f"{SCORE}{n}": s for n, s in scores.items() if not n.startswith(f"{URGENCY}>=")}
    levels = [s for n, s in scores.items() if n.startswith(f"{URGENCY}>=")]
    if levels:
        columns[f"{SCORE}{URGENCY}"] = np.sum(levels, axis=0)
    return pl.DataFrame({units.name: units, **{n: np.asarray(s, np.float64) for n, s in columns.items()}})


Model = Callable[[Any], np.ndarray]
"""Features -> probabilities."""
Classifier = Callable[[str, np.ndarray, np.ndarray], Model]
"""(target, its rows, their 0/1 labels with both classes) -> a fitted model."""


@dataclass(frozen=True)
class OneEach:
    """One fitted model a target; the training prevalence where a target had one class only."""

    models: dict[str, Model]
    priors: dict[str, float]

    @classmethod
    def fit(cls, of: dict[str, Target], classifier: Classifier) -> "OneEach":
        models = {n: classifier(n, rows, y) for n, (rows, y) in of.items() if 0 < y.sum() < len(y)}
        return cls(models, {n: prevalence(y) for n, (_, y) in of.items()})

    def scores(self, features: Any, rows: int) -> dict[str, np.ndarray]:
        """Return probabilities by target, float64 (rows,)."""
        return {
            name: self.models[name](features) if name in self.models else np.full(rows, prior)
            for name, prior in self.priors.items()
        }


NOTE = "narrative"
LEFT_OUT = ("region", "minute", NOTE)
MOST_VALUES = 40
"""A text column of more different values than this is left out: it is not a category."""


def note_texts(frame: pl.DataFrame) -> list[str]:
    """Return the notes, '' where missing or without such a column."""
    if NOTE not in frame.columns:
        return [""] * frame.height
    return frame[NOTE].fill_null("").to_list()


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


@dataclass(eq=False)
class EncodedNotes:
    """One logistic regression a need on vectors that a frozen encoder makes of the notes.

    ``c``: inverse strength of the L2 penalty.
    """

    c: float = 0.003
    needs = frozenset({"contacts.narrative"})
    stochastic = False

    @staticmethod
    def encode(texts: list[str]) -> np.ndarray:
        """Return one vector a text, float32 (texts, numbers)."""
        raise NotImplementedError

    def fit(self, fold: Fold, seed: int) -> None:
        train = labelled_units(fold, "train")
        vectors = self.encode(note_texts(train))
        self._standardised = Standardiser(vectors)
        features = self._standardised(vectors)
        self._models = OneEach.fit(targets(train), lambda _, rows, y: fit_logistic(features[rows], y, self.c))

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        features = self._standardised(self.encode(note_texts(frame)))
        return labelset_frame(frame[fold.task.unit], self._models.scores(features, frame.height))
