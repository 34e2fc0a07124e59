"""The ids of a sealed round: every one is replaced by a keyed label, so that none tells what the generator knows.

What happens to a column is declared with it (:class:`tipdata.core.tables.Sealed`):

- **Ids** (``label``; Int64, alone or in lists) become ``2**52 +`` the top 52 bits of BLAKE2b, keyed with the secret,
  over their kind and the id: at least 2**52, where an id of a public release is below 2**48, and below 2**53, so that
  they survive a float64. Equal ids of one kind get equal labels, in whatever table, column or region. Two ids that
  would share a label make the round refuse itself. A column that holds the key of a table is of that key's kind,
  unless it declares another: the wallet that booked a stop or a trip is of a kind of its own, and so leads to no
  payment (see :mod:`tipboard.rounds.prefixes`).
- **Codes** (``code``: towns and jurisdictions, numbered within a region) get the region's code range in keyed order. A
  region's range is ``width * region``, and regions of rounds are numbered from 1,000,000, so that codes of rounds and
  releases never meet. Lists with one entry per town (``by_code``) are put into the new order.
- **Images** (``mask``) are masked by :mod:`tipboard.rounds.images`: the generator publishes its raw 64-bit words there,
  which can be inverted to the number of the operation.
- **Left alone**: ``region``, which the host numbers; strings, which are the words of the world and the same in every
  release (platforms, languages, names, products); numbers that count or measure (``as_is`` and every other integer
  that is narrower than 64 bits), ``rater`` among them, which is supervision and not published.

A 64-bit column that neither holds a key nor says how it is sealed is refused until someone has decided about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import CheckFailed
from tipdata.core.tables import Column, Sealed, Table
from tipdata.stages import all_tables

from tipboard.rounds.images import masked
from tipboard.rounds.keyed import words

FIRST, BITS = 1 << 52, 52
"""The smallest label of an id, and how many bits of the hash are in one."""

CODES = {"town": 32, "jurisdiction": 4}
"""Kinds of codes and how many a region may have; both are listed by the table places."""


class LabelsMeet(CheckFailed):
    """Two ids of a kind have one label: another seed has to be drawn."""


@dataclass(frozen=True)
class Labels:
    """The labels of one region. ``codes``: kind -> (codes of the generator, rising; their labels), int64."""

    seed: bytes
    region: int
    codes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(repr=False)

    @classmethod
    def of(cls, seed: bytes, region: int, places: pl.DataFrame) -> Labels:
        """Args: places: the region's, as generated."""
        return cls(
            seed, region, {kind: _coded(seed, region, kind, places[kind].unique().sort()) for kind in CODES}
        )

    def relabelled(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a table, some or all of its columns, with every id replaced, sorted by the new key.

        Raises:
            LabelsMeet: where two ids would get the same label.
            ValueError: for a column of which nobody has decided what it is.
        """
        described = all_tables()[table]
        made = frame.with_columns(
            self._sealed(sealed, frame[name])
            for name in frame.columns
            if (sealed := treatment(described, described[name])) is not None
        )
        return made.sort(described.key)

    def _sealed(self, sealed: Sealed, column: pl.Series) -> pl.Series:
        """Return a column as a round publishes it."""
        if sealed.way == "mask":
            return masked(column, self.seed)
        if sealed.way == "by_code":
            return self._by_new_code(sealed.kind, column)
        return column if sealed.way == "as_is" else self.labelled(sealed.kind, column)

    def labelled(self, kind: str, column: pl.Series) -> pl.Series:
        """Return a column of ids or codes of a kind, or of lists of them, with labels instead; nulls stay."""
        inner = column.explode(empty_as_null=False, keep_nulls=False) if is_list(column.dtype) else column
        old = inner.drop_nulls().unique().sort().to_numpy().astype(np.int64)
        new = self._codes(kind, old) if kind in CODES else id_labels(self.seed, kind, old)
        if not old.size:
            return column
        swap = pl.element() if is_list(column.dtype) else pl.col(column.name)
        swapped = swap.replace_strict(old, new, default=None, return_dtype=inner.dtype)
        if is_list(column.dtype):
            return column.list.eval(swapped)
        return column.to_frame().select(swapped.alias(column.name)).to_series()

    def _codes(self, kind: str, old: NDArray[np.int64]) -> NDArray[np.int64]:
        known, labels = self.codes[kind]
        return labels[np.searchsorted(known, old)]

    def _by_new_code(self, kind: str, lists: pl.Series) -> pl.Series:
        """Return lists with one entry per code of a kind, by rising code, in the order of the labels."""
        _, labels = self.codes[kind]
        values = lists.explode().to_numpy().reshape(len(lists), len(labels))
        ordered = values[:, np.argsort(labels)]
        return pl.Series(lists.name, ordered, dtype=pl.Array(pl.Int32, len(labels))).cast(lists.dtype)


def id_labels(seed: bytes, kind: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the labels of distinct ids of a kind, int64 in [2**52, 2**53). Raises LabelsMeet where two are the
    same."""
    made = FIRST + (words(seed, f"id/{kind}", ids) >> np.uint64(64 - BITS)).astype(np.int64)
    if np.unique(made).size != made.size:
        raise LabelsMeet(
            f"two ids of the kind {kind} share a label: make the round again, with another seed."
        )
    return made


def kinds_of(table: str) -> dict[str, str]:
    """Return which columns of a table get labels, and of what kind. Raises ValueError for an undecided column."""
    described = all_tables()[table]
    treated = {column.name: treatment(described, column) for column in described.columns}
    return {name: s.kind for name, s in treated.items() if s is not None and s.way in ("label", "code")}


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


def _coded(seed: bytes, region: int, kind: str, codes: pl.Series) -> tuple[NDArray, NDArray]:
    known = codes.to_numpy().astype(np.int64)
    if known.size > CODES[kind]:
        raise ValueError(f"region {region} has {known.size} codes of {kind}, more than {CODES[kind]}")
    rank = np.argsort(np.argsort(words(seed, f"code/{kind}", known), kind="stable"), kind="stable")
    return known, region * CODES[kind] + rank
