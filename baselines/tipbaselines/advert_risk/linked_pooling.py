"""A text model's scores averaged over the adverts that record linkage gives to one operator.

Adverts of one operator are evidence about one another (Nagpal et al. 2017), and who is one operator is a question of
its own: adverts are linked by advert_linkage/splink (Fellegi and Sunter 1969; Linacre et al. 2022), unsupervised, by
all that the fold shows of them. An advert's score is the mean of advert_risk/tfidf_logreg's log-odds over its cluster,
in which each text has one vote, so that re-posts do not outvote the rest. Needs text, contacts and labels. Cost: the
text model, and half a minute for the links of 25,000 adverts on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.advert_linkage.splink import Splink
from tipbaselines.advert_risk.cluster_pooling import pooled_log_odds
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.cache import remember
from tipbaselines.frames import labelled_units, logit, score_frame, sigmoid, to_predict
from tipbaselines.text import TextModel, equal_values, normalise, texts


@dataclass(eq=False)
class LinkedPooling:
    """``c``: inverse strength of the text model's penalty. ``probability``: least match probability that links."""

    c: float = 10.0
    probability: float = 0.95
    threads: int = 1
    needs = frozenset({"adverts.body", "adverts.contacts"})
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        self._linkage = Splink(probability=self.probability, threads=self.threads)
        self._linkage.fit(fold, seed)
        frame = labelled_units(fold, "train")
        self._model = text_model(texts(frame), frame["label"].to_numpy(), self.c)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame, unit = to_predict(fold), fold.task.unit
        cluster = self._linkage.predict(fold).sort(unit)["cluster"].to_numpy()
        log_odds, said = read_texts(self._model, texts(frame))
        vote, _ = equal_values(list(zip(cluster.tolist(), said.tolist(), strict=True)))
        pooled = pooled_log_odds(log_odds, vote, cluster, centre=0.0, shrinkage=0.0)
        return score_frame(frame[unit], sigmoid(pooled))


@remember()
def text_model(documents: list[str], labels: np.ndarray, c: float) -> TextModel:
    """Return the text model of these adverts: it has no seed."""
    return TfidfLogreg(c=c).new_model().fit(documents, labels)


@remember(2)
def read_texts(model: TextModel, documents: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds of each text, and a number that texts share if only case and punctuation differ."""
    said, _ = equal_values(normalise(documents))
    return logit(model.scores(documents)), said
