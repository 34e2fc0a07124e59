"""The mean of a frozen multilingual sentence encoder's vectors, and logistic regression: what an advert means.

Yang et al. (2020) for the encoder, whose weights are not trained further; a linear model of a mean of vectors adds up
what it learnt of each sentence. Two sentences of one meaning are near each other in any language, so that it reads
languages that training lacks. Case, marks, emoji and digits are left out: how an advert is written is not looked at.
Each text weighs one, however often it is posted. Needs the text and labels, and the extra ``encoder``. The strength of
the penalty is chosen on the valid part. Cost: a minute for 40,000 training adverts of 40,000 different sentences on one
core, nearly all of it the encoder.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.advert_text import texts
from tipbaselines.components import equal_values
from tipbaselines.contact_features import Standardised
from tipbaselines.frames import labelled, prevalence, score_frame, to_predict
from tipbaselines.linear import logistic
from tipbaselines.sentence_vectors import text_vectors

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class SentenceEncoder:
    """``c``: inverse strengths of the L2 penalty, from strong to weak, of which the valid part chooses one."""

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def __init__(self, c: Sequence[float] = (1e-4, 1e-3, 1e-2, 1e-1)) -> None:
        self._c = tuple(c)

    def fit(self, fold: "Fold", seed: int) -> None:
        train, valid = labelled(fold, "train"), labelled(fold, "valid")
        labels = train["label"].to_numpy()
        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        vectors, labels = _distinct(train)
        self._standardised = Standardised(vectors)
        features = self._standardised(vectors)
        models = [logistic(features, labels, c) for c in self._c]
        self._model = models[self._best(models, valid)]

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        if self._model is None:
            return score_frame(frame[fold.task.unit], np.full(frame.height, self._prior))
        features = self._standardised(text_vectors(texts(frame)))
        return score_frame(frame[fold.task.unit], self._model(features))

    def _best(self, models: list[Callable[[np.ndarray], np.ndarray]], valid: pl.DataFrame) -> int:
        """Return which model orders the valid part best, by AUROC; the middle one where it cannot say."""
        from sklearn.metrics import roc_auc_score

        if valid["label"].n_unique() < 2:
            return len(models) // 2
        vectors, labels = _distinct(valid)
        features = self._standardised(vectors)
        return int(np.argmax([roc_auc_score(labels, model(features)) for model in models]))


def _distinct(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the different texts of each label, (texts, 512) float32, and their labels."""
    labels, documents = frame["label"].to_numpy(), texts(frame)
    _, first = equal_values(list(zip(documents, labels.tolist(), strict=True)))
    return text_vectors([documents[row] for row in first]), labels[first]
