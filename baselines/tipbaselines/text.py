"""Texts as tokens, counts and TF-IDF: what the methods that read adverts and notes share.

Nothing here knows a language. A token is a run of letters and digits; scripts that are written without spaces
(Chinese characters, kana) give one token a character, so that word n-grams work in every language.
"""

import re
import unicodedata
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, vstack

from tipbaselines.cache import remember
from tipbaselines.frames import prevalence
from tipbaselines.models import constant

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Character ranges of scripts written without spaces between words."""

TOKEN = rf"[{UNSPACED}]|[^\W{UNSPACED}]+"
"""Pattern of one token, for ``re`` and for scikit-learn's ``token_pattern``."""

_TOKEN = re.compile(TOKEN)


def texts(frame: pl.DataFrame) -> list[str]:
    """Return title and body of each row, joined by a line break; whichever of the two columns the frame has. ``frame``:
    at least one of the String columns ``title`` and ``body``; a null counts as empty. One string a row."""
    columns = [name for name in ("title", "body") if name in frame.columns]
    if not columns:
        raise ValueError("texts() needs a column title or body")
    joined = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\n").str.strip_chars()
    return frame.select(joined.alias("text"))["text"].to_list()


def tokens(text: str) -> list[str]:
    """Return tokens of a text after Unicode compatibility normalisation (NFKC) and case folding."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def normalise(texts: Sequence[str]) -> list[str]:
    """Return texts reduced to their tokens with single spaces: equal if they differ in case and marks only."""
    known = {text: " ".join(tokens(text)) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def equal_values(values: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each value among the distinct ones, and the first row of each distinct one: int64 arrays."""
    number: dict[Hashable, int] = {}
    index = np.array([number.setdefault(value, len(number)) for value in values], dtype=np.int64)
    return index, np.unique(index, return_index=True)[1]


MIX = np.uint64(0x9E3779B97F4A7C15)
CHUNK = 2_000_000  # Code points that are hashed at a time: bounds the working memory at about 100 MB


@remember(6)
def char_ngrams(texts: Sequence[str], sizes: tuple[int, ...], bits: int = 18) -> csr_matrix:
    """Return counts of hashed character n-grams, case kept: a (len(texts), 2**bits) float32 CSR matrix.

    Hashing needs no vocabulary, so train and test texts are encoded alike and nothing is learnt from the test.
    A text is padded by one line break on both sides; collisions at 18 bits are rare next to the n-grams in use.
    """
    if not texts:
        return csr_matrix((0, 2**bits), dtype=np.float32)
    block = np.cumsum([len(text) + 2 for text in texts]) // CHUNK
    starts = np.unique(block, return_index=True)[1].tolist()
    parts = [_count_block(texts[a:b], sizes, bits) for a, b in pairwise([*starts, len(texts)])]
    return csr_matrix(vstack(parts, format="csr"))


def _count_block(texts: Sequence[str], sizes: tuple[int, ...], bits: int) -> csr_matrix:
    joined = "".join(f"\n{text}\n" for text in texts)
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.int64)
    owner = np.repeat(np.arange(len(texts)), lengths)
    rows, columns = [], []
    for size in sizes:
        count = len(points) - size + 1
        if count <= 0:
            continue
        inside = owner[:count] == owner[size - 1 :]
        value = np.full(count, size, dtype=np.uint64)
        for offset in range(size):
            value = (value ^ points[offset : offset + count].astype(np.uint64)) * MIX
            value ^= value >> np.uint64(29)
        rows.append(owner[:count][inside])
        columns.append((value[inside] >> np.uint64(64 - bits)).astype(np.int64))
    cells = np.concatenate(rows), np.concatenate(columns)
    counts = csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(len(texts), 2**bits))
    counts.sum_duplicates()
    return counts


class TextModel:
    """A pipeline of a counter of terms, TF-IDF weights and a classifier, which reads equal texts once. Where all labels
    are of one class, every score is the prevalence."""

    def __init__(self, pipeline: "Pipeline") -> None:
        self.pipeline = pipeline

    def fit(self, documents: Sequence[str], labels: np.ndarray) -> "TextModel":
        """Learn from texts and their 0/1 labels."""
        number, first = equal_values(documents)
        return self.fit_counts(self.pipeline[0].fit_transform([documents[i] for i in first]), number, labels)

    def fit_counts(self, counts: Any, number: np.ndarray, labels: np.ndarray) -> "TextModel":
        """Learn from ``counts`` of the terms of distinct texts; ``number``: which of them each text is. Equal texts
        with equal labels enter once, weighted by their number: the same optimum, found sooner."""
        self.scores_of_counts = constant(prevalence(labels))
        if 0 < labels.sum() < len(labels):
            _, weights, classifier = self.pipeline
            pair, first = equal_values(list(zip(number.tolist(), labels.tolist(), strict=True)))
            matrix = weights.fit(counts[number]).transform(counts[number[first]])
            classifier.fit(matrix, labels[first], sample_weight=np.bincount(pair).astype(float))
            self.scores_of_counts = lambda counts: self.pipeline[1:].predict_proba(counts)[:, 1]
        return self

    def scores(self, documents: Sequence[str]) -> np.ndarray:
        """Return probability of the positive class, float64 (texts,)."""
        number, first = equal_values(documents)
        return self.scores_of_counts(self.pipeline[0].transform([documents[i] for i in first]))[number]
