"""One logistic regression a need on vectors that a frozen encoder makes of the notes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.contact_features import Standardised, note_texts
from tipbaselines.frames import labelled, to_predict
from tipbaselines.labelsets import OneEach, labelset_frame, targets
from tipbaselines.linear import logistic

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class EncodedNotes:
    """``c``: inverse strength of the L2 penalty."""

    needs: frozenset[str] = frozenset({"contacts.narrative"})
    stochastic = False
    encode: Callable[[list[str]], np.ndarray]
    """Return one vector a text, float32 (texts, numbers)."""

    def __init__(self, c: float = 0.003) -> None:
        self._c = c

    def fit(self, fold: "Fold", seed: int) -> None:
        train = labelled(fold, "train")
        vectors = self.encode(note_texts(train))
        self._standardised = Standardised(vectors)
        features = self._standardised(vectors)
        self._models = OneEach.fit(targets(train), lambda _, rows, y: logistic(features[rows], y, self._c))

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        features = self._standardised(self.encode(note_texts(frame)))
        return labelset_frame(frame[fold.task.unit], self._models.scores(features, frame.height))
