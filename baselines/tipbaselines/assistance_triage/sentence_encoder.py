"""A frozen multilingual sentence encoder's mean vector of the note and one logistic regression a need.

Yang et al. (2020) for the encoder; binary relevance as of Tsoumakas and Katakis (2007). It reads all six languages of
the notes as one, so that a need learnt in one is found in another. Needs the note and labels, and the extra
``encoder``. Cost: a quarter of a minute for 4,000 notes on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipbaselines.assistance_triage.contacts import LogisticEach, note_texts
from tipbaselines.encoders import ENCODER, text_vectors
from tipbaselines.models import Standardiser


@dataclass(eq=False)
class SentenceEncoder(LogisticEach):
    """``c``: inverse strength of the L2 penalty."""

    c: float = 0.003
    needs = frozenset({"contacts.narrative"})
    entry_class = "outside"
    resources = (ENCODER,)

    def fit_features(self, train: pl.DataFrame, unit: str) -> np.ndarray:
        vectors = text_vectors(note_texts(train))
        self._standardised = Standardiser(vectors)
        return self._standardised(vectors)

    def features(self, frame: pl.DataFrame) -> np.ndarray:
        return self._standardised(text_vectors(note_texts(frame)))
