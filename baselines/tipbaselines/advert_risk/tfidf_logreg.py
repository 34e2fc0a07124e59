"""Word TF-IDF (one- and two-word terms) and logistic regression: the field's classical supervised method.

Salton and Buckley (1988) for the weights; used on adverts since Dubrawski et al. (2015). Re-posts are not
weighted down, as in the literature. Needs the text and labels. Cost: about half a minute for 40,000 training adverts.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict
from tipbaselines.text import WordCounts, equal_values, texts

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class TfidfLogreg:
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest texts."""

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False
    batches = "regions"

    def __init__(self, c: float = 10.0, ngrams: int = 2, min_df: int = 1, max_iter: int = 300) -> None:
        self._c, self._ngrams, self._min_df, self._max_iter = c, ngrams, min_df, max_iter

    def fit(self, fold: "Fold", seed: int) -> None:
        frame = labelled_units(fold, "train")
        self.fit_texts(texts(frame), frame["label"].to_numpy())

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        return score_frame(frame[fold.task.unit], self.score_texts(texts(frame)))

    def fit_texts(self, documents: Sequence[str], labels: np.ndarray) -> None:
        """Learn from texts and their 0/1 labels; with one class only, every score will be the prevalence.

        Equal texts with equal labels enter once, weighted by their number: the same optimum, sooner found.
        """
        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        counts, distinct = self.counted(documents)
        self.fit_counts(counts, distinct, labels)

    def counted(self, documents: Sequence[str]) -> tuple[Any, np.ndarray]:
        """Take the terms of these texts for the terms to count; return the counts of each distinct one, and which of
        them each text is."""
        self._counts = WordCounts(self._ngrams, self._min_df)
        distinct, first = equal_values(documents)
        return self._counts.fit_transform(documents[int(i)] for i in first), distinct

    def fit_counts(self, counts: Any, distinct: np.ndarray, labels: np.ndarray) -> None:
        """Learn from the counts of distinct texts, which of them each text is, and their 0/1 labels."""
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.linear_model import LogisticRegression

        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        seen = counts[np.unique(distinct)].getnnz(axis=0)
        self._terms = np.flatnonzero(seen >= self._min_df)
        counts = self._known(counts)
        self._weights = TfidfTransformer(sublinear_tf=True).fit(counts[distinct])
        pair, where = equal_values(list(zip(distinct.tolist(), labels.tolist(), strict=True)))
        matrix = self._weights.transform(counts[distinct[where]])
        self._model = LogisticRegression(C=self._c, max_iter=self._max_iter)
        self._model.fit(matrix, labels[where], sample_weight=np.bincount(pair).astype(float))

    def score_texts(self, documents: Sequence[str]) -> np.ndarray:
        """Return probability of the positive class: float64, one a text."""
        if self._model is None:
            return np.full(len(documents), self._prior)
        distinct, first = equal_values(documents)
        return self.score_counts(self._counts.transform(documents[int(i)] for i in first))[distinct]

    def score_counts(self, counts: Any) -> np.ndarray:
        """Return probability of the positive class of the counts of texts: float64, one a row."""
        if self._model is None:
            return np.full(counts.shape[0], self._prior)
        return self._model.predict_proba(self._weights.transform(self._known(counts)))[:, 1]

    def _known(self, counts: Any) -> Any:
        """Return the columns of the terms that were there to learn from."""
        return counts if len(self._terms) == counts.shape[1] else counts[:, self._terms]
