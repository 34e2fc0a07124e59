"""Bits that it takes to write documents down, alone or as edits of a template with slots.

The code lengths of InfoShield (Lee, Vajiac, Kulshrestha, Levy, Park, Jones, Rabbany and Faloutsos, ICDE 2021,
section IV): a document of n words costs log*(n) + n log2 V; aligned to a template it costs one bit a column, and for
every edit its place, its kind (2 bits) and the word where one is put in; words in a slot cost no place and no kind.
All documents of a batch are aligned at once by dynamic programming over integers, so ties are exact. Each may have a
template of its own: most batches are small, and then calls cost more than numbers do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

COLUMN_BITS = 1
KIND_BITS = 2
PAD, NONE = -1, -2
"""Fillers after the end of a document, and of a template: they equal no token, nor each other."""


@dataclass(frozen=True)
class Template:
    """Constant tokens, int64 (m,), and the gaps that are slots, bool (m + 1,): gap g stands before token g.

    ``slot_bits``: what a document pays for the length of each slot's content.
    """

    tokens: np.ndarray
    slots: np.ndarray
    slot_bits: float = 0.0

    def bits(self, word_bits: int) -> float:
        """Return bits of the template itself: its tokens, and the places of its slots."""
        places = int(self.slots.sum())
        return (
            document_bits(len(self.tokens), word_bits)
            + log_star(places)
            + places * place_bits(len(self.tokens))
        )


class Templates:
    """A template per document, filled up to the longest.

    ``tokens``: int64 (documents, m), ``sizes``: int64 (documents,), ``slots``: bool (documents, m + 1),
    ``slot_bits``: float64 (documents,), for all slots of each.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        self.tokens, self.sizes = padded([one.tokens for one in templates], NONE)
        self.slots = padded([one.slots for one in templates], 0)[0].astype(bool)
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


def padded(documents: Sequence[np.ndarray], filler: int = PAD) -> tuple[np.ndarray, np.ndarray]:
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
        ends = sizes == number
        if ends.any():
            last[ends] = row[ends, lengths[ends]]
    longer = np.maximum(lengths, sizes)
    return last + (np.array([log_star(n) for n in longer.tolist()]) + templates.slot_bits)


def _edit_bits(templates: Templates, lengths: np.ndarray, word_bits: int) -> np.ndarray:
    """Return bits of an edit's column, place and kind, (documents, 1), in the narrowest type that holds a whole table:
    half as wide is a sixth quicker."""
    size = np.maximum(np.maximum(lengths, templates.sizes), 2)
    edit = COLUMN_BITS + np.ceil(np.log2(size)).astype(np.int64) + KIND_BITS
    most = (int(edit.max()) + word_bits) * (int(lengths.max()) + int(templates.sizes.max()) + 1)
    return edit.astype(np.int16 if most < np.iinfo(np.int16).max else np.int32)[:, None]


def _rows(
    templates: Templates, matrix: np.ndarray, lengths: np.ndarray, word_bits: int
) -> Iterator[np.ndarray]:
    """Yield rows of the alignment table, whole numbers (documents, width + 1) each, m + 1 of them."""
    edit = _edit_bits(templates, lengths, word_bits)
    column, word = edit.dtype.type(COLUMN_BITS), edit.dtype.type(word_bits)
    place = np.arange(matrix.shape[1] + 1, dtype=edit.dtype)
    between = place * (edit + word)
    inside = place * (column + word)
    is_slot = templates.slots
    some, every = np.logical_or.reduce(is_slot, axis=0), np.logical_and.reduce(is_slot, axis=0)

    def slope(number: int) -> np.ndarray:
        if not some[number]:
            return between
        return (
            np.broadcast_to(inside, between.shape)
            if every[number]
            else np.where(is_slot[:, number, None], inside, between)
        )

    row = slope(0)
    yield row
    for number in range(1, templates.tokens.shape[1] + 1):
        best = row + edit
        change = np.where(matrix == templates.tokens[:, number - 1, None], column, edit + word)
        np.minimum(best[:, 1:], row[:, :-1] + change, out=best[:, 1:])
        rising = slope(number)
        best -= rising
        np.minimum.accumulate(best, axis=1, out=best)
        best += rising
        row = best
        yield row


def align(templates: Templates, matrix: np.ndarray, lengths: np.ndarray, word_bits: int) -> Alignment:
    """Return the cheapest alignment of each document, found backwards through the table; a match is preferred to an
    edit."""
    rows = np.stack(list(_rows(templates, matrix, lengths, word_bits)), axis=1)
    edit = _edit_bits(templates, lengths, word_bits)[:, :, None]
    column, word = edit.dtype.type(COLUMN_BITS), edit.dtype.type(word_bits)
    count, tall, wide = rows.shape
    same = matrix[:, None, :] == templates.tokens[:, :, None]
    # Every cell's step back, in cells of the flattened table: 0 at the origin, 1 for a word put in.
    step = np.ones(rows.shape, dtype=np.int64)
    step[:, 0, 0] = 0
    step[:, 1:][rows[:, :-1] + edit == rows[:, 1:]] = wide
    change = np.where(same, column, edit + word)
    step[:, 1:, 1:][rows[:, :-1, :-1] + change == rows[:, 1:, 1:]] = wide + 1
    flat = step.ravel()
    here = (np.arange(count) * tall + templates.sizes) * wide + lengths
    path = np.empty((tall + wide, count), dtype=np.int64)
    for move in range(tall + wide):
        path[move] = here
        here = here - flat[here]
    document, row, column = np.unravel_index(path.ravel(), rows.shape)
    taken = flat[path.ravel()]
    matched = np.zeros((count, tall - 1), dtype=bool)
    hit = (taken == wide + 1) & same[document, row - 1, column - 1]
    matched[document[hit], row[hit] - 1] = True
    inserted = np.zeros((count, tall), dtype=np.int64)
    put_in = taken == 1
    np.add.at(inserted, (document[put_in], row[put_in]), 1)
    return Alignment(matched, inserted)
