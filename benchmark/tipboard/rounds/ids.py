"""The ids of a sealed round: every one is replaced by a keyed label, so that none tells what the generator knows.

What happens to a column is declared with it (:class:`tipdata.core.tables.Sealed`):

- **Ids** (``label``) become labels of :mod:`tipbench.data.id_labels`. Two ids that would share a label make the round
  refuse itself. In a round that asks for the next stop, the wallet that booked a stop or a trip is of a kind of its
  own, and so leads to no payment (see :mod:`tipboard.rounds.prefixes`); in any other it is labelled as the wallet it
  is.
- **Codes** (``code``: towns and jurisdictions, numbered within a region) get the region's code range in keyed order. A
  region's range is ``width * region``, and regions of rounds are numbered from 1,000,000, so that codes of rounds and
  releases never meet. Lists with one entry per town (``by_code``) are put into the new order.
- **Images** (``mask``) are masked by :mod:`tipbench.data.id_labels`: the generator publishes its raw 64-bit words
  there, which can be inverted to the number of the operation.
- **Left alone**: ``region``, which the host numbers; strings, which are the words of the world and the same in every
  release (platforms, languages, names, products); numbers that count or measure (``as_is`` and every other integer
  that is narrower than 64 bits), ``rater`` among them, which is supervision and not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipbench.data.id_labels import (
    distinct_ids,
    id_labels,
    keyed_words,
    mask_images,
    relabel_column,
    sealing_of,
)
from tipdata.core.tables import Sealed
from tipdata.stages import all_tables

CODES = {"town": 32, "jurisdiction": 4}
"""Kinds of codes and how many a region may have; both are listed by the table places."""


@dataclass(frozen=True)
class Labels:
    """The labels of one region. ``codes``: kind -> (codes of the generator, rising; their labels), int64. ``alike``:
    kinds of ids that are labelled as another kind is."""

    seed: bytes
    region: int
    codes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(repr=False)
    alike: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, seed: bytes, region: int, places: pl.DataFrame, alike: Mapping[str, str] | None = None
    ) -> Labels:
        """Args: places: the region's, as generated."""
        codes = {kind: _coded(seed, region, kind, places[kind].unique().sort()) for kind in CODES}
        return cls(seed, region, codes, alike or {})

    def relabelled(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a table, some or all of its columns, with every id replaced, sorted by the new key.

        Raises:
            LabelCollision: where two ids would get the same label.
            ValueError: for a column of which nobody has decided what it is.
        """
        described = all_tables()[table]
        made = frame.with_columns(
            self._sealed(sealed, frame[name])
            for name in frame.columns
            if (sealed := sealing_of(described, described[name])) is not None
        )
        return made.sort([name for name in described.key if name in made.columns])  # a version may lack some

    def _sealed(self, sealed: Sealed, column: pl.Series) -> pl.Series:
        """Return a column as a round publishes it."""
        if sealed.way == "mask":
            return mask_images(column, self.seed)
        if sealed.way == "by_code":
            return self._by_new_code(sealed.kind, column)
        return column if sealed.way == "as_is" else self.labelled(sealed.kind, column)

    def labelled(self, kind: str, column: pl.Series) -> pl.Series:
        """Return a column of ids or codes of a kind, or of lists of them, with labels instead; nulls stay."""
        old = distinct_ids(column)
        kind = self.alike.get(kind, kind)
        new = self._codes(kind, old) if kind in CODES else id_labels(self.seed, kind, old)
        return relabel_column(column, old, new)

    def _codes(self, kind: str, old: NDArray[np.int64]) -> NDArray[np.int64]:
        known, labels = self.codes[kind]
        return labels[np.searchsorted(known, old)]

    def _by_new_code(self, kind: str, lists: pl.Series) -> pl.Series:
        """Return lists with one entry per code of a kind, by rising code, in the order of the labels."""
        _, labels = self.codes[kind]
        values = lists.explode().to_numpy().reshape(len(lists), len(labels))
        ordered = values[:, np.argsort(labels)]
        return pl.Series(lists.name, ordered, dtype=pl.Array(pl.Int32, len(labels))).cast(lists.dtype)


def kinds_of(table: str) -> dict[str, str]:
    """Return which columns of a table get labels, and of what kind. Raises ValueError for an undecided column."""
    described = all_tables()[table]
    treated = {column.name: sealing_of(described, column) for column in described.columns}
    return {name: s.kind for name, s in treated.items() if s is not None and s.way in ("label", "code")}


def _coded(seed: bytes, region: int, kind: str, codes: pl.Series) -> tuple[NDArray, NDArray]:
    known = codes.to_numpy().astype(np.int64)
    if known.size > CODES[kind]:
        raise ValueError(f"region {region} has {known.size} codes of {kind}, more than {CODES[kind]}")
    rank = np.argsort(np.argsort(keyed_words(seed, f"code/{kind}", known), kind="stable"), kind="stable")
    return known, region * CODES[kind] + rank
