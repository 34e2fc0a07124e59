"""What a split is, and how units are divided by one.

Every split but ``random`` first assigns whole clusters (operations) to train, valid and test by a keyed hash
and then applies its shift filter, so that no operation is ever on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipcore.units import PARTS
from tipdata.core.draw import PART_SHARES, Stream, assign_parts
from tipdata.core.world import DAYS, MINUTES_A_DAY

from tipbench.task import Source

PART = pl.Enum(PARTS)
DAY_OF_MINUTE = (pl.col("minute") // MINUTES_A_DAY).cast(pl.Int32).alias("day")
"""The day of units that have a minute."""
SEED = 2
"""A constant of the benchmark: the held-out codes are the same in every release of every version."""


class CannotSplitError(Exception):
    """The data at hand cannot have this split; the message says why, as a clause."""


@dataclass(frozen=True)
class Shift:
    """Boolean expressions over the units, one a part, and the day on which testing begins: what comes to be
    known later teaches nobody."""

    train: pl.Expr
    valid: pl.Expr
    test: pl.Expr
    cut: pl.Expr

    @classmethod
    def unseen(cls, held_out: pl.Expr) -> Shift:
        """Return train and valid on what is not held out, test on what is; all days."""
        return cls(~held_out, ~held_out, held_out, pl.lit(DAYS))


@dataclass(frozen=True)
class Split:
    """One policy.

    ``summary``: one sentence for lists and pages. ``place``: its place in them. ``columns``: what it reads of the units
    beside unit, region, cluster and day. ``all_tested``: nothing is assigned, every unit is of the test part.
    """

    name: str
    summary: str
    shift: Callable[[pl.DataFrame, Source], Shift]
    place: int
    columns: tuple[str, ...] = ()
    by_cluster: bool = True
    all_tested: bool = False


def partition(split: Split, rows: pl.DataFrame, unit: str, source: Source) -> pl.DataFrame:
    """Return the units that belong to a part, with ``part`` (Enum train, valid, test) and ``cut`` (Int32, the day on
    which testing begins).

    Args:
        rows: units as a task gives them: ``[unit, region, cluster, day]`` and the split's columns. A unit
            without a cluster is its own.

    Raises:
        CannotSplitError: where train or test would be empty.
    """
    missing = [name for name in split.columns if name not in rows.columns]
    if missing:
        raise CannotSplitError(f"units have no {' or '.join(missing)}")
    shift = split.shift(rows, source)
    own = rows["cluster"].fill_null(rows[unit])
    keyed = assign_parts(own.to_numpy()) if split.by_cluster else _random_parts(rows[unit])
    allowed = (shift.train, shift.valid, shift.test)
    part = pl.coalesce(
        pl.when((pl.col("part") == code) & allowed[code]).then(pl.lit(name, dtype=PART))
        for code, name in enumerate(PARTS)
    )
    if split.all_tested:
        part = pl.lit("test", dtype=PART)
    parted = rows.with_columns(own.alias("cluster"), pl.Series("part", keyed))
    parted = parted.with_columns(part=part, cut=shift.cut.cast(pl.Int32)).drop_nulls("part")
    needed = ("test",) if split.all_tested else ("train", "test")
    empty = [name for name in needed if not (parted["part"] == name).any()]
    if empty:
        raise CannotSplitError(f"{' and '.join(empty)} would be empty")
    return parted


def _random_parts(units: pl.Series) -> np.ndarray:
    drawn = Stream(SEED, "random rows").below(units.to_numpy(), sum(PART_SHARES))
    return np.searchsorted(np.cumsum(PART_SHARES), drawn, side="right").astype(np.int8)


def no_shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Return a shift that lets every unit stay in the part of its cluster."""
    whole = pl.lit(True)
    return Shift(whole, whole, whole, pl.lit(DAYS))


def keyed_choice(path: str, codes: list[str], number: int) -> list[str]:
    """Return so many of the codes, the same in every release."""
    order = Stream(SEED, path).shuffle(np.arange(len(codes), dtype=np.int64))
    return [codes[i] for i in order[:number]]


def lookup_value(column: str, keys: pl.Series, values: pl.Series) -> pl.Expr:
    """Return the value of each unit's key; null where it has none."""
    return pl.col(column).replace_strict(keys, values, default=None, return_dtype=values.dtype)
