"""A similarity of two adverts learnt from pairs: boosted trees over similarities of text, habits and style.

Authorship as verification of pairs (Weerasinghe, Singh and Greenstadt 2021), after a search by text. The channels
are cosines of characters, words, whole sentences and their order, agreement on each habit (separator, mask, contact
phrase, casing, emoji, title) weighted by rarity, and spelling: two texts that use one word agree or disagree on how
it is written (the idiosyncrasies of Koppel and Schler 2003). Trees by LightGBM (Ke et al. 2017), stopped on valid.
Frequencies are those of the gallery at hand, so nothing in a channel is tied to a language or an operation.

Needs title, body and labels; without labels the channels of the search are used alone. Cost: about 30 s and 0.6 GB
for 6,000 training adverts and a gallery of 2,560 on one core.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.advert_authorship.style_features import style_vectors, styles
from tipbaselines.cache import remember
from tipbaselines.frames import labelled_units, to_predict
from tipbaselines.linkage import CANDIDATES, candidate_frame, top
from tipbaselines.text import texts, tokens
from tipbaselines.trees import BoostedTrees, make_datasets

PATIENCE = 40  # Trees without gain on valid that stop the boosting
SEARCH = ("characters", "words", "sentences")
"""Channels whose sum finds the candidates that the trees then order."""


@dataclass(eq=False)
class MetricLearning:
    """``neighbours``: candidates an advert has in the search. ``trees``: most, fewer where valid says so. ``leaves``,
    ``rate``, ``smallest``: leaves of a tree, learning rate, fewest pairs a leaf."""

    neighbours: int = 60
    trees: int = 400
    leaves: int = 15
    rate: float = 0.05
    smallest: int = 50
    entry_class = "worlds"  # knows how texts mask a phone number
    needs = frozenset({"adverts.title", "adverts.body"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        self._model = None
        train = self._pairs(labelled_units(fold, "train"))
        if 0 < train[1].sum() < len(train[1]):
            valid = self._pairs(labelled_units(fold, "valid"))
            trees = BoostedTrees(self.trees, PATIENCE, self.rate, self.leaves, self.smallest)
            self._model = trees.fit(*make_datasets(train, valid), seed=0)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        keys = frame[fold.task.unit]
        found, values, search = pair_values(_text_columns(frame), self.neighbours)
        scores = search / len(SEARCH)
        if self._model is not None and found.size:
            scores = self._model(values).reshape(found.shape)
        best = min(CANDIDATES, found.shape[1])
        # ties go to the smaller unit: candidates of a row are in ascending order of unit
        order = np.argsort(-np.round(scores, 9), axis=1, kind="stable")[:, :best]
        query = np.repeat(np.arange(len(found)), best)
        pairs = np.stack([query, np.take_along_axis(found, order, axis=1).ravel()], axis=1)
        return candidate_frame(keys, pairs, np.clip(np.take_along_axis(scores, order, axis=1).ravel(), 0, 1))

    def _pairs(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return channels of every advert's candidates, and whether the two have one label."""
        found, values, _ = pair_values(_text_columns(frame), self.neighbours)
        label = frame["label"].to_numpy()
        return values, (label[found] == label[:, None]).ravel().astype(np.float32)


