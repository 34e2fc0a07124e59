"""Texts as tokens, counts and TF-IDF: what the methods that read adverts and notes share.

Nothing here knows a language. A token is a run of letters and digits; scripts that are written without spaces
(Chinese characters, kana) give one token a character, so that word n-grams work in every language.
"""

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.cache import Cache, texts_digest

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Character ranges of scripts written without spaces between words."""

TOKEN = rf"[{UNSPACED}]|[^\W{UNSPACED}]+"
"""Pattern of one token, for ``re`` and for scikit-learn's ``token_pattern``."""

_TOKEN = re.compile(TOKEN)


def texts(frame: pl.DataFrame) -> list[str]:
    """Return title and body of each row, joined by a line break; whichever of the two columns the frame has.

    ``frame``: at least one of the String columns ``title`` and ``body``; a null counts as empty. One string a row.
    """
    columns = [name for name in ("title", "body") if name in frame.columns]
    if not columns:
        raise ValueError("texts() needs a column title or body")
    joined = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\n").str.strip_chars()
    return frame.select(joined.alias("text"))["text"].to_list()


def tokens(text: str) -> list[str]:
    """Return tokens of a text after Unicode compatibility normalisation (NFKC) and case folding."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def normalise(text: str) -> str:
    """Return the text reduced to its tokens with single spaces: equal for texts that differ in case and marks only."""
    return " ".join(tokens(text))


def normalise_all(texts: Sequence[str]) -> list[str]:
    """Return each of these texts as :func:`normalise` does, one that comes again once."""
    known = {text: normalise(text) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def equal_values(values: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """Return number of each value among the distinct ones, and the row where each distinct one is first: two int64
    arrays."""
    number: dict[Hashable, int] = {}
    first: list[int] = []
    index = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        found = number.setdefault(value, len(first))
        if found == len(first):
            first.append(row)
        index[row] = found
    return index, np.array(first, dtype=np.int64)


_WORDS = re.compile(TOKEN).findall
NONE = -1
"""The number of what was not met when terms were learnt."""


class WordCounts:
    """``longest``: words of a term at most. ``least``: texts without which a term is not counted."""

    def __init__(self, longest: int, least: int) -> None:
        self._longest, self._least = longest, least
        self._number: dict[str, int] = {}
        self._keys: list[np.ndarray] = []
        self._column = np.empty(0, dtype=np.int64)

    def fit_transform(self, documents: Iterable[str]) -> "csr_matrix":
        """Take the terms of these texts for those to count, and return their counts: int64 (texts, terms), terms in
        alphabetical order, in each row in the order in which the texts first say them.

        Raises ValueError where no term is in texts enough.
        """
        words, lengths, self._number = _number_strings(_words(documents))
        self._keys = []
        text, term = self._said(words, lengths, learns=True)
        met = np.empty(self._terms, dtype=np.int64)
        met[term[::-1]] = np.arange(len(term))[::-1]  # of several the last one stays, which is the first
        by_meeting = np.argsort(met)
        place = np.empty_like(by_meeting)
        place[by_meeting] = np.arange(len(place))
        counts = _counts(text, place[term], (len(lengths), self._terms))
        kept = np.flatnonzero(counts.getnnz(axis=0) >= self._least)
        if not len(kept):
            raise ValueError(
                f"no term is in {self._least} of {len(lengths)} texts: there is nothing to count"
            )
        counts, names = counts[:, kept], self._names()
        column = _alphabetical_places([names[t] for t in by_meeting[kept]], counts.indices.dtype)
        self._column = np.full(self._terms, NONE)
        self._column[by_meeting[kept]] = column
        return type(counts)((counts.data, column[counts.indices], counts.indptr), shape=counts.shape)

    def transform(self, documents: Iterable[str]) -> "csr_matrix":
        """Return how often these texts say the terms: int64 (texts, terms)."""
        known = self._number.get
        words, lengths = _concatenate(map(known, row, repeat(NONE)) for row in _words(documents))
        text, term = self._said(words, lengths)
        column = self._column[term]
        counted = column != NONE
        return _counts(
            text[counted], column[counted], (len(lengths), int(self._column.max(initial=NONE)) + 1)
        )

    @property
    def _terms(self) -> int:
        return len(self._number) + sum(map(len, self._keys))

    def _said(
        self, words: np.ndarray, lengths: np.ndarray, learns: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return which text says which term, text by text and the short terms of each first; those known alone.

        A term of several words is numbered by its key: the number of the term without its last word, and that word.
        """
        text = np.repeat(np.arange(len(lengths)), lengths)
        texts, terms = [text], [words]
        said, first = words, 0
        for more in range(1, min(self._longest, int(lengths.max(initial=0)))):
            end = np.arange(more, len(words))
            end = end[text[end] == text[end - more]]
            before, word = said[end - more], words[end]
            key = np.where((before < 0) | (word < 0), NONE, (before - first) * len(self._number) + word)
            if learns:
                self._keys.append(np.unique(key))
            keys = self._keys[more - 1] if more <= len(self._keys) else np.empty(0, dtype=np.int64)
            first = len(self._number) + sum(map(len, self._keys[: more - 1]))
            at = np.searchsorted(keys, key)
            hit = (
                (keys[np.minimum(at, len(keys) - 1)] == key) if len(keys) else np.zeros(len(key), dtype=bool)
            )
            said = np.full(len(words), NONE)
            said[end - more] = np.where(hit, at + first, NONE)
            texts.append(text[end])
            terms.append(said[end - more])
        which, term = np.concatenate(texts), np.concatenate(terms)
        order = np.argsort(which, kind="stable")  # those of a text: short ones first, then as they come
        which, term = which[order], term[order]
        return which[term >= 0], term[term >= 0]

    def _names(self) -> list[str]:
        """Return every term as it is written."""
        words = list(self._number)
        names, last = list(words), words
        for keys in self._keys:
            before, word = np.divmod(keys, len(words))
            last = [f"{last[b]} {words[w]}" for b, w in zip(before.tolist(), word.tolist(), strict=True)]
            names += last
        return names


