"""Keyed labels in the place of ids, so that none tells what the generator knows: for sealed rounds and the fence.

What is done with a column is declared with it (:class:`tipdata.core.tables.Sealed`). Ids (Int64, alone or in lists)
become ``2**52 +`` the top 52 bits of BLAKE2b, keyed with a secret, over their kind and the id: at least 2**52, where an
id of a public release is below 2**48, and below 2**53, so that they survive a float64. Equal ids of one kind get equal
labels, in whatever table or column. A column that holds the key of a table is of that key's kind, unless it declares
another. A 64-bit column that neither holds a key nor says how it is sealed is refused until someone has decided about
it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import CheckFailed
from tipdata.core.tables import Column, Sealed, Table
from tipdata.stages import all_tables

from tipbench.data.keyed import words

FIRST, BITS = 1 << 52, 52
"""The smallest label of an id, and how many bits of the hash are in one."""


class LabelsMeet(CheckFailed):
    """Two ids of a kind have one label: another seed has to be drawn."""


def id_labels(seed: bytes, kind: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the labels of distinct ids of a kind, int64 in [2**52, 2**53). Raises LabelsMeet where two are the
    same."""
    made = FIRST + (words(seed, f"id/{kind}", ids) >> np.uint64(64 - BITS)).astype(np.int64)
    ordered = np.sort(made)  # a search for equal neighbours: five times as fast as a table of them
    if (ordered[1:] == ordered[:-1]).any():
        raise LabelsMeet(
            f"two ids of the kind {kind} share a label: make the round again, with another seed."
        )
    return made


def with_labels(column: pl.Series, old: NDArray[np.int64], new: NDArray[np.int64]) -> pl.Series:
    """Return a column of ids, or of lists of them, with the label of each in its place; nulls stay, and an id without
    a label becomes null. ``old`` rises."""
    if not old.size:
        return column

    def labelled(ids: pl.Series) -> pl.Series:
        # A search: replacing by a table of a million ids takes thirty times as long.
        at = np.searchsorted(old[:-1], ids.fill_null(0).to_numpy())
        known = pl.Series(old).gather(at) == ids
        return pl.select(pl.when(known).then(pl.Series(ids.name, new, ids.dtype).gather(at))).to_series()

    return _in_lists(column, labelled) if is_list(column.dtype) else labelled(column)


def _in_lists(column: pl.Series, changed: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return lists with their values changed, all at once: an expression inside lists is called once for each row."""
    import pyarrow

    ends = np.append(0, np.cumsum(column.list.len().fill_null(0).to_numpy(), dtype=np.int64))
    values = changed(_values(column)).to_arrow()
    lists = pyarrow.LargeListArray.from_arrays(ends, values, mask=column.is_null().to_arrow())
    return pl.Series(column.name, lists, column.dtype)


def _values(column: pl.Series) -> pl.Series:
    """Return what is in the lists of a column, one after the other."""
    return column.explode(empty_as_null=False, keep_nulls=False)


def ids_of(column: pl.Series) -> NDArray[np.int64]:
    """Return the distinct ids of a column, or of its lists, rising, int64 [ids]."""
    inner = _values(column) if is_list(column.dtype) else column
    return inner.drop_nulls().unique().sort().to_numpy().astype(np.int64)


def treatment(table: Table, column: Column) -> Sealed | None:
    """Return what a round does with a column, None where it leaves it alone.

    Raises:
        ValueError: for a 64-bit column of which nobody has decided what it is.
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


def is_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List)
