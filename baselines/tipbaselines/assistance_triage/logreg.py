"""Logistic regression a need on the coded facts and the words of the note together.

Binary relevance (Tsoumakas and Katakis 2007): the linear model that reads everything there is. Facts enter
standardised, gaps filled with the mean and marked. Needs nothing by name: any numeric, Boolean or categorical columns
of contacts serve, and the note where there is one. Cost: about ten seconds for 3,000 contacts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import (
    CodedColumns,
    NoteWords,
    OneEach,
    inputs,
    labelset_frame,
    note_texts,
    targets,
)
from tipbaselines.frames import labelled_units, to_predict
from tipbaselines.models import Standardiser, fit_logistic


@dataclass(eq=False)
class LogReg:
    """``c``: inverse strength of the L2 penalty; ``note_scale``: factor on the TF-IDF of the note beside the facts.

    ``ngrams``, ``min_df``: longest term of the note in words, and its fewest notes.
    """

    c: float = 0.01
    note_scale: float = 8.0
    ngrams: int = 2
    min_df: int = 2
    needs = frozenset[str]()
    takes_many = frozenset({"contacts"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        train = labelled_units(fold, "train")
        self._coded = CodedColumns.of(inputs(train), fold.task.unit)
        values = self._coded.values(train)
        self._standardised = Standardiser(values)
        self._words = NoteWords(self.ngrams, self.min_df)
        matrix = self._joined(values, self._words.fit(note_texts(train)))
        self._models = OneEach.fit(targets(train), lambda _, rows, y: fit_logistic(matrix[rows], y, self.c))

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        features = self._joined(self._coded.values(frame), self._words(note_texts(frame)))
        return labelset_frame(frame[fold.task.unit], self._models.scores(features, frame.height))

    def _joined(self, values: np.ndarray, words: Any) -> Any:
        from scipy.sparse import csr_matrix, hstack

        return csr_matrix(hstack([csr_matrix(self._standardised(values)), words * self.note_scale]))
