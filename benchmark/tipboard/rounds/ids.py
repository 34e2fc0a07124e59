"""The ids of a sealed round: every one is replaced by a keyed label, so that none tells what the generator knows.

The rule, column by column:

- **Ids** (Int64, alone or in lists: the key of a table, what refers to one, and those of :data:`OPAQUE`) become
  ``2**52 +`` the top 52 bits of BLAKE2b, keyed with the secret, over their kind and the id: at least 2**52, where an
  id of a public release is below 2**48, and below 2**53, so that they survive a float64. Equal ids of one kind get
  equal labels, in whatever table, column or region. Two ids that would share a label make the round refuse itself.
- **Codes** (Int32, :data:`CODES`: towns and jurisdictions, numbered within a region, in columns of whatever name)
  get the region's code range in keyed order. A region's range is ``width * region``, and regions of rounds are
  numbered from 1,000,000, so that codes of rounds and releases never meet. Lists by rising town (:data:`BY_TOWN`)
  are put into the new order.
- **Images** (:data:`IMAGES`) are masked by :mod:`tipboard.rounds.images`: the generator publishes its raw 64-bit
  words there, which can be inverted to the number of the operation.
- A stop's booking wallet (and a trip's) is labelled as a kind of its own, and so leads to no payment: see
  :mod:`tipboard.rounds.prefixes`.
- **Left alone**: ``region``, which the host numbers; strings, which are the words of the world and the same in every
  release (platforms, languages, names, products); numbers that count or measure (:data:`NUMBERS` and every other
  integer that is narrower than 64 bits), ``rater`` among them, which is supervision and not published.

A new 64-bit column that is in none of these lists is refused until someone has decided about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipdata.core.errors import CheckFailed
from tipdata.core.tables import Column, Table
from tipdata.stages import all_tables

from tipboard.rounds.images import masked
from tipboard.rounds.keyed import words

FIRST, BITS = 1 << 52, 52
"""The smallest label of an id, and how many bits of the hash are in one."""

CODES = {"town": 32, "jurisdiction": 4}
"""Kinds of codes and how many a region may have; both are listed by the table places."""
PLACES = "places"

OPAQUE = {
    ("accounts", "device_cluster"): "device",
    ("adverts", "contacts"): "contact string",
    ("adverts", "template"): "template",
    ("adverts", "near_duplicate_group"): "template",
    ("adverts", "writer"): "writer",
    ("operations", "writer"): "writer",
    ("flags", "flagger"): "flagger",
    ("flags", "brigade"): "brigade of flaggers",
    ("reviews", "reviewer"): "reviewer",
    ("reviews", "brigade"): "brigade of reviewers",
    ("queue", "brigade"): "brigade of reviewers",
    ("payments", "community"): "community",
    ("stops", "wallet"): "booking wallet",
    ("trips", "wallet"): "booking wallet",
    ("trips", "traveller"): "traveller",
    ("circuits", "home"): "town",
    ("circuits", "plan"): "town",
}
"""Kinds of columns that are no key of a table and refer to none by name, or that are kept from referring."""
IMAGES = ("adverts", "images")
BY_TOWN = ("stops", "next_log")
"""Lists with an entry a town of the region, by rising id."""
NUMBERS = {
    ("effects", "expected_with"),
    ("effects", "expected_without"),
    ("effects", "displaced"),
    ("conversations", "number"),
    ("conversations", "holder"),
    ("payments", "amount"),
    ("populations", "inverse_chance"),
    ("populations", "inverse_chance_variance"),
    ("contacts", "minute"),
}
"""Columns of 64 bits that hold no id."""


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
        """The rows of a table, some or all of its columns, with every id replaced, sorted by the new key.

        Raises:
            LabelsMeet: where two ids would get the same label.
            ValueError: for a column of which nobody has decided what it is.
        """
        kinds = kinds_of(table)
        made = frame.with_columns(
            self.labelled(kinds[name], frame[name]) for name in frame.columns if name in kinds
        )
        if table == IMAGES[0] and IMAGES[1] in frame.columns:
            made = made.with_columns(masked(frame[IMAGES[1]], self.seed))
        if table == BY_TOWN[0] and BY_TOWN[1] in frame.columns:
            made = made.with_columns(self._by_new_town(frame[BY_TOWN[1]]))
        return made.sort(all_tables()[table].key)

    def labelled(self, kind: str, column: pl.Series) -> pl.Series:
        """A column of ids or codes of a kind, or of lists of them, with labels instead; nulls stay."""
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

    def _by_new_town(self, lists: pl.Series) -> pl.Series:
        _, labels = self.codes["town"]
        values = lists.explode().to_numpy().reshape(len(lists), len(labels))
        ordered = values[:, np.argsort(labels)]
        return pl.Series(lists.name, ordered, dtype=pl.Array(pl.Int32, len(labels))).cast(lists.dtype)


def id_labels(seed: bytes, kind: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The labels of distinct ids of a kind, int64 in [2**52, 2**53). Raises LabelsMeet where two are the same."""
    made = FIRST + (words(seed, f"id/{kind}", ids) >> np.uint64(64 - BITS)).astype(np.int64)
    if np.unique(made).size != made.size:
        raise LabelsMeet(
            f"two ids of the kind {kind} share a label: make the round again, with another seed."
        )
    return made


def kinds_of(table: str) -> dict[str, str]:
    """Which columns of a table hold ids or codes, and of what kind. Raises ValueError for an undecided column."""
    from tipdata.documents.schema import references

    described = all_tables()[table]
    refers = references()[table]
    found = {}
    for column in described.columns:
        at = (table, column.name)
        if at in OPAQUE:
            found[column.name] = OPAQUE[at]
        elif column.name in CODES or _is_own_key(described, column):
            found[column.name] = column.name
        elif column.name in refers and _width(column.dtype) in (pl.Int64, pl.Int32):
            found[column.name] = all_tables()[refers[column.name]].key[0]
        elif _width(column.dtype) == pl.Int64 and at not in NUMBERS and at != IMAGES:
            raise ValueError(f"{table}.{column.name}: decide in {__name__} whether this column holds ids")
    return found


def is_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List)


def _is_own_key(table: Table, column: Column) -> bool:
    """Whether the column is the key by which others refer to this table, and not itself a reference."""
    if column.dtype != pl.Int64 or table.key != (column.name,):
        return False
    return not any(other.key == table.key for other in _before(table))


def _before(table: Table) -> list[Table]:
    """Tables of an earlier stage: the first that has a key owns it."""
    names = list(all_tables())
    return [all_tables()[name] for name in names[: names.index(table.name)]]


def _width(dtype: pl.DataType) -> pl.DataType:
    return dtype.inner if isinstance(dtype, pl.List) else dtype  # type: ignore[return-value]


def _coded(seed: bytes, region: int, kind: str, codes: pl.Series) -> tuple[NDArray, NDArray]:
    known = codes.to_numpy().astype(np.int64)
    if known.size > CODES[kind]:
        raise ValueError(f"region {region} has {known.size} codes of {kind}, more than {CODES[kind]}")
    rank = np.argsort(np.argsort(words(seed, f"code/{kind}", known), kind="stable"), kind="stable")
    return known, region * CODES[kind] + rank
