"""Word TF-IDF of the note and one logistic regression a need: the classical supervised reading of a note.

Salton and Buckley (1988) for the weights; binary relevance as of Tsoumakas and Katakis (2007). Needs the note and
labels. Words of six languages are learnt side by side, so a language that training lacks is not read at all. Cost:
about ten seconds for 3,000 notes.
"""

from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import NoteWords, OneEach, labelset_frame, note_texts, targets
from tipbaselines.frames import labelled_units, to_predict
from tipbaselines.models import fit_logistic


@dataclass(eq=False)
class TfidfOvr:
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest notes."""

    c: float = 1.0
    ngrams: int = 1
    min_df: int = 2
    needs = frozenset({"contacts.narrative"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        train = labelled_units(fold, "train")
        self._words = NoteWords(self.ngrams, self.min_df)
        matrix = self._words.fit(note_texts(train))
        self._models = OneEach.fit(targets(train), lambda _, rows, y: fit_logistic(matrix[rows], y, self.c))

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        features = self._words(note_texts(frame))
        return labelset_frame(frame[fold.task.unit], self._models.scores(features, frame.height))
