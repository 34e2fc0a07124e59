"""The writer-independent digest of a column: what the values are, not how a file holds them.

SHA-256 over the dtype's name, the number of rows, one validity byte a row, and the canonical values, nulls as zero or
empty: integers as little-endian int64, booleans as one byte, strings as int64 lengths then UTF-8, lists as int64
lengths then their flattened child. Row groups, compression, dictionaries and library versions do not enter.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa


class Stamp(NamedTuple):
    """What a file looked like when its digest was taken: whoever writes to it changes one of these."""

    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def column_digest(column: pl.Series) -> str:
    """Return hex SHA-256 of one column (integers, booleans, strings, and lists of these).

    Raises TypeError for a dtype that has no canonical form here (floats are never stored).
    """
    digest = hashlib.sha256()
    _feed(digest, column)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, column: pl.Series) -> None:
    import pyarrow as pa  # for making and verifying only

    dtype = column.dtype
    digest.update(f"{dtype}|{len(column)}|".encode())
    if not column.null_count():
        digest.update(b"\x01" * len(column))
        if dtype == pl.Boolean or dtype.is_signed_integer():  # as below, without Arrow
            numbers = column.to_numpy()
            digest.update(numbers.data if dtype == pl.Boolean else _words(numbers))
            return
    array: Any = column.rechunk().to_arrow()
    if array.null_count:
        digest.update(array.is_valid().cast(pa.uint8()).to_numpy().data)
    if dtype == pl.Boolean:
        digest.update(array.fill_null(False).cast(pa.uint8()).to_numpy().data)
    elif dtype.is_integer():
        digest.update(_words(array.fill_null(0).cast(pa.int64()).to_numpy()))
    elif dtype == pl.String:
        strings = array.cast(pa.large_string())
        lengths, text = _utf8(strings.fill_null("") if strings.null_count else strings)
        digest.update(_words(lengths))
        digest.update(text)
    elif isinstance(dtype, pl.List):
        digest.update(_words(array.value_lengths().fill_null(0).cast(pa.int64()).to_numpy()))
        _feed(digest, pl.Series(pl.from_arrow(array.flatten()), dtype=dtype.inner))
    else:
        raise TypeError(f"column {column.name}: no canonical form for {dtype}")


def _words(numbers: np.ndarray) -> memoryview:
    """Return 64-bit integers as bytes, the least significant first."""
    return np.ascontiguousarray(numbers, dtype="<i8").data


def _utf8(array: pa.LargeStringArray) -> tuple[np.ndarray, memoryview | bytes]:
    """Return how many bytes each string has, and all strings' bytes, one after the other; none may be null."""
    if not len(array):
        return np.empty(0, dtype=np.int64), b""
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return np.diff(bounds), b"" if data is None else memoryview(data)[bounds[0] : bounds[-1]]


def region_digest(columns: Mapping[str, Mapping[str, str]]) -> str:
    """Return SHA-256 of one region, from its column digests by table and column."""
    lines = sorted(
        f"{table}.{name}={value}" for table, found in columns.items() for name, value in found.items()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def release_digest(regions: Mapping[str, str]) -> str:
    """Return SHA-256 over the regions' digests, sorted by region."""
    lines = [f"{region}={regions[region]}" for region in sorted(regions)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
