"""Keyed labels in place of ids, and keyed masks of image hashes, for copies of a fold with other ids.

Everything that a secret seed decides outside the generator comes from keyed BLAKE2b (RFC 7693), a pseudo-random
function. The generator's own counter hash is fast but not cryptographic, so nothing published may depend on it staying
secret. ``person`` and a purpose keep the uses apart.

**Ids.** Each column declares how it is sealed (:class:`tipdata.core.tables.Sealed`). An id (Int64, alone or in a list)
becomes ``2**52 +`` the top 52 bits of the keyed hash of its kind and value. Labels are at least 2**52, while ids of a
public release are below 2**48; and below 2**53, so that they survive a float64. Equal ids of one kind get equal labels
in every table and column. A column that holds the key of a table has that key's kind unless it declares another. A
64-bit column that holds no key and does not say how it is sealed is refused.

**Images.** The generator takes the hash of an image as the word that its counter hash gives for the image's number.
That hash can be inverted, and differences of inverted words name the operation, so a copy shows no such word. Images
within :data:`NEAR` bits of one another are copies of one image. Each group gets a keyed word as its base; the bits in
which a member differs from the smallest of its group move to other places by a keyed permutation. Distances within a
group stay as they are; distances between groups are those of unrelated words, as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import CheckFailed
from tipcore.units import connected_components
from tipdata.core.tables import Column, Sealed, Table
from tipdata.stages import all_tables

_PERSON = b"tipbench sealed"


def keyed_words(seed: bytes, purpose: str, ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return 64 keyed bits of each id, [ids]; bits of different purposes are independent."""
    return _keyed_bytes(seed, purpose, ids, 8).view("<u8").astype(np.uint64)[:, 0]


def _keyed_bytes(seed: bytes, purpose: str, ids: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Return so many keyed bytes of each id, [ids, size]."""
    base = hashlib.blake2b(digest_size=size, key=seed, person=_PERSON)
    text, raw = purpose.encode(), np.ascontiguousarray(ids, dtype="<i8").tobytes()
    base.update(len(text).to_bytes(8, "little") + text)
    found = []
    for start in range(0, len(raw), 8):
        one = base.copy()
        one.update(raw[start : start + 8])
        found.append(one.digest())
    return np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, size)


FIRST, BITS = 1 << 52, 52
"""The smallest label of an id, and how many bits of the hash are in one."""


class LabelCollision(CheckFailed):
    """Two ids of a kind have the same label: draw another seed."""


def id_labels(seed: bytes, kind: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the labels of distinct ids of a kind, int64 in [2**52, 2**53). Raises LabelCollision if two are the
    same."""
    made = FIRST + (keyed_words(seed, f"id/{kind}", ids) >> np.uint64(64 - BITS)).astype(np.int64)
    ordered = np.sort(made)  # a search for equal neighbours: five times as fast as a table of them
    if (ordered[1:] == ordered[:-1]).any():
        raise LabelCollision(f"two ids of the kind {kind} share a label: draw another key.")
    return made


def relabel_column(column: pl.Series, old: NDArray[np.int64], new: NDArray[np.int64]) -> pl.Series:
    """Return a column of ids, or of lists of them, with labels: ``new`` for the sorted ids ``old``. Nulls stay, and an
    id without a label becomes null."""
    if not old.size:
        return column

    def labelled(ids: pl.Series) -> pl.Series:
        # A search: replacing by a table of a million ids takes thirty times as long.
        at = np.searchsorted(old[:-1], ids.fill_null(0).to_numpy())
        known = pl.Series(old).gather(at) == ids
        return pl.select(pl.when(known).then(pl.Series(ids.name, new, ids.dtype).gather(at))).to_series()

    return _map_in_lists(column, labelled) if column.dtype == pl.List else labelled(column)


def _map_in_lists(column: pl.Series, changed: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return lists with all values changed at once; an expression inside lists would run once per row."""
    import pyarrow

    ends = np.append(0, np.cumsum(column.list.len().fill_null(0).to_numpy(), dtype=np.int64))
    values = changed(_list_values(column)).to_arrow()
    lists = pyarrow.LargeListArray.from_arrays(ends, values, mask=column.is_null().to_arrow())
    return pl.Series(column.name, lists, column.dtype)


def _list_values(column: pl.Series) -> pl.Series:
    """Return what is in the lists of a column, one after the other."""
    return column.explode(empty_as_null=False, keep_nulls=False)


def distinct_ids(column: pl.Series) -> NDArray[np.int64]:
    """Return the distinct ids of a column, or of its lists, sorted, int64 [ids]."""
    inner = _list_values(column) if column.dtype == pl.List else column
    return inner.drop_nulls().unique().sort().to_numpy().astype(np.int64)


def sealing_of(table: Table, column: Column) -> Sealed | None:
    """Return how a copy with other ids treats a column, or None if it leaves it as it is.

    Raises:
        ValueError: for a 64-bit column that does not say whether it holds ids.
    """
    if column.sealed is not None:
        return column.sealed
    if column.id_of:
        key = all_tables()[column.id_of]
        declared = key[key.key[0]]
        return declared.sealed or (Sealed("label", declared.name) if declared.dtype == pl.Int64 else None)
    if column.inner == pl.Int64:
        raise ValueError(
            f"{table.name}.{column.name}: say whether this column holds ids: give it id_of=<table>, "
            'or sealed=Sealed("label", <kind>) for other ids, or sealed=Sealed("as_is") for a number'
        )
    return None


NEAR = 2
"""Largest number of bits in which two re-encodings of an image differ: one each from the image."""
_ROWS = 256


def mask_images(images: pl.Series, seed: bytes) -> pl.Series:
    """Return a column of lists of Int64 hashes, masked."""
    old = distinct_ids(images)
    return relabel_column(images, old, mask_hashes(old, seed)) if old.size else images


def mask_hashes(values: NDArray[np.int64], seed: bytes) -> NDArray[np.int64]:
    """Return the masked word of each distinct hash, int64 [values]."""
    plain = values.view(np.uint64)
    anchor = values[_near_duplicates(plain)]
    apart = plain ^ anchor.view(np.uint64)
    bits = np.argsort(_keyed_bytes(seed, "image/bits", anchor, 64), axis=1, kind="stable").astype(np.uint64)
    moved = np.zeros_like(plain)
    for bit in range(64):
        moved |= ((apart >> np.uint64(bit)) & np.uint64(1)) << bits[:, bit]
    return (keyed_words(seed, "image/base", anchor) ^ moved).view(np.int64)


def _near_duplicates(plain: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the first member of each hash's group, [hashes]."""
    left, right = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for start in range(0, len(plain), _ROWS):
        near = np.bitwise_count(plain[start : start + _ROWS, None] ^ plain[None, :]) <= NEAR
        a, b = np.nonzero(near)
        left.append(a.astype(np.int64) + start)
        right.append(b.astype(np.int64))
    return connected_components(np.concatenate(left), np.concatenate(right), len(plain))
