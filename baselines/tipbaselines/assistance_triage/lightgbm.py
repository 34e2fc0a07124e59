"""Gradient-boosted trees on the coded facts and on a linear model of the note, one model a need.

Ke et al. (2017). The note enters as the log-odds of every need by a logistic regression on its words, cross-fitted so
that no tree sees a score learnt from the same contact (stacking, Wolpert 1992); so each need also sees the scores of
the others. The valid part stops the boosting. Needs nothing by name: any numeric, Boolean or categorical columns of
contacts serve. Cost: about half a minute for 3,000 contacts on one core.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import (
    CodedColumns,
    NoteWords,
    OneModelEach,
    Target,
    fit_each,
    note_texts,
    targets,
)
from tipbaselines.frames import labelled_units, logit
from tipbaselines.models import Model, fit_logistic
from tipbaselines.trees import BoostedTrees, make_datasets


@dataclass(eq=False)
class LightGBM(OneModelEach):
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; half as many without valid.
    ``c``, ``ngrams``, ``min_df``, ``crossfits``: of the linear model of the note."""

    rounds: int = 400
    patience: int = 40
    learning_rate: float = 0.03
    leaves: int = 4
    leaf_size: int = 20
    feature_share: float = 0.4
    l2: float = 10.0
    c: float = 1.0
    ngrams: int = 2
    min_df: int = 2
    crossfits: int = 5
    threads: int = 1
    needs = frozenset[str]()
    takes_many = frozenset({"contacts"})
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        train, valid = labelled_units(fold, "train"), labelled_units(fold, "valid")
        of, watched_of = targets(train), targets(valid)
        self._coded = CodedColumns.of(train, fold.task.unit)
        features = np.hstack([self._coded.values(train), self._fit_note(train, of)])
        unseen = self.features(valid)
        trees = replace(BoostedTrees.of(self), unwatched=self.rounds // 2)

        def classifier(name: str, rows: np.ndarray, labels: np.ndarray) -> Model:
            seen, truth = watched_of.get(name, (rows[:0], labels[:0]))
            return trees.fit(*make_datasets((features[rows], labels), (unseen[seen], truth)), seed)

        self.models = fit_each(of, classifier)

    def _fit_note(self, train: pl.DataFrame, of: dict[str, Target]) -> np.ndarray:
        """Fit a linear model of the note for every target; return cross-fitted log-odds (training rows, targets)."""
        documents = note_texts(train)
        self._note = None
        if not any(documents):
            return np.zeros((train.height, 0))
        self._words = NoteWords(self.ngrams, self.min_df)
        matrix = self._words.fit_transform(documents)
        part = np.arange(train.height) % self.crossfits
        made = np.zeros((train.height, len(of)))
        for number in range(self.crossfits):
            kept = {n: (rows[part[rows] != number], y[part[rows] != number]) for n, (rows, y) in of.items()}
            made[part == number] = _log_odds(self._linear(matrix, kept), matrix[part == number])
        self._note = self._linear(matrix, of)
        return made

    def _linear(self, matrix: Any, of: dict[str, Target]) -> dict[str, Model]:
        return fit_each(of, lambda _, rows, y: fit_logistic(matrix[rows], y, self.c))

    def features(self, frame: pl.DataFrame) -> np.ndarray:
        """Return (rows, features): coded columns with gaps as NaN, then the log-odds of the note."""
        values = self._coded.values(frame)
        if self._note is None:
            return values
        return np.hstack([values, _log_odds(self._note, self._words.transform(note_texts(frame)))])


def _log_odds(models: dict[str, Model], matrix: Any) -> np.ndarray:
    return np.column_stack([logit(model(matrix)) for model in models.values()])