def _text_columns(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(name for name in ("title", "body") if name in frame.columns)


@remember(2)
def pair_values(
    frame: pl.DataFrame, neighbours: int, chunk: int = 256
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return candidates of each row by the search, and the channels of each pair; kept, since valid stops the trees and
    is then predicted.

    ``frame``: title and body, in ascending order of unit. Returns (rows, k) int64 row numbers in ascending order,
    (rows * k, channels + 3) float32, and the search's (rows, k) float64; k is at most ``neighbours``. The last three
    columns: how far the pair stands out from the best ten of either of the two (Conneau et al. 2018), and the number
    of words that the two spell differently.
    """
    count = frame.height
    k = max(min(neighbours, count - 1), 0)
    if k == 0:
        return np.empty((count, 0), dtype=np.int64), np.empty((0, 0), dtype=np.float32), np.empty((count, 0))
    by_name = channels(frame)
    crowd = np.empty(count, dtype=np.float32)
    across = {name: by_name[name].T.tocsr() for name in SEARCH}
    found = np.empty((count, k), dtype=np.int64)
    search = np.empty((count, k))
    values = np.empty((count, k, len(by_name) + 3), dtype=np.float32)
    for start in range(0, count, chunk):
        rows = slice(start, min(start + chunk, count))
        first = {name: (by_name[name][rows] @ across[name]).toarray() for name in SEARCH}
        total = np.stack([first[name] for name in SEARCH]).sum(axis=0, dtype=np.float64)
        picked, best = top(total, np.arange(rows.start, rows.stop), k)
        crowd[rows] = best[:, :CANDIDATES].mean(axis=1)
        picked.sort(axis=1)
        found[rows], search[rows] = picked, np.take_along_axis(total, picked, axis=1)
        for column, name in enumerate(by_name):
            matrix = by_name[name]
            if name in first:
                values[rows, :, column] = np.take_along_axis(first[name], picked, axis=1)
            elif isinstance(matrix, np.ndarray):
                values[rows, :, column] = np.take_along_axis(matrix[rows] @ matrix.T, picked, axis=1)
            else:
                # No inner products but those of the pairs are worked out.
                both = matrix[np.repeat(np.arange(rows.start, rows.stop), k)].multiply(matrix[picked.ravel()])
                values[rows, :, column] = (both @ np.ones(both.shape[1], np.float32)).reshape(picked.shape)
    names = list(by_name)
    values[..., -3] = search - crowd[:, None]
    values[..., -2] = search - crowd[found]
    values[..., -1] = values[..., names.index("spelt")] - values[..., names.index("spelt_alike")]
    return found, values.reshape(count * k, -1), search


def channels(frame: pl.DataFrame) -> dict[str, Any]:
    """Return matrices by name whose rows' inner products are similarities: dense or CSR, one row an advert."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    found, documents = styles(frame), texts(frame)
    variant = spellings([s for style in found for s in (*style.sentences, style.title)])
    words = [list(dict.fromkeys(tokens(document))) for document in documents]
    spelt = [[word for word in row if word in variant] for row in words]
    # All sentences but the contact line, with every word in its usual spelling.
    plain = [[s for place, s in enumerate(one.sentences) if place != one.contact] for one in found]
    sentences = [[" ".join(variant.get(word, word) for word in s.split()) for s in row] for row in plain]
    contacts = [[s.sentences[s.contact]] if s.contact >= 0 else [] for s in found]
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    # One text more, so that there is something to weigh where all are empty.
    characters = csr_matrix(pieces.fit_transform([*documents, "ab"])[:-1], dtype=np.float32)
    return {
        "characters": characters,
        "words": _weight_by_rarity(words),
        "sentences": _weight_by_rarity(sentences),
        "shared": _weight_by_rarity(sentences, unit=False),
        "in_order": _weight_by_rarity([list(zip(["", *row], row, strict=False)) for row in sentences]),
        "spelling": _weight_by_rarity(spelt, unit=False),
        "spelt_alike": _counts(spelt),
        "spelt": _counts([[variant[word] for word in row] for row in spelt]),
        "separator": _weight_by_rarity([[s.separator] for s in found], unit=False),
        "mask": _weight_by_rarity([[s.mask] if s.mask else [] for s in found], unit=False),
        "contact": _weight_by_rarity(contacts, unit=False),
        "title": _weight_by_rarity([[s.title] for s in found], unit=False),
        "body_case": _weight_by_rarity([[s.body_case] for s in found], unit=False),
        "title_case": _weight_by_rarity([[s.title_case] for s in found], unit=False),
        "emoji": _weight_by_rarity([s.emoji for s in found], unit=False),
        "style": style_vectors(frame, found).astype(np.float32),
    }


def spellings(sentences: Sequence[str], support: int = 2) -> dict[str, str]:
    """Return words that are written in several ways -> the most frequent way.

    Two words are ways to write one where sentences differ in them alone and they look alike (or one is a short form,
    or a sign of a script without spaces, in ``support`` different sentences). ``sentences``: tokens joined by spaces.
    """
    frequency = Counter(word for sentence in sentences for word in sentence.split())
    frames: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sentence in dict.fromkeys(sentences):
        listed = sentence.split()
        if len(listed) > 1:
            for place, word in enumerate(listed):
                frames[" ".join(listed[:place]), " ".join(listed[place + 1 :])].add(word)
    pairs = (combinations(sorted(words), 2) for words in frames.values() if 1 < len(words) < 6)
    seen = Counter(chain.from_iterable(pairs))
    usual: dict[str, str] = {}
    for (a, b), times in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        if _alike(a, b) or (times >= support and min(len(a), len(b)) <= 3):
            rare, common = sorted((a, b), key=lambda word: (frequency[word], word))
            common = usual.get(common, common)
            if rare not in usual and rare != common:
                usual[rare] = common
                usual.setdefault(common, common)
    return usual


def _alike(a: str, b: str) -> bool:
    """Return whether two words are equal but for at most two letters at one place, and in at least half of the
    longer."""
    before = _shared_start(a, b)
    after = _shared_start(a[before:][::-1], b[before:][::-1])
    shortest, longest = sorted((len(a), len(b)))
    return shortest > 1 and longest - before - after <= 2 and 2 * (before + after) >= longest


def _shared_start(a: str, b: str) -> int:
    """Return length of the longest common start."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _counts(rows: Sequence[Any]) -> csr_matrix:
    """Return 0/1 matrix of which values each row has: float32 CSR, columns in order of appearance."""
    place: dict[Any, int] = {}
    indices, offsets = [], [0]
    for row in rows:
        indices += sorted({place.setdefault(value, len(place)) for value in dict.fromkeys(row)})
        offsets.append(len(indices))
    shape = (len(rows), max(len(place), 1))
    return csr_matrix((np.ones(len(indices), dtype=np.float32), indices, offsets), shape=shape)


def _weight_by_rarity(rows: Sequence[Any], unit: bool = True) -> csr_matrix:
    """Return values weighted by the logarithm of their rarity: cosines (``unit``), else the sum over shared values."""
    from sklearn.preprocessing import normalize

    counts = _counts(rows)
    seen = np.asarray(counts.sum(axis=0)).ravel()
    rarity = np.log((1 + len(rows)) / (1 + seen)) + 1e-3
    weighted = csr_matrix(counts.multiply(rarity if unit else np.sqrt(rarity)), dtype=np.float32)
    return csr_matrix(normalize(weighted)) if unit else weighted
