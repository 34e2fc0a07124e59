"""A linear head a level on the vectors of a frozen multilingual sentence encoder.

Yang et al. (2020) for the encoder. The heads learn what each sentence of training states (ridge regression), and read
any sentence of a like meaning: in other words, and in languages that training lacks. Needs the text and labels, and the
extra ``encoder``. Cost: about half a minute for 10,000 adverts on one core, nearly all of it the encoder.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from tipbaselines.advert_reading.sentences import SentenceReader
from tipbaselines.encoders import ENCODER, SHARED, WIDTH


@dataclass(eq=False)
class SentenceEncoder(SentenceReader):
    """``penalty``: of the squared weights, beside the squared errors of all adverts' sentences."""

    penalty: float = 0.1
    entry_class = "outside"
    resources = (ENCODER,)

    def learn(self, said: list[str], times: np.ndarray, stated: csr_matrix) -> None:
        vectors = self._vectors(said)
        weighed = vectors.T * times
        square = weighed @ vectors + self.penalty * np.eye(vectors.shape[1])
        self._heads = np.linalg.solve(square, np.asarray((stated.T @ weighed.T).T))

    @staticmethod
    def _vectors(said: list[str]) -> np.ndarray:
        """Return the vector of each sentence and a constant, float64 (sentences, 513)."""
        vectors = SHARED(said) if said else np.zeros((0, WIDTH))
        return np.hstack([vectors.astype(np.float64), np.ones((len(said), 1))])

    def read(self, said: list[str]) -> np.ndarray:
        return np.clip(self._vectors(said) @ self._heads, 0.0, 1.0).astype(np.float32)