def _words(documents: Iterable[str]) -> Iterator[list[str]]:
    """Yield the words of each text."""
    return (_WORDS(document.lower()) for document in documents)


def _number_strings(rows: Iterable[list[str]]) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Number strings as they are met; return the numbers of all rows, how many each row has, and the number of each."""
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    return *_concatenate(map(number.__getitem__, row) for row in rows), dict(number)


def _concatenate(rows: Iterable[Iterable[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of all rows, one after the other, and how many each row has.

    Rows come one by one, so that no text's words are kept: in a large release they take 50 bytes each.
    """
    numbers, lengths = array("q"), array("q")
    for row in rows:
        before = len(numbers)
        numbers.extend(row)
        lengths.append(len(numbers) - before)
    return np.array(numbers, dtype=np.int64), np.array(lengths, dtype=np.int64)


def piece_counts(documents: Iterable[str], shortest: int, longest: int) -> "csr_matrix":
    """Return how often each text has each run of so many letters inside its words, spaces at their ends among the
    letters: float64 (texts, pieces), as CountVectorizer's analyzer ``char_wb`` counts them.

    A word is cut once, however often it is said. Pieces are in alphabetical order, in each row in the order in which
    the texts first have them.
    """
    from scipy.sparse import csr_matrix

    words, lengths, number = _number_strings(text.lower().split() for text in documents)
    pieces, cut, place = _number_strings(_pieces(f" {word} ", shortest, longest) for word in number)
    of_texts = _counts(np.repeat(np.arange(len(lengths)), lengths), words, (len(lengths), len(number)))
    of_words = _counts(np.repeat(np.arange(len(cut)), cut), pieces, (len(number), len(place)))
    counts = csr_matrix(of_texts @ of_words, dtype=np.float64)
    counts.sort_indices()
    column = _alphabetical_places(list(place), counts.indices.dtype)
    return csr_matrix((counts.data, column[counts.indices], counts.indptr), shape=counts.shape)


def _pieces(word: str, shortest: int, longest: int) -> list[str]:
    """Return a word's runs of letters, short ones first; of a word that is no longer than a run itself, and no more."""
    found = []
    for size in range(shortest, longest + 1):
        last = len(word) - size
        found += [word[start : start + size] for start in range(max(last, 0) + 1)]
        if last <= 0:
            break
    return found


def _alphabetical_places(names: list[str], dtype: np.dtype) -> np.ndarray:
    """Return each name's place among all in alphabetical order."""
    place = np.empty(len(names), dtype=dtype)
    place[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return place


def _counts(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    counts = csr_matrix((np.ones(len(row), dtype=np.int64), (row, column)), shape=shape)
    counts.sum_duplicates()
    return counts


MIX = np.uint64(0x9E3779B97F4A7C15)
CHUNK = 2_000_000
"""Code points that are hashed at a time: bounds the working memory at about 100 MB."""


_CACHE = Cache(size=6)


def char_ngrams(texts: Sequence[str], sizes: Sequence[int], bits: int = 18) -> "csr_matrix":
    """Return counts of hashed character n-grams, case kept: a (len(texts), 2**bits) float32 CSR matrix.

    Hashing needs no vocabulary, so train and test texts are encoded alike and nothing is learnt from the test.
    A text is padded by one line break on both sides; collisions at 18 bits are rare next to the n-grams in use.
    """
    key = texts_digest(texts, "char_ngrams", tuple(sizes), bits)
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
