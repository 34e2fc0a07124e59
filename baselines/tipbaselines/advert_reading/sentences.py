"""What each sentence of the training adverts states, learnt from labels of whole adverts, and adverts read by sentence.

Labels say what an advert states and not where. Which sentence states a level is found as words are found that
translate one another (Brown et al. 1993, model 1): each label of an advert is shared among its sentences in proportion
to how often these have been given that level so far, and so on for a few rounds.
"""

from abc import ABC, abstractmethod

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.encoders import sentence_counts
from tipbaselines.frames import LABEL, SCORE, labelled_units, to_predict
from tipbaselines.text import texts

ROUNDS = 10
ROWS_AT_ONCE = 2000


def align_levels(counts: csr_matrix, times: np.ndarray, labels: np.ndarray) -> csr_matrix:
    """Return the share of the adverts with a sentence in which it states a level, (sentences, levels) in [0, 1].

    ``counts``: (adverts, sentences), how often each advert says each sentence; ``times``: (sentences,), how many
    adverts say it; ``labels``: (adverts, levels), 0 or 1.
    """
    stated = csr_matrix(labels)
    sentences, levels = np.diff(counts.indptr), np.diff(stated.indptr)
    pairs = sentences * levels
    advert = np.repeat(np.arange(len(pairs)), pairs)
    place = np.arange(len(advert)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    label = stated.indptr[advert] + place % levels[advert]
    sentence = counts.indices[counts.indptr[advert] + place // levels[advert]].astype(np.int64)
    keys, pair = np.unique(sentence * labels.shape[1] + stated.indices[label], return_inverse=True)
    row, column = np.divmod(keys, labels.shape[1])
    share = np.ones(len(keys))
    for _ in range(ROUNDS):
        part = share[pair]
        part /= np.bincount(label, part, len(stated.indices))[label]
        share = np.bincount(pair, part, len(keys)) / times[row]
    return csr_matrix((share.astype(np.float32), (row, column)), (len(times), labels.shape[1]))


def highest(counts: csr_matrix, scores: np.ndarray) -> np.ndarray:
    """Return for each advert and level the highest score of its sentences, 0 without any: float32 (adverts, levels).

    ``counts``: (adverts, sentences); ``scores``: (sentences, levels), 0 or more.
    """
    found = np.zeros((len(counts.indptr) - 1, scores.shape[1]), dtype=np.float32)
    for first in range(0, len(found), ROWS_AT_ONCE):
        some = counts[first : first + ROWS_AT_ONCE]
        rows = np.flatnonzero(np.diff(some.indptr))
        if len(rows):
            found[first + rows] = np.maximum.reduceat(scores[some.indices], some.indptr[rows], axis=0)
    return found


class SentenceReader(ABC):
    """Base of methods that read sentence by sentence: an advert states what any of its sentences states."""

    needs = frozenset({"adverts.body"})
    stochastic = False
    batches = "regions"
    uses_worlds = True

    def fit(self, fold: Fold, seed: int) -> None:
        train = pl.concat(labelled_units(one, "train") for one in (fold, *fold.worlds))
        columns = [name for name in train.columns if name.startswith(LABEL)]
        self._levels = [name.removeprefix(LABEL) for name in columns]
        labels = train.select(pl.col(columns).fill_null(0)).to_numpy().astype(np.int8)
        counts, said = sentence_counts(texts(train))
        times = np.bincount(counts.indices, minlength=len(said))
        self.learn(said, times, align_levels(counts, times, labels))

    @abstractmethod
    def learn(self, said: list[str], times: np.ndarray, stated: csr_matrix) -> None:
        """Learn from the distinct sentences of training, how many adverts say each, and what each states as
        :func:`align_levels` has it."""

    @abstractmethod
    def read(self, said: list[str]) -> np.ndarray:
        """Return the score of each level for these distinct sentences: float32 (sentences, levels), 0 to 1."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        counts, said = sentence_counts(texts(frame))
        scores = highest(counts, self.read(said)).astype(np.float64)
        columns = {f"{SCORE}{level}": scores[:, k] for k, level in enumerate(self._levels)}
        return pl.DataFrame({fold.task.unit: frame[fold.task.unit], **columns})
