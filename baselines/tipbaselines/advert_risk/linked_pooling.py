"""A text model's scores averaged over the adverts that record linkage gives to one operator.

Adverts of one operator are evidence about one another (Nagpal et al. 2017), and who is one operator is a question of
its own: adverts are linked by advert_linkage/splink (Fellegi and Sunter 1969; Linacre et al. 2022), unsupervised, by
all that the fold shows of them. An advert's score is the mean of advert_risk/tfidf_logreg's log-odds over its cluster,
in which each text has one vote, so that re-posts do not outvote the rest. Needs text, contacts and labels. Cost: the
text model, and half a minute for the links of 25,000 adverts on one core.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.advert_linkage.splink import Splink
from tipbaselines.advert_risk.cluster_pooling import pooled_log_odds
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.cache import Cache, texts_digest
from tipbaselines.frames import labelled_units, logit, score_frame, sigmoid, to_predict
from tipbaselines.text import equal_values, normalise_all, texts

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


_LEARNT = Cache(size=1)
"""The last text model: it has no seed."""
_READ = Cache(size=2)
"""What it says of the texts of the valid part and the test."""


class LinkedPooling:
    """``c``: inverse strength of the text model's penalty. ``probability``: least match probability that links."""

    needs: frozenset[str] = frozenset({"adverts.body", "adverts.contacts"})
    stochastic = True

    def __init__(self, c: float = 10.0, probability: float = 0.95, threads: int = 1) -> None:
        self._c = c
        self._linkage = Splink(probability=probability, threads=threads)

    def fit(self, fold: "Fold", seed: int) -> None:
        self._linkage.fit(fold, seed)
        frame = labelled_units(fold, "train")
        documents, labels = texts(frame), frame["label"].to_numpy()
        self._learnt = texts_digest(documents, labels.tobytes(), self._c)

        def learn() -> TfidfLogreg:
            base = TfidfLogreg(c=self._c)
            base.fit_texts(documents, labels)
            return base

        self._base: TfidfLogreg = _LEARNT.get(self._learnt, learn)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame, unit = to_predict(fold), fold.task.unit
        cluster = self._linkage.predict(fold).sort(unit)["cluster"].to_numpy()
        documents = texts(frame)
        key = texts_digest(documents, self._learnt)
        log_odds, said = _READ.get(key, lambda: self._read(documents))
        vote, _ = equal_values(list(zip(cluster.tolist(), said.tolist(), strict=True)))
        pooled = pooled_log_odds(log_odds, vote, cluster, centre=0.0, shrinkage=0.0)
        return score_frame(frame[unit], sigmoid(pooled))

    def _read(self, documents: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return log-odds of texts, and a number of what each says: equal but for case and marks."""
        said, _ = equal_values(normalise_all(documents))
        return logit(self._base.score_texts(documents)), said
