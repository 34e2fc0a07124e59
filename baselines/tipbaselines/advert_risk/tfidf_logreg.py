"""Word TF-IDF (one- and two-word terms) and logistic regression: the field's classical supervised method.

Salton and Buckley (1988) for the weights; used on adverts since Dubrawski et al. (2015). Re-posts are not
weighted down, as in the literature. Needs the text and labels. Cost: about half a minute for 40,000 training adverts.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict
from tipbaselines.text import TOKEN, fit_distinct, score_distinct, texts

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(eq=False)
class TfidfLogreg:
    """``c``: inverse strength of the L2 penalty; ``ngrams``: longest term in words; ``min_df``: its fewest texts."""

    c: float = 10.0
    ngrams: int = 2
    min_df: int = 1
    max_iter: int = 300
    needs = frozenset({"adverts.body"})
    stochastic = False
    batches = "regions"

    def fit(self, fold: Fold, seed: int) -> None:
        frame = labelled_units(fold, "train")
        self.fit_texts(texts(frame), frame["label"].to_numpy())

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        return score_frame(frame[fold.task.unit], self.score_texts(texts(frame)))

    def fit_texts(self, documents: list[str], labels: np.ndarray) -> None:
        """Learn from texts and their 0/1 labels; with one class only, every score will be the prevalence."""
        self.prior, self.model = prevalence(labels), None
        if len(set(labels.tolist())) == 2:
            self.model = self.pipeline()
            fit_distinct(self.model, documents, labels)

    def pipeline(self) -> "Pipeline":
        """Return the counter of terms, their weights and the classifier, not fitted."""
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        return make_pipeline(
            CountVectorizer(token_pattern=TOKEN, ngram_range=(1, self.ngrams), min_df=self.min_df),
            TfidfTransformer(sublinear_tf=True),
            LogisticRegression(C=self.c, max_iter=self.max_iter),
        )

    def score_texts(self, documents: list[str]) -> np.ndarray:
        """Return probability of the positive class, float64, one a text."""
        return (
            np.full(len(documents), self.prior)
            if self.model is None
            else score_distinct(self.model, documents)
        )
