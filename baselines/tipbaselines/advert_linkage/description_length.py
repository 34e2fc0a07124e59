"""Bits that it takes to write documents down, alone or as edits of a template with slots.

The code lengths of InfoShield (Lee, Vajiac, Kulshrestha, Levy, Park, Jones, Rabbany and Faloutsos, ICDE 2021,
section IV): a document of n words costs log*(n) + n log2 V; aligned to a template it costs one bit a column, and for
every edit its place, its kind (2 bits) and the word where one is put in; words in a slot cost no place and no kind.
All documents of a batch are aligned at once by dynamic programming over integers, so ties are exact.
"""

from dataclasses import dataclass

import numpy as np

COLUMN_BITS = 1
KIND_BITS = 2
PAD = -1
"""Filler after the end of a document: equals no token."""


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


@dataclass(frozen=True)
class Alignment:
    """How documents meet a template: ``matched`` bool (documents, m), ``inserted`` int64 (documents, m + 1) a gap."""

    matched: np.ndarray
    inserted: np.ndarray


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


def padded(documents: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return documents as one int64 matrix filled up with :data:`PAD`, and their lengths."""
    lengths = np.array([len(d) for d in documents], dtype=np.int64)
    matrix = np.full((len(documents), int(lengths.max(initial=0))), PAD, dtype=np.int64)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = np.concatenate(documents)
    return matrix, lengths


def aligned_bits(template: Template, matrix: np.ndarray, lengths: np.ndarray, word_bits: int) -> np.ndarray:
    """Return bits of each document as edits of the template, at the cheapest alignment: float64 (documents,)."""
    last = _rows(template, matrix, lengths, word_bits)[-1]
    size = np.maximum(lengths, len(template.tokens))
    fixed = np.array([log_star(n) for n in size]) + template.slots.sum() * template.slot_bits
    return last[np.arange(len(lengths)), lengths] + fixed


def _edit_bits(template: Template, lengths: np.ndarray) -> np.ndarray:
    """Return bits of an edit's column, place and kind, (documents, 1) int32."""
    size = np.maximum(np.maximum(lengths, len(template.tokens)), 2)
    return (COLUMN_BITS + np.ceil(np.log2(size)).astype(np.int32) + KIND_BITS).astype(np.int32)[:, None]


def _rows(
    template: Template, matrix: np.ndarray, lengths: np.ndarray, word_bits: int, keep: bool = False
) -> list[np.ndarray]:
    """Return rows of the alignment table, int32 (documents, width + 1) a row; all m + 1 of them, or the last alone."""
    edit = _edit_bits(template, lengths)
    word = np.int32(word_bits)
    place = np.arange(matrix.shape[1] + 1, dtype=np.int32)
    between = place * (edit + word)
    slope = [
        np.broadcast_to(place * (np.int32(COLUMN_BITS) + word), between.shape) if s else between
        for s in template.slots
    ]
    rows = [slope[0]]
    for number, token in enumerate(template.tokens, start=1):
        best = rows[-1] + edit
        change = np.where(matrix == token, np.int32(COLUMN_BITS), edit + word)
        np.minimum(best[:, 1:], rows[-1][:, :-1] + change, out=best[:, 1:])
        best -= slope[number]
        np.minimum.accumulate(best, axis=1, out=best)
        best += slope[number]
        if not keep:
            rows.clear()
        rows.append(best)
    return rows


def align(template: Template, matrix: np.ndarray, lengths: np.ndarray, word_bits: int) -> Alignment:
    """Return the cheapest alignment of each document, found backwards through the table; a match is preferred to an
    edit."""
    rows = np.stack(_rows(template, matrix, lengths, word_bits, keep=True), axis=1)
    edit = _edit_bits(template, lengths)[:, :, None]
    count, tall, wide = rows.shape
    same = matrix[:, None, :] == template.tokens[None, :, None]
    # Every cell's step back, in cells of the flattened table: 0 at the origin, 1 for a word put in.
    step = np.ones(rows.shape, dtype=np.int64)
    step[:, 0, 0] = 0
    step[:, 1:][rows[:, :-1] + edit == rows[:, 1:]] = wide
    change = np.where(same, np.int32(COLUMN_BITS), edit + np.int32(word_bits))
    step[:, 1:, 1:][rows[:, :-1, :-1] + change == rows[:, 1:, 1:]] = wide + 1
    flat = step.ravel()
    here = np.arange(count) * tall * wide + (tall - 1) * wide + lengths
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
