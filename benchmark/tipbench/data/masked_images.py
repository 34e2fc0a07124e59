"""Perceptual hashes of images under a keyed mask that keeps every distance which means something.

The generator takes an image's hash as the 64-bit word that its counter hash gives for the image's number, and that
hash can be inverted: differences of two inverted words are differences of the numbers, which name the operation
(``tests/tipboard/rounds/test_attacks.py`` does it). So a round publishes no such word. Images within :data:`NEAR` bits
of one another are copies of one image: each group of them gets a keyed word as its base, and what a member differs in
from the group's smallest is put to other bits by a keyed permutation of the group. Distances within a group are
exactly as they were; between groups they are those of unrelated words, as they were too.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.components import connected_components

from tipbench.data.keyed import blocks, words

NEAR = 2
"""Bits in which two re-encodings of an image differ at most: one each from the image."""
_ROWS = 256
_ONE = np.uint64(1)


def masked(images: pl.Series, seed: bytes) -> pl.Series:
    """Return a column of lists of Int64 hashes with the masked ones in their places."""
    old = images.explode(empty_as_null=False, keep_nulls=False).drop_nulls().unique().sort()
    if old.is_empty():
        return images
    new = masks(old.to_numpy(), seed)
    return images.list.eval(pl.element().replace_strict(old, new, default=None, return_dtype=pl.Int64))


def masks(values: NDArray[np.int64], seed: bytes) -> NDArray[np.int64]:
    """Return the masked word of each distinct hash, int64 [values]."""
    plain = values.view(np.uint64)
    anchor = values[_groups(plain)]
    apart = plain ^ anchor.view(np.uint64)
    bits = np.argsort(blocks(seed, "image/bits", anchor), axis=1, kind="stable").astype(np.uint64)
    moved = np.zeros_like(plain)
    for bit in range(64):
        moved |= ((apart >> np.uint64(bit)) & _ONE) << bits[:, bit]
    return (words(seed, "image/base", anchor) ^ moved).view(np.int64)


def _groups(plain: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the first member of each hash's group, [hashes]."""
    left, right = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for start in range(0, len(plain), _ROWS):
        near = np.bitwise_count(plain[start : start + _ROWS, None] ^ plain[None, :]) <= NEAR
        a, b = np.nonzero(near)
        left.append(a.astype(np.int64) + start)
        right.append(b.astype(np.int64))
    return connected_components(np.concatenate(left), np.concatenate(right), len(plain))
