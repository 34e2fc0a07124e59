"""The nearest sentence of training by its character n-grams, and what that one states.

Cosine of TF-IDF weights (Salton and Buckley 1988) of n-grams of characters; what the nearest sentence states counts as
much as the two are alike. It reads misspelt sentences and those that share words with one of training. Needs the text
and labels. Cost: about ten seconds for 10,000 adverts on one core.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags

from tipbaselines.advert_reading.sentences import SentenceReader
from tipbaselines.text import char_ngrams

ROWS_AT_ONCE = 250
BITS = 18
"""Character n-grams are hashed to so many bits."""


@dataclass(eq=False)
class NearestSentence(SentenceReader):
    """``size``: characters of an n-gram; ``common``: share of training sentences above which one is left out."""

    size: int = 3
    common: float = 0.02

    def learn(self, said: list[str], times: np.ndarray, stated: csr_matrix) -> None:
        counts = self._count(said)
        having = np.bincount(counts.indices, minlength=1 << BITS)
        kept = (having > 0) & (having <= max(1.0, self.common * len(said)))
        self._weights = diags(np.where(kept, np.log1p(len(said) / np.maximum(having, 1)), 0.0))
        self._known, self._stated = self._weigh(counts).T.tocsr(), stated

    def _count(self, said: list[str]) -> csr_matrix:
        return char_ngrams(tuple(said), (self.size,), BITS)

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        """Return weights with rows of length 1, float32."""
        found = csr_matrix(counts @ self._weights, dtype=np.float32)
        length = np.sqrt(np.asarray(found.multiply(found).sum(axis=1))).ravel()
        return csr_matrix(diags(1.0 / np.maximum(length, 1e-9)) @ found, dtype=np.float32)

    def read(self, said: list[str]) -> np.ndarray:
        found = np.zeros((len(said), len(self._levels)), dtype=np.float32)
        if not len(self._known.indices):
            return found
        asked = self._weigh(self._count(said))
        for first in range(0, len(said), ROWS_AT_ONCE):
            alike = np.asarray((asked[first : first + ROWS_AT_ONCE] @ self._known).todense())
            nearest = alike.argmax(axis=1)
            likeness = np.minimum(alike[np.arange(len(alike)), nearest], 1.0)
            found[first : first + ROWS_AT_ONCE] = self._stated[nearest].toarray() * likeness[:, None]
        return found
