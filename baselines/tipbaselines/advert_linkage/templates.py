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


@dataclass(frozen=True)
class Alignment:
    """Documents beside templates: ``matched`` bool (documents, m); ``inserted`` int64 (documents, m + 1), by gap."""

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


def pad(documents: Sequence[np.ndarray], filler: int) -> tuple[np.ndarray, np.ndarray]:
    """Return documents as one int64 matrix filled up with ``filler``, and their lengths."""
    lengths = np.array([len(d) for d in documents], dtype=np.int64)
    matrix = np.full((len(documents), int(lengths.max(initial=0))), filler, dtype=np.int64)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = np.concatenate(documents)
    return matrix, lengths


class Batch:
    """Documents, each with its template, to be aligned side by side."""

    def __init__(
        self, templates: Sequence[Template], documents: Sequence[np.ndarray], word_bits: int
    ) -> None:
        tokens, self._sizes = pad([one.tokens for one in templates], NONE)
        words, self._lengths = pad(documents, PAD)
        self._tokens, self._words = _transpose(tokens), _transpose(words)
        self._slots = pad([one.slots for one in templates], 0)[0].astype(bool)
        self._slot_bits = np.array([one.slots.sum() * one.slot_bits for one in templates], dtype=np.float64)
        self._longer = np.maximum(self._lengths, self._sizes)
        edit = COLUMN_BITS + np.ceil(np.log2(np.maximum(self._longer, 2))).astype(np.int64) + KIND_BITS
        most = (int(edit.max()) + word_bits) * (int(self._lengths.max()) + int(self._sizes.max()) + 1)
        # The narrowest type that holds a whole table: half as wide is a sixth quicker.
        self._edit = edit.astype(np.int16 if most < np.iinfo(np.int16).max else np.int32)
        self._word = self._edit.dtype.type(word_bits)

    def bits(self) -> np.ndarray:
        """Return bits of each document as edits of its template, at the cheapest alignment: float64 (documents,)."""
        last = np.empty(len(self._lengths), dtype=np.int32)
        for number, row in enumerate(self._rows()):
            ends = np.flatnonzero(self._sizes == number)
            if len(ends):
                last[ends] = row[self._lengths[ends], ends]
        return last + (np.array([log_star(n) for n in self._longer.tolist()]) + self._slot_bits)

    def _change_bits(self, same: np.ndarray) -> np.ndarray:
        """Return bits of a step that takes a token of both: of a column where they are the same, else of an edit and a
        word. As a sum, which is several times quicker than a choice."""
        other = self._edit + self._word
        bits = same.astype(self._edit.dtype)
        bits *= self._edit.dtype.type(COLUMN_BITS) - other
        bits += other
        return bits

    def _rows(self) -> Iterator[np.ndarray]:
        """Yield rows of the alignment table, whole numbers (width + 1, documents) each, m + 1 of them. Documents lie
        beside each other in memory, so that each operation goes through it in order."""
        place = np.arange(len(self._words) + 1, dtype=self._edit.dtype)[:, None]
        between = place * (self._edit + self._word)
        inside = place * (self._edit.dtype.type(COLUMN_BITS) + self._word)
        some, every = np.logical_or.reduce(self._slots, axis=0), np.logical_and.reduce(self._slots, axis=0)

        def slope(number: int) -> np.ndarray:
            if every[number]:
                return np.broadcast_to(inside, between.shape)
            return np.where(self._slots[:, number], inside, between) if some[number] else between

        row = slope(0)
        yield row
        for number, token in enumerate(self._tokens, 1):
            best = row + self._edit
            change = self._change_bits(self._words == token)
            change += row[:-1]
            np.minimum(best[1:], change, out=best[1:])
            rising = slope(number)
            best -= rising
            _lower_to_lowest_above(best)
            best += rising
            row = best
            yield row

    def align(self) -> Alignment:
        """Return the cheapest alignment of each document, backwards through the table; matches come before edits."""
        rows = np.stack(list(self._rows()))
        tall, wide, count = rows.shape
        same = self._words[None] == self._tokens[:, None]
        # Every cell's step back: none at the origin, else a word put in, one left out, or one of both.
        step = np.full(rows.shape, PUT_IN, dtype=np.int8)
        step[0, 0] = ORIGIN
        np.copyto(step[1:], LEFT_OUT, where=rows[:-1] + self._edit == rows[1:])
        change = self._change_bits(same)
        change += rows[:-1, :-1]
        np.copyto(step[1:, 1:], OF_BOTH, where=change == rows[1:, 1:])
        flat = step.ravel()
        back = np.array([0, count, wide * count, (wide + 1) * count])  # in cells of the flattened table
        here = (self._sizes * wide + self._lengths) * count + np.arange(count)
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


def _transpose(tokens: np.ndarray) -> np.ndarray:
    """Return a matrix of tokens with a column per document, as narrow as their numbers allow."""
    narrow = np.int16 if tokens.max(initial=0) <= np.iinfo(np.int16).max else np.int64
    return np.ascontiguousarray(tokens.T, dtype=narrow)


def _lower_to_lowest_above(table: np.ndarray) -> None:
    """Lower each number to the least of those above it in its column."""
    if table.shape[1] < FEW:
        np.minimum.accumulate(table, axis=0, out=table)
        return
    reach = 1
    while reach < len(table):  # twice as far each time, whole rows at once
        np.minimum(table[reach:], table[:-reach], out=table[reach:])
        reach *= 2


Found = TypeVar("Found")
Requests = Generator["AlignmentRequest", Any, Found]  # What asks for alignments, and returns what it finds
MOST = {"bits": 4096, "align": 256}  # Pairs in a batch: of an alignment the whole table is kept


@dataclass(frozen=True)
class AlignmentRequest:
    """Every template with every document. ``kind``: ``bits`` is answered by float64 [templates, documents] of
    :meth:`Batch.bits`, ``align`` by an alignment per template."""

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
            of_template = [[next(made) for _ in ask.documents] for _ in ask.templates]
            answers[number] = np.array(of_template) if kind == "bits" else _alignments(ask, of_template)
    return answers


def _alignments(ask: AlignmentRequest, of_template: list[list[Any]]) -> list[Alignment]:
    sizes = (len(one.tokens) for one in ask.templates)
    return [
        Alignment(np.array([m[:size] for m, _ in rows]), np.array([i[: size + 1] for _, i in rows]))
        for size, rows in zip(sizes, of_template, strict=True)
    ]


def _of_pairs(kind: str, pairs: list[tuple[Template, np.ndarray]], word_bits: int) -> list[Any]:
    """Return the answer for each pair, computed in batches of pairs of similar lengths."""
    found: list[Any] = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda n: (len(pairs[n][0].tokens), len(pairs[n][1])))
    for start in range(0, len(order), MOST[kind]):
        chosen = order[start : start + MOST[kind]]
        batch = Batch([pairs[n][0] for n in chosen], [pairs[n][1] for n in chosen], word_bits)
        if kind == "bits":
            made: Sequence[Any] = batch.bits().tolist()
        else:
            whole = batch.align()
            made = list(zip(whole.matched, whole.inserted, strict=True))
        for n, one in zip(chosen, made, strict=True):
            found[n] = one
    return found
