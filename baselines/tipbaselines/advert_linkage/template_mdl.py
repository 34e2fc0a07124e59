"""Templates with slots, found by description length: adverts written from one template have one operator.

After InfoShield (Lee et al., ICDE 2021), re-implemented from the paper. Coarse: documents that share one of their
rarest five-word phrases are in one component. Fine: within a component a document becomes a template, every document
that is shorter to write as edits of it joins, rare words are taken out, and slots are put in where they save bits; the
template stays if all of it together is shorter than the documents one by one. Digits are not words, as in the authors'
code: prices and phone numbers differ within a template. Unlike in the paper, templates are columns of their first
document instead of a partial order graph, and equal texts are aligned once. Needs the text. Cost: 17 s for 25,000
adverts and a minute or two for 70,000 on one core, growing with the number of templates.
"""

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.advert_linkage.templates import (
    COLUMN_BITS,
    KIND_BITS,
    AlignmentRequest,
    Requests,
    Template,
    answer_all,
    document_bits,
    log_star,
    place_bits,
)
from tipbaselines.frames import Untrained, to_predict
from tipbaselines.linkage import cluster_frame, components, shingles
from tipbaselines.text import equal_values, texts, tokens

PHRASE = 5
NUMBER, MARK = re.compile(r"\d+"), "0"
"""Digits that follow one another, and what stands for them in a phrase."""
SAMPLE = 48  # Documents that decide a template's words and slots; all documents decide its acceptance
KEPT_SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of documents that must have a word for it to stay; the cheapest is taken."""


@dataclass(eq=False)
class TemplateMDL(Untrained):
    """``phrases``: how many of its rarest shared phrases tie a document to others; ``longest``: tokens read of each."""

    phrases: int = 10
    longest: int = 160
    needs = frozenset({"adverts.body"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        words = [tuple(mark_numbers(text)[: self.longest]) for text in texts(frame)]
        document, first = equal_values(words)
        label = template_clusters([words[i] for i in first], np.bincount(document), self.phrases)[document]
        empty = np.array([not drop_numbers(w) for w in words], dtype=bool)
        label[empty] = len(first) + np.arange(int(empty.sum()))
        return cluster_frame(frame[fold.task.unit], label)


def mark_numbers(text: str) -> list[str]:
    """Return the tokens of a text, with each number in them replaced by :data:`MARK`."""
    return [NUMBER.sub(MARK, token) for token in tokens(text)]


def drop_numbers(document: tuple[str, ...]) -> list[str]:
    """Return what is left of the tokens of :func:`mark_numbers` without the marks."""
    return [word for token in document if (word := token.replace(MARK, ""))]


def template_clusters(documents: list[tuple[str, ...]], copies: np.ndarray, phrases: int) -> np.ndarray:
    """Return cluster number of each distinct document of :func:`mark_numbers` tokens: int64. ``copies``: how often each
    occurs."""
    bare = [drop_numbers(document) for document in documents]
    vocabulary, _ = equal_values([word for document in bare for word in document])
    bounds = np.cumsum([len(d) for d in bare])[:-1]
    coded = np.split(vocabulary, bounds)
    word_bits = place_bits(int(vocabulary.max(initial=1)) + 1)
    digest = [hashlib.sha256("\n".join(d).encode("utf-8", "surrogatepass")).digest() for d in documents]
    label = np.arange(len(documents))
    clusterings = []
    for members in _coarse(documents, phrases):
        if len(members) > 1:
            order = sorted(members, key=lambda i: (-int(copies[i]), digest[i]))
            ordered = [coded[i] for i in order]
            clusterings.append(_fine(ordered, copies[order], word_bits, np.array(order), label))
    answer_all(clusterings, word_bits)
    return label


def _coarse(documents: list[tuple[str, ...]], phrases: int) -> list[list[int]]:
    """Return components of documents over the ``phrases`` rarest five-word phrases of each that another document has
    too."""
    sets = shingles([" ".join(d) for d in documents], PHRASE)
    _, phrase, frequency = np.unique(sets.values, return_inverse=True, return_counts=True)
    owner, frequency = np.repeat(np.arange(len(documents)), np.diff(sets.offsets)), frequency[phrase]
    columns = {"document": owner, "value": sets.values, "phrase": phrase, "frequency": frequency}
    rows = pl.DataFrame(columns).filter(pl.col("frequency") > 1)
    rows = rows.sort("document", "frequency", "value").group_by("document", maintain_order=True).head(phrases)
    edges = rows.select("document", pl.col("document").min().over("phrase").alias("first")).to_numpy()
    found = pl.DataFrame({"root": components(len(documents), edges)}).with_row_index("document")
    return found.group_by("root", maintain_order=True).agg("document")["document"].to_list()


def _fine(
    documents: list[np.ndarray], copies: np.ndarray, word_bits: int, number: np.ndarray, label: np.ndarray
) -> Requests[None]:
    """Cluster the documents of one component greedily, writing ``label[number]`` of those that share a template."""
    index = _Overlap(documents)
    alone = np.array([document_bits(len(d), word_bits) for d in documents])
    free = np.ones(len(documents), dtype=bool)
    templates = 0
    for seed, document in enumerate(documents):
        if not free[seed] or len(document) == 0:
            continue
        free[seed] = False
        near = index.candidates(seed, free, alone, word_bits)
        if len(near) == 0:
            continue
        group = np.concatenate([[seed], near])
        among = [documents[i] for i in group]
        template = yield from _template(document, among, alone[group], word_bits)
        if template is None:
            continue
        [bits] = yield AlignmentRequest("bits", [template], among)
        inside = (bits < alone[group]) | (group == seed)
        which_bits = log_star(templates + 1) + place_bits(templates + 1) * copies[group[inside]].sum()
        written = template.bits(word_bits) + which_bits + (bits * copies[group])[inside].sum()
        if inside.sum() < 2 or written >= (alone * copies)[group[inside]].sum():
            continue
        templates += 1
        free[group[inside]] = False
        label[number[group[inside]]] = number[seed]


def _template(
    seed: np.ndarray, among: list[np.ndarray], alone: np.ndarray, word_bits: int
) -> Requests[Template | None]:
    """Return the cheapest template with slots from the seed, the first of the documents, and those that join it; None
    where none does."""
    whole = Template(seed, np.zeros(len(seed) + 1, dtype=bool))
    [bits] = yield AlignmentRequest("bits", [whole], among)
    joined = np.flatnonzero(bits < alone)
    joined = joined[joined != 0][:SAMPLE]
    if len(joined) == 0:
        return None
    [found] = yield AlignmentRequest("align", [whole], [among[i] for i in joined])
    share = found.matched.mean(axis=0)
    kept = {tuple(np.flatnonzero(share >= least).tolist()) for least in KEPT_SHARES} - {()}
    words = [seed[list(one)] for one in sorted(kept, key=len)]
    if not words:
        return None
    sample = [among[i] for i in (0, *joined)]
    bare = [Template(one, np.zeros(len(one) + 1, dtype=bool)) for one in words]
    aligned = yield AlignmentRequest("align", bare, sample)
    longest = max(len(document) for document in sample)
    pairs = zip(words, aligned, strict=True)
    templates = [_with_slots(one, of_words.inserted, longest) for one, of_words in pairs]
    costs = yield AlignmentRequest("bits", templates, sample)
    cost = [one.bits(word_bits) + of_rows.sum() for one, of_rows in zip(templates, costs, strict=True)]
    return templates[int(np.argmin(cost))]  # the shorter of two that cost the same


def _with_slots(words: np.ndarray, inserted: np.ndarray, longest: int) -> Template:
    """Return the template of these words with a slot in each gap where it saves bits, given how much each document
    puts in there, (documents, gaps), and the length of the longest."""
    edit = place_bits(max(len(words), longest)) + KIND_BITS
    length_bits = np.array([COLUMN_BITS + log_star(n) for n in np.ceil(inserted.mean(axis=0)).tolist()])
    saved = inserted.sum(axis=0) * edit
    slots = saved > place_bits(len(words)) + len(inserted) * length_bits
    return Template(words, slots, float(length_bits[slots].mean()) if slots.any() else 0.0)


class _Overlap:
    """Which documents have enough words in common with another that an alignment could pay."""

    def __init__(self, documents: list[np.ndarray]) -> None:
        self._lengths = np.array([len(d) for d in documents], dtype=np.int64)
        token = np.concatenate(documents)
        owner = np.repeat(np.arange(len(documents)), self._lengths)
        # The k-th occurrence of a token in a document is an item of its own, so sets count like bags.
        order, place = np.lexsort((token, owner)), np.arange(len(token))
        again = (np.diff(token[order], prepend=-1) == 0) & (np.diff(owner[order], prepend=-1) == 0)
        occurrence = np.empty_like(place)
        occurrence[order] = place - np.maximum.accumulate(np.where(again, 0, place))
        pair = token.astype(np.int64) * (1 + int(self._lengths.max())) + occurrence
        item = np.unique(pair, return_inverse=True)[1]
        order = np.lexsort((owner, item))
        self._postings, self._starts = owner[order], np.searchsorted(item[order], np.arange(item.max() + 2))
        self._items = np.split(item, np.cumsum(self._lengths)[:-1])

    def candidates(self, seed: int, free: np.ndarray, alone: np.ndarray, word_bits: int) -> np.ndarray:
        """Return free documents that a lower bound of their bits does not rule out, in order."""
        lists = [self._postings[self._starts[i] : self._starts[i + 1]] for i in self._items[seed]]
        common = np.bincount(np.concatenate(lists), minlength=len(free))
        longest = np.maximum(self._lengths, self._lengths[seed])
        edit = COLUMN_BITS + np.ceil(np.log2(np.maximum(longest, 2))) + KIND_BITS
        least = common * COLUMN_BITS + (self._lengths - common) * (edit + word_bits)
        return np.flatnonzero(free & (common > 0) & (least < alone))
