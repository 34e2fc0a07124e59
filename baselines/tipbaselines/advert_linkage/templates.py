"""Bits that it takes to write documents down, alone or as edits of a template with slots; alignments in batches.

The code lengths of InfoShield (Lee et al., ICDE 2021, section IV): a document of n words costs log*(n) + n log2 V;
aligned to a template it costs one bit a column, and for every edit its place, its kind (2 bits) and the word where one
is put in; words in a slot cost no place and no kind. All documents of a batch are aligned at once by dynamic
programming over integers, so ties are exact.

A clustering is a generator: it yields an :class:`AlignmentRequest` and is sent the answer. Most requests are small,
so the requests of a thousand clusterings are answered in one batch, which costs little more than one of them.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np

COLUMN_BITS = 1
KIND_BITS = 2
PAD, NONE = -1, -2
"""Fillers after the end of a document, and of a template: they equal no token, nor each other."""
ORIGIN, PUT_IN, LEFT_OUT, OF_BOTH = range(4)  # Steps back through an alignment table
FEW = 64  # Documents beside each other below which a call costs more than its numbers do


@dataclass(frozen=True)
class Template:
    """Constant tokens, int64 (m,), and the gaps that are slots, bool (m + 1,): gap g stands before token g.
    ``slot_bits``: what a document pays for the length of each slot's content."""

    tokens: np.ndarray
    slots: np.ndarray
    slot_bits: float = 0.0

    def bits(self, word_bits: int) -> float:
        """Return bits of the template itself: its tokens, and the places of its slots."""
        length, places = len(self.tokens), int(self.slots.sum())
        return document_bits(length, word_bits) + log_star(places) + places * place_bits(length)


