"""Word TF-IDF (one- and two-word terms) and logistic regression: the field's classical supervised method.

Salton and Buckley (1988) for the weights; used on adverts since Dubrawski et al. (2015), without less weight for
re-posts. Needs the text and labels. Cost: about half a minute for 40,000 training adverts.
"""

from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import labelled_units, score_frame, to_predict
from tipbaselines.text import TOKEN, TextModel, texts


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

    def new_model(self) -> TextModel:
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        counter = CountVectorizer(token_pattern=TOKEN, ngram_range=(1, self.ngrams), min_df=self.min_df)
        classifier = LogisticRegression(C=self.c, max_iter=self.max_iter)
        return TextModel(make_pipeline(counter, TfidfTransformer(sublinear_tf=True), classifier))

    def fit(self, fold: Fold, seed: int) -> None:
        train = labelled_units(fold, "train")
        self.model = self.new_model().fit(texts(train), train["label"].to_numpy())

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        return score_frame(frame[fold.task.unit], self.model.scores(texts(frame)))
