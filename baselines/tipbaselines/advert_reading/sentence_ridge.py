"""Ridge regression on the character n-grams of sentences, to predict which levels each states.

Hoerl and Kennard (1970), one regression a level on TF-IDF weights (Salton and Buckley 1988), solved together by
conjugate gradients (Hestenes and Stiefel 1952). It adds up what parts of a sentence say, so it also reads a sentence
made of halves of two known ones. Needs the text and labels; learns from further worlds too. Cost: half a minute for
10,000 adverts on one core.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags

from tipbaselines.advert_reading.sentences import SentenceReader
from tipbaselines.graphs import unit_rows
from tipbaselines.text import char_ngrams

TINY = np.float32(1e-30)  # Keeps a target that is zero everywhere at zero


@dataclass(eq=False)
class SentenceRidge(SentenceReader):
    """``sizes``: characters of n-grams, which are hashed to ``bits``; ``penalty``: of the squared weights, beside the
    squared errors of sentences; ``steps``: of conjugate gradients."""

    sizes: tuple[int, ...] = (2, 3, 4)
    bits: int = 16
    penalty: float = 0.3
    steps: int = 30

    def learn(self, said: list[str], times: np.ndarray, stated: csr_matrix) -> None:
        counts = self._count(said)
        having = np.bincount(counts.indices, minlength=1 << self.bits)
        self._weights = diags(np.where(having, np.log1p(len(said) / np.maximum(having, 1)), 0.0))
        features = self._weigh(counts)
        self._heads = solve_ridge(features, stated.toarray(), self.penalty, self.steps)

    def _count(self, said: list[str]) -> csr_matrix:
        return char_ngrams(tuple(said), tuple(self.sizes), self.bits)

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        return unit_rows(csr_matrix(counts @ self._weights, dtype=np.float32))

    def read(self, said: list[str]) -> np.ndarray:
        return np.clip(self._weigh(self._count(said)) @ self._heads, 0.0, 1.0).astype(np.float32)


def solve_ridge(features: csr_matrix, targets: np.ndarray, penalty: float, steps: int) -> np.ndarray:
    """Return weights (columns, targets) float32 that minimise squared errors plus ``penalty`` times squared weights,
    after so many steps of conjugate gradients on the normal equations.

    ``features``: (rows, columns) float32; ``targets``: (rows, targets).
    """
    across = csr_matrix(features.T)
    residual = np.asarray(across @ targets.astype(np.float32))
    found, direction = np.zeros_like(residual), residual.copy()
    square = np.einsum("ij,ij->j", residual, residual)
    for _ in range(steps):
        applied = across @ (features @ direction) + penalty * direction
        step = square / np.maximum(np.einsum("ij,ij->j", direction, applied), TINY)
        found += step * direction
        residual -= step * applied
        before, square = square, np.einsum("ij,ij->j", residual, residual)
        direction = residual + square / np.maximum(before, TINY) * direction
    return found
