"""Scores of a text model pooled over the adverts that seem to belong together.

An operation's adverts are evidence about one another (Nagpal et al. 2017; T-Net, Nair et al. 2024), so an advert's
score is the shrunken mean of log-odds over its cluster: adverts linked by near-duplicate text or a shared contact.
Every near-duplicate group has one vote, so re-posts do not outvote the rest. Needs text, contacts and labels.
Cost: the text model and a few seconds for the groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.frames import labelled_units, logit, prevalence, score_frame, sigmoid, to_predict
from tipbaselines.linkage import components, contact_edges, near_duplicate_groups, value_edges
from tipbaselines.text import texts


@dataclass(eq=False)
class ClusterPooling:
    """``jaccard``: similarity that links two texts. ``contact_limit``: contacts on more adverts are ignored.
    ``shrinkage``: votes that the training prevalence has in every mean."""

    c: float = 10.0
    jaccard: float = 0.5
    contact_limit: int = 300
    shrinkage: float = 0.5
    needs = frozenset({"adverts.body", "adverts.contacts"})
    stochastic = False
    batches = "regions"

    def fit(self, fold: Fold, seed: int) -> None:
        frame = labelled_units(fold, "train")
        labels = frame["label"].to_numpy()
        self._centre = float(logit(np.array(prevalence(labels))))
        self._model = TfidfLogreg(c=self.c).new_model().fit(texts(frame), labels)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        documents = texts(frame)
        group, cluster = advert_clusters(documents, frame["contacts"], self.jaccard, self.contact_limit)
        log_odds = logit(self._model.scores(documents))
        pooled = pooled_log_odds(log_odds, group, cluster, self._centre, self.shrinkage)
        return score_frame(frame[fold.task.unit], sigmoid(pooled))


def advert_clusters(
    documents: Sequence[str], contacts: pl.Series, jaccard: float = 0.5, contact_limit: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """Return near-duplicate group, and component over groups and shared contacts, of each advert: two int64 arrays."""
    group = near_duplicate_groups(documents, jaccard)
    edges = np.concatenate([value_edges(pl.Series(group)), contact_edges(contacts, contact_limit)])
    return group, components(len(group), edges)


def pooled_log_odds(
    log_odds: np.ndarray, group: np.ndarray, cluster: np.ndarray, centre: float, shrinkage: float
) -> np.ndarray:
    """Return mean over a cluster's groups of the mean log-odds of each, with ``shrinkage`` votes for ``centre``. All
    arrays have one entry an advert; ``group`` refines ``cluster``."""
    group, cluster = (np.unique(labels, return_inverse=True)[1] for labels in (group, cluster))
    means = np.bincount(group, log_odds) / np.bincount(group)
    owner = np.zeros(len(means), dtype=np.int64)
    owner[group] = cluster
    votes = np.bincount(owner)
    return ((np.bincount(owner, means) + shrinkage * centre) / (votes + shrinkage))[cluster]
