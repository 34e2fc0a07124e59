"""Align what many clusterings ask for at once: each goes on alone, and most of what one asks for is small.

A clustering is a generator. It yields an :class:`Ask` and is sent the answer; so a thousand of them are at the same
point, and their alignments are one batch, which costs little more than one of them.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from tipbaselines.advert_linkage.description_length import (
    Alignment,
    Template,
    Templates,
    align,
    aligned_bits,
    padded,
)

Found = TypeVar("Found")
Asking = Generator["Ask", Any, Found]
"""What asks for alignments, and returns what it finds."""
MOST = {"bits": 4096, "align": 256}
"""Pairs in a batch: of an alignment the whole table is kept."""


@dataclass(frozen=True)
class Ask:
    """Every template with every document.

    ``kind``: ``bits`` is answered by float64 [templates, documents] of
    :func:`tipbaselines.advert_linkage.description_length.aligned_bits`, ``align`` by an alignment per template.
    """

    kind: Literal["bits", "align"]
    templates: Sequence[Template]
    documents: Sequence[np.ndarray]


def answer_all(clusterings: Sequence[Asking[None]], word_bits: int) -> None:
    """Run clusterings side by side until all are done."""
    waiting = [(one, ask) for one in clusterings if (ask := next(one, None)) is not None]
    while waiting:
        answers = _answers([ask for _, ask in waiting], word_bits)
        told = zip(waiting, answers, strict=True)
        waiting = [(one, ask) for (one, _), answer in told if (ask := _sent(one, answer)) is not None]


def _sent(one: Asking[None], answer: Any) -> Ask | None:
    try:
        return one.send(answer)
    except StopIteration:
        return None


def _answers(asks: Sequence[Ask], word_bits: int) -> list[Any]:
    answers: list[Any] = [None] * len(asks)
    for kind in MOST:
        which = [number for number, ask in enumerate(asks) if ask.kind == kind]
        pairs = [(t, d) for n in which for t in asks[n].templates for d in asks[n].documents]
        made = iter(_of_pairs(kind, pairs, word_bits))
        for number in which:
            answers[number] = _answer(asks[number], made)
    return answers


def _of_pairs(kind: str, pairs: list[tuple[Template, np.ndarray]], word_bits: int) -> list[Any]:
    """Return what is asked for of each pair, worked out in batches of pairs of about the same lengths."""
    found: list[Any] = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda n: (len(pairs[n][0].tokens), len(pairs[n][1])))
    for start in range(0, len(order), MOST[kind]):
        batch = order[start : start + MOST[kind]]
        templates = Templates([pairs[n][0] for n in batch])
        matrix, lengths = padded([pairs[n][1] for n in batch])
        if kind == "bits":
            made: Sequence[Any] = aligned_bits(templates, matrix, lengths, word_bits).tolist()
        else:
            whole = align(templates, matrix, lengths, word_bits)
            made = list(zip(whole.matched, whole.inserted, strict=True))
        for n, one in zip(batch, made, strict=True):
            found[n] = one
    return found


def _answer(ask: Ask, made: Iterator[Any]) -> Any:
    """Return the answer to one that asked, from what was made of all pairs in order."""
    of_template = [[next(made) for _ in ask.documents] for _ in ask.templates]
    if ask.kind == "bits":
        return np.array(of_template)
    return [
        Alignment(
            np.array([matched[:m] for matched, _ in rows]),
            np.array([inserted[: m + 1] for _, inserted in rows]),
        )
        for m, rows in zip((len(one.tokens) for one in ask.templates), of_template, strict=True)
    ]
