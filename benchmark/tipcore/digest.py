"""The writer-independent digest of a column: what the values are, not how a file holds them.

SHA-256 over the dtype's name, the number of rows, one validity byte a row, and the canonical values, nulls as zero or
empty: integers as little-endian int64, booleans as one byte, strings as int64 lengths then UTF-8, lists as int64
lengths then their flattened child. Row groups, compression, dictionaries and library versions do not enter.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl


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

    Raises:
        TypeError: for a dtype that has no canonical form here (floats are never stored).
    """
    digest = hashlib.sha256()
    _feed(digest, column)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, column: pl.Series) -> None:
    digest.update(f"{column.dtype}|{len(column)}|".encode())
    digest.update(column.is_not_null().to_numpy().astype(np.uint8).tobytes())
    if column.dtype == pl.Boolean:
        digest.update(column.fill_null(False).to_numpy().astype(np.uint8).tobytes())
    elif column.dtype.is_integer():
        digest.update(column.fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    elif column.dtype == pl.String:
        filled = column.fill_null("")
        digest.update(filled.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
        digest.update(_utf8(filled))
    elif isinstance(column.dtype, pl.List):
        digest.update(column.list.len().fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes())
        _feed(digest, column.explode(empty_as_null=False, keep_nulls=False))
    else:
        raise TypeError(f"column {column.name}: no canonical form for {column.dtype}")


def _utf8(strings: pl.Series) -> bytes:
    """Return all strings' bytes, one after the other."""
    import pyarrow as pa  # for making and verifying only

    array = strings.rechunk().to_arrow().cast(pa.large_string())
    if not len(array):
        return b""
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)
    first, last = int(offsets[array.offset]), int(offsets[array.offset + len(array)])
    data = array.buffers()[2]
    return b"" if data is None else data[first:last].to_pybytes()


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
