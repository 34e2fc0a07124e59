"""Arrays of an npz file as the columns of a table; ``edge_index`` as two of them."""

from __future__ import annotations

import zipfile
import zlib
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import roots
from tipbench.data.custom.reading import Reading, refuse_empty, said

EDGES = "edge_index"
"""Array of the ends of edges, of shape (2, edges), as the libraries on graphs write it."""

ENDS = ("source", "target")
"""Columns that its two rows are read as."""


def read_npz(reading: Reading, path: Path) -> pl.LazyFrame:
    """Return arrays of a value or vector a row, those that are as long as the ones that are mapped.

    Raises:
        UsageError: for a file that is damaged, empty or has none of the mapped arrays; for mapped arrays of
        three dimensions or more, or of different lengths; for ``edge_index`` of another shape than
        (2, edges).
    """
    arrays = _arrays(path)
    if EDGES in arrays and any(set(roots(text, list(ENDS))) & set(ENDS) for text in reading.texts):
        arrays = dict(zip(ENDS, _ends(path, arrays[EDGES]), strict=True)) | arrays
    read = _read_of(reading, list(arrays))
    if not read:
        raise UsageError(f"{path} has none of the mapped arrays: it has {', '.join(arrays) or 'none'}.")
    for name in read:
        if arrays[name].ndim not in (1, 2):
            raise UsageError(
                f"{path} has {name} of shape {arrays[name].shape}: give a value or a vector a row."
            )
    length = len(arrays[read[0]])
    for name in read:
        if len(arrays[name]) != length:
            raise UsageError(
                f"{path} has {read[0]} of {length:,} rows and {name} of {len(arrays[name]):,}: "
                "the arrays of a table have one length."
            )
    if not length:
        raise UsageError(f"{path} has arrays and no rows: give a file with data.")
    of_rows = {n: array for n, array in arrays.items() if array.ndim in (1, 2) and len(array) == length}
    return pl.LazyFrame({name: pl.Series(name, array) for name, array in of_rows.items()})


def _arrays(path: Path) -> dict[str, np.ndarray]:
    refuse_empty(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a complete npz file of plain arrays: {said(error)}.") from None


def _read_of(reading: Reading, has: list[str]) -> list[str]:
    """Return the arrays that are mapped by name or in an expression; where none is, the first of a pattern."""
    named = [name for text in reading.texts for name in roots(text, has) if name in has]
    alike = [name for text in reading.texts for name in has if fnmatchcase(name, text)]
    return list(dict.fromkeys(named)) or alike[:1]


def _ends(path: Path, edges: np.ndarray) -> np.ndarray:
    if edges.ndim != 2 or len(edges) != 2:
        raise UsageError(
            f"{path} has {EDGES} of shape {edges.shape}: make it (2, edges), sources above targets."
        )
    if edges.dtype.kind not in "iu":
        raise UsageError(f"{path} has {EDGES} of {edges.dtype}: make it whole numbers, the rows of its ends.")
    return edges