class Templates:
    """A template per document, filled up to the longest. ``tokens``: int64 (documents, m), ``sizes``: int64
    (documents,), ``slots``: bool (documents, m + 1), ``slot_bits``: float64 (documents,), for all slots of each."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self.tokens, self.sizes = pad([one.tokens for one in templates], NONE)
        self.slots = pad([one.slots for one in templates], 0)[0].astype(bool)
        self.slot_bits = np.array([one.slots.sum() * one.slot_bits for one in templates], dtype=np.float64)


@dataclass(frozen=True)
class Alignment:
    """How documents meet their templates: ``matched`` bool (documents, m), ``inserted`` int64 (documents, m + 1) a
    gap."""

    matched: np.ndarray
    inserted: np.ndarray


@cache
def log_star(number: float) -> float:
    """Return bits of the universal code of a whole number (Rissanen 1983); 0 for 0 and 1."""
    total, value = 0.0, float(number)
    while value > 1:
        value = float(np.log2(value))
        total += max(value, 0.0)
    return total


def place_bits(length: int) -> int:
    """Return bits that name one of ``length`` places, a whole number."""
    return int(np.ceil(np.log2(max(length, 2))))


def document_bits(length: int, word_bits: int) -> float:
    """Return bits of a document written down by itself."""
    return log_star(length) + length * word_bits


def pad(documents: Sequence[np.ndarray], filler: int = PAD) -> tuple[np.ndarray, np.ndarray]:
    """Return documents as one int64 matrix filled up with :data:`PAD`, and their lengths."""
    lengths = np.array([len(d) for d in documents], dtype=np.int64)
    matrix = np.full((len(documents), int(lengths.max(initial=0))), filler, dtype=np.int64)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = np.concatenate(documents)
    return matrix, lengths


def aligned_bits(templates: Templates, matrix: np.ndarray, lengths: np.ndarray, word_bits: int) -> np.ndarray:
    """Return bits of each document as edits of its template, at the cheapest alignment: float64 (documents,)."""
    sizes = templates.sizes
    last = np.empty(len(lengths), dtype=np.int32)
    for number, row in enumerate(_rows(templates, matrix, lengths, word_bits)):
        ends = np.flatnonzero(sizes == number)
        if len(ends):
            last[ends] = row[lengths[ends], ends]
    longer = np.maximum(lengths, sizes)
    return last + (np.array([log_star(n) for n in longer.tolist()]) + templates.slot_bits)


def _edit_bits(templates: Templates, lengths: np.ndarray, word_bits: int) -> np.ndarray:
    """Return bits of an edit's column, place and kind, (documents,), in the narrowest type that holds a whole table:
    half as wide is a sixth quicker."""
    size = np.maximum(np.maximum(lengths, templates.sizes), 2)
    edit = COLUMN_BITS + np.ceil(np.log2(size)).astype(np.int64) + KIND_BITS
    most = (int(edit.max()) + word_bits) * (int(lengths.max()) + int(templates.sizes.max()) + 1)
    return edit.astype(np.int16 if most < np.iinfo(np.int16).max else np.int32)


def _transpose(tokens: np.ndarray) -> np.ndarray:
    """Return a matrix of tokens with a column per document, as narrow as their numbers allow."""
    narrow = np.int16 if tokens.max(initial=0) <= np.iinfo(np.int16).max else np.int64
    return np.ascontiguousarray(tokens.T, dtype=narrow)


def _change_bits(same: np.ndarray, edit: np.ndarray, word_bits: int) -> np.ndarray:
    """Return bits of a step that takes a token of both: of a column where they are the same, else of an edit and a
    word. As a sum, which is several times quicker than a choice."""
    other = edit + edit.dtype.type(word_bits)
    bits = same.astype(edit.dtype)
    bits *= edit.dtype.type(COLUMN_BITS) - other
    bits += other
    return bits


def _rows(
    templates: Templates, matrix: np.ndarray, lengths: np.ndarray, word_bits: int
) -> Iterator[np.ndarray]:
    """Yield rows of the alignment table, whole numbers (width + 1, documents) each, m + 1 of them. Documents lie beside
    each other in memory, so that each operation goes through it in order."""
    edit = _edit_bits(templates, lengths, word_bits)
    column, word = edit.dtype.type(COLUMN_BITS), edit.dtype.type(word_bits)
    place = np.arange(matrix.shape[1] + 1, dtype=edit.dtype)[:, None]
    between = place * (edit + word)
    inside = place * (column + word)
    is_slot = templates.slots
    some, every = np.logical_or.reduce(is_slot, axis=0), np.logical_and.reduce(is_slot, axis=0)
    tokens, words = _transpose(templates.tokens), _transpose(matrix)

    def slope(number: int) -> np.ndarray:
        if every[number]:
            return np.broadcast_to(inside, between.shape)
        return np.where(is_slot[:, number], inside, between) if some[number] else between

    row = slope(0)
    yield row
    for number, token in enumerate(tokens, 1):
        best = row + edit
        change = _change_bits(words == token, edit, word_bits)
        change += row[:-1]
        np.minimum(best[1:], change, out=best[1:])
        rising = slope(number)
        best -= rising
        _lower_to_lowest_above(best)
        best += rising
        row = best
        yield row


def _lower_to_lowest_above(table: np.ndarray) -> None:
    """Lower each number to the least of those above it in its column."""
    if table.shape[1] < FEW:
        np.minimum.accumulate(table, axis=0, out=table)
        return
    reach = 1
    while reach < len(table):  # twice as far each time, whole rows at once
        np.minimum(table[reach:], table[:-reach], out=table[reach:])
        reach *= 2


def align(templates: Templates, matrix: np.ndarray, lengths: np.ndarray, word_bits: int) -> Alignment:
    """Return the cheapest alignment of each document, backwards through the table; a match is preferred to an edit."""
    rows = np.stack(list(_rows(templates, matrix, lengths, word_bits)))
    edit = _edit_bits(templates, lengths, word_bits)
    tall, wide, count = rows.shape
    same = _transpose(matrix)[None] == _transpose(templates.tokens)[:, None]
    # Every cell's step back: none at the origin, else a word put in, one left out, or one of both.
    step = np.full(rows.shape, PUT_IN, dtype=np.int8)
    step[0, 0] = ORIGIN
    np.copyto(step[1:], LEFT_OUT, where=rows[:-1] + edit == rows[1:])
    change = _change_bits(same, edit, word_bits)
    change += rows[:-1, :-1]
    np.copyto(step[1:, 1:], OF_BOTH, where=change == rows[1:, 1:])
    flat = step.ravel()
    back = np.array([0, count, wide * count, (wide + 1) * count])  # in cells of the flattened table
    here = (templates.sizes * wide + lengths) * count + np.arange(count)
    path = np.empty((tall + wide, count), dtype=np.int64)
    for move in range(tall + wide):
        path[move] = here
        here = here - back[flat[here]]
    row, column, document = np.unravel_index(path.ravel(), rows.shape)
    taken = flat[path.ravel()]
    matched = np.zeros((count, tall - 1), dtype=bool)
    hit = (taken == OF_BOTH) & same[row - 1, column - 1, document]
    matched[document[hit], row[hit] - 1] = True
    inserted = np.zeros((count, tall), dtype=np.int64)
    put_in = taken == PUT_IN
    np.add.at(inserted, (document[put_in], row[put_in]), 1)
    return Alignment(matched, inserted)


Found = TypeVar("Found")
Requests = Generator["AlignmentRequest", Any, Found]  # What asks for alignments, and returns what it finds
MOST = {"bits": 4096, "align": 256}  # Pairs in a batch: of an alignment the whole table is kept


@dataclass(frozen=True)
class AlignmentRequest:
    """Every template with every document. ``kind``: ``bits`` is answered by float64 [templates, documents] of
    :func:`aligned_bits`, ``align`` by an alignment per template."""

    kind: Literal["bits", "align"]
    templates: Sequence[Template]
    documents: Sequence[np.ndarray]


def answer_all(clusterings: Sequence[Requests[None]], word_bits: int) -> None:
    """Run clusterings side by side until all are done."""
    waiting = [(one, ask) for one in clusterings if (ask := next(one, None)) is not None]
    while waiting:
        answers = _answers([ask for _, ask in waiting], word_bits)
        answered = zip(waiting, answers, strict=True)
        waiting = [(one, ask) for (one, _), answer in answered if (ask := _send(one, answer)) is not None]


def _send(one: Requests[None], answer: Any) -> AlignmentRequest | None:
    try:
        return one.send(answer)
    except StopIteration:
        return None


def _answers(asks: Sequence[AlignmentRequest], word_bits: int) -> list[Any]:
    answers: list[Any] = [None] * len(asks)
    for kind in MOST:
        which = [number for number, ask in enumerate(asks) if ask.kind == kind]
        pairs = [(t, d) for n in which for t in asks[n].templates for d in asks[n].documents]
        made = iter(_of_pairs(kind, pairs, word_bits))
        for number in which:
            ask = asks[number]
            rows = [(len(one.tokens), [next(made) for _ in ask.documents]) for one in ask.templates]
            if kind == "bits":
                answers[number] = np.array([bits for _, bits in rows])
                continue
            answers[number] = [
                Alignment(np.array([m[:size] for m, _ in row]), np.array([i[: size + 1] for _, i in row]))
                for size, row in rows
            ]
    return answers


def _of_pairs(kind: str, pairs: list[tuple[Template, np.ndarray]], word_bits: int) -> list[Any]:
    """Return the answer for each pair, computed in batches of pairs of similar lengths."""
    found: list[Any] = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda n: (len(pairs[n][0].tokens), len(pairs[n][1])))
    for start in range(0, len(order), MOST[kind]):
        batch = order[start : start + MOST[kind]]
        templates = Templates([pairs[n][0] for n in batch])
        matrix, lengths = pad([pairs[n][1] for n in batch])
        if kind == "bits":
            made: Sequence[Any] = aligned_bits(templates, matrix, lengths, word_bits).tolist()
        else:
            whole = align(templates, matrix, lengths, word_bits)
            made = list(zip(whole.matched, whole.inserted, strict=True))
        for n, one in zip(batch, made, strict=True):
            found[n] = one
    return found
