"""Sparse text encodings that do not depend on a training set, cached by a digest of the texts.

The cache lives in the process: a grid that runs several methods on one fold encodes its texts once. The last few
encodings are kept, so memory stays bounded; the cost that a run reports is the cost with the cache as it found it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MIX = np.uint64(0x9E3779B97F4A7C15)
CHUNK = 2_000_000
"""Code points that are hashed at a time: bounds the working memory at about 100 MB."""


class Cache:
    """The last ``size`` values made, by key. Not shared between processes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the value under ``key``, made by ``make`` when it is not there."""
        if key not in self._values:
            self._values[key] = make()
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]


_CACHE = Cache(size=6)


def digest(texts: Sequence[str], *parameters: object) -> str:
    """Return SHA-256 over the texts, their lengths and order, and the encoding's parameters."""
    state = hashlib.sha256(repr(parameters).encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def char_ngrams(texts: Sequence[str], sizes: Sequence[int], bits: int = 18) -> "csr_matrix":
    """Return counts of hashed character n-grams, case kept: a (len(texts), 2**bits) float32 CSR matrix.

    Hashing needs no vocabulary, so train and test texts are encoded alike and nothing is learnt from the test.
    A text is padded by one line break on both sides; collisions at 18 bits are rare next to the n-grams in use.
    """
    key = digest(texts, "char_ngrams", tuple(sizes), bits)
    return _CACHE.get(key, lambda: _char_ngrams(texts, tuple(sizes), bits))


def _char_ngrams(texts: Sequence[str], sizes: tuple[int, ...], bits: int) -> "csr_matrix":
    from scipy.sparse import csr_matrix, vstack

    blocks = []
    start = 0
    while start < len(texts):
        stop, length = start, 0
        while stop < len(texts) and (stop == start or length < CHUNK):
            length += len(texts[stop]) + 2
            stop += 1
        blocks.append(_count_block(texts[start:stop], sizes, bits))
        start = stop
    if not blocks:
        return csr_matrix((0, 2**bits), dtype=np.float32)
    return csr_matrix(vstack(blocks, format="csr"))


def _count_block(texts: Sequence[str], sizes: tuple[int, ...], bits: int) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    points = np.frombuffer(
        "".join(f"\n{t}\n" for t in texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32
    )
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
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts = csr_matrix((np.ones(len(row), dtype=np.float32), (row, column)), shape=(len(texts), 2**bits))
    counts.sum_duplicates()
    return counts


def tfidf(train: "csr_matrix", *others: "csr_matrix") -> list["csr_matrix"]:
    """Return sublinear TF-IDF with unit rows, the document frequencies from ``train`` (Salton and Buckley 1988)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    transformer = TfidfTransformer(sublinear_tf=True).fit(train)
    return [transformer.transform(matrix) for matrix in (train, *others)]  # pyright: ignore[reportReturnType]
