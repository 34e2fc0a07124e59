"""Word TF-IDF (one- and two-word terms) and logistic regression: the field's classical supervised method.

Salton and Buckley (1988) for the weights; used on adverts since Dubrawski et al. (2015). Re-posts are not
weighted down, as in the literature. Needs the text and labels. Cost: about half a minute for 40,000 training adverts.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.advert_text import TOKEN, texts
from tipbaselines.components import equal_values
from tipbaselines.frames import labelled, prevalence, score_frame, to_predict

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class TfidfLogreg:
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest texts."""

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def __init__(self, c: float = 10.0, ngrams: int = 2, min_df: int = 1, max_iter: int = 300) -> None:
        self._c, self._ngrams, self._min_df, self._max_iter = c, ngrams, min_df, max_iter

    def fit(self, fold: "Fold", seed: int) -> None:
        frame = labelled(fold, "train")
        self.fit_texts(texts(frame), frame["label"].to_numpy())

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        return score_frame(frame[fold.task.unit], self.score_texts(texts(frame)))

    def fit_texts(self, documents: Sequence[str], labels: np.ndarray) -> None:
        """Learn from texts and their 0/1 labels; with one class only, every score will be the prevalence.

        Equal texts with equal labels enter once, weighted by their number: the same optimum, sooner found.
        """
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
        from sklearn.linear_model import LogisticRegression

        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        self._counts = CountVectorizer(
            token_pattern=TOKEN, ngram_range=(1, self._ngrams), min_df=self._min_df
        )
        self._weights = TfidfTransformer(sublinear_tf=True)
        distinct, first = equal_values(documents)
        self._weights.fit(self._counts.fit_transform(documents[i] for i in first)[distinct])
        pair, where = equal_values(list(zip(distinct.tolist(), labels.tolist(), strict=True)))
        matrix = self._encode([documents[i] for i in where])
        self._model = LogisticRegression(C=self._c, max_iter=self._max_iter)
        self._model.fit(matrix, labels[where], sample_weight=np.bincount(pair).astype(float))

    def score_texts(self, documents: Sequence[str]) -> np.ndarray:
        """Return probability of the positive class: float64, one a text."""
        if self._model is None:
            return np.full(len(documents), self._prior)
        distinct, first = equal_values(documents)
        return self._model.predict_proba(self._encode([documents[i] for i in first]))[:, 1][distinct]

    def _encode(self, documents: "Sequence[Any]") -> Any:
        return self._weights.transform(self._counts.transform(documents))
