"""A frozen multilingual sentence encoder's mean vector of the note and one logistic regression a need.

Yang et al. (2020) for the encoder; binary relevance as of Tsoumakas and Katakis (2007). It reads all six languages of
the notes as one, so that a need learnt in one is found in another. Needs the note and labels, and the extra
``encoder``. Cost: a quarter of a minute for 4,000 notes on one core.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.contact_features import Standardised, note_texts
from tipbaselines.frames import labelled, to_predict
from tipbaselines.labelsets import OneEach, labelset_frame, targets
from tipbaselines.linear import logistic
from tipbaselines.sentence_vectors import text_vectors

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class SentenceEncoder:
    """``c``: inverse strength of the L2 penalty."""

    needs: frozenset[str] = frozenset({"contacts.narrative"})
    stochastic = False

    def __init__(self, c: float = 0.003) -> None:
        self._c = c

    def fit(self, fold: "Fold", seed: int) -> None:
        train = labelled(fold, "train")
        vectors = text_vectors(note_texts(train))
        self._standardised = Standardised(vectors)
        features = self._standardised(vectors)
        self._models = OneEach.fit(targets(train), lambda _, rows, y: logistic(features[rows], y, self._c))

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        features = self._standardised(text_vectors(note_texts(frame)))
        return labelset_frame(frame[fold.task.unit], self._models.scores(features, frame.height))
