"""The split policies: which units are for training, for validation and for testing.

Every split but ``random`` first assigns whole clusters (operations) to train, valid and test by a keyed hash
and then applies its shift filter, so that no operation is ever on both sides. A new split is one entry of
``SPLITS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipdata.core.draw import Stream
from tipdata.core.partition import PARTS, SHARES, assign
from tipdata.core.world import DAYS, newest_released, parameters
from tipdata.stages.operations.kinds import LANGUAGES

from tipbench.task import Source

PART = pl.Enum(PARTS)
TRAIN_UNTIL = DAYS * 50 // 100
VALID_UNTIL = DAYS * 65 // 100
"""First days of valid and of test in ``forward``: half of the days, the next 15%, the last 35%."""

HELD_OUT_LANGUAGES = 2
FEWEST_HELD_OUT_REGIONS = 2
_SEED = 2
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
        """Train and valid on what is not held out, test on what is; all days."""
        return cls(~held_out, ~held_out, held_out, pl.lit(DAYS))


@dataclass(frozen=True)
class Split:
    """One policy. ``columns``: what it reads of the units beside unit, region, cluster and day. ``all_tested``:
    nothing is assigned, every unit is of the test part."""

    name: str
    summary: str
    shift: Callable[[pl.DataFrame, Source], Shift]
    columns: tuple[str, ...] = ()
    by_cluster: bool = True
    all_tested: bool = False


def partition(split: Split, rows: pl.DataFrame, unit: str, source: Source) -> pl.DataFrame:
    """The units that belong to a part, with ``part`` (Enum train, valid, test) and ``cut`` (Int32, the day on
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
    keyed = assign(own.to_numpy()) if split.by_cluster else _rows_at_random(rows[unit])
    of = [
        (pl.col("part") == code) & allowed
        for code, allowed in enumerate((shift.train, shift.valid, shift.test))
    ]
    part = pl.coalesce(
        pl.when(chosen).then(pl.lit(name, dtype=PART)) for chosen, name in zip(of, PARTS, strict=True)
    )
    if split.all_tested:
        part = pl.lit("test", dtype=PART)
    parted = rows.with_columns(own.alias("cluster"), pl.Series("part", keyed)).with_columns(
        part=part, cut=shift.cut.cast(pl.Int32)
    )
    parted = parted.filter(pl.col("part").is_not_null())
    needed = ("test",) if split.all_tested else ("train", "test")
    empty = [name for name in needed if not (parted["part"] == name).any()]
    if empty:
        raise CannotSplitError(f"{' and '.join(empty)} would be empty")
    return parted


def _rows_at_random(units: pl.Series) -> np.ndarray:
    drawn = Stream(_SEED, "random rows").below(units.to_numpy(), sum(SHARES))
    return np.searchsorted(np.cumsum(SHARES), drawn, side="right").astype(np.int8)


def _everywhere(rows: pl.DataFrame, source: Source) -> Shift:
    whole = pl.lit(True)
    return Shift(whole, whole, whole, pl.lit(DAYS))


def _forward(rows: pl.DataFrame, source: Source) -> Shift:
    day = pl.col("day")
    valid = (day >= TRAIN_UNTIL) & (day < VALID_UNTIL)
    return Shift(day < TRAIN_UNTIL, valid, day >= VALID_UNTIL, pl.lit(VALID_UNTIL))


def _region(rows: pl.DataFrame, source: Source) -> Shift:
    if (rows["cluster"] == rows["region"]).all():
        # Where regions are the clusters, the assignment itself holds regions out.
        return _everywhere(rows, source)
    regions = np.arange(source.regions, dtype=np.int64)
    held = max(FEWEST_HELD_OUT_REGIONS, round(source.regions / 4))
    if held >= source.regions:
        raise CannotSplitError(f"{source.regions} regions are too few to hold {held} out")
    return Shift.unseen(
        pl.col("region").is_in(Stream(_SEED, "held-out regions").shuffled(regions)[:held].tolist())
    )


def _platform(rows: pl.DataFrame, source: Source) -> Shift:
    codes = list(parameters(newest_released())["platforms.kinds"]["value"])
    return Shift.unseen(pl.col("platform").is_in(_keyed_choice("held-out platforms", codes, len(codes) // 4)))


def _language(rows: pl.DataFrame, source: Source) -> Shift:
    held = _keyed_choice("held-out languages", list(LANGUAGES), HELD_OUT_LANGUAGES)
    return Shift.unseen(pl.col("language").is_in(held))


def _keyed_choice(path: str, codes: list[str], number: int) -> list[str]:
    order = Stream(_SEED, path).shuffled(np.arange(len(codes), dtype=np.int64))
    return [codes[i] for i in order[:number]]


def _jurisdiction(rows: pl.DataFrame, source: Source) -> Shift:
    places = (
        source.scan("places")
        .select("region", "jurisdiction")
        .unique()
        .sort("region", "jurisdiction")
        .collect()
    )
    bits = Stream(_SEED, "held-out jurisdictions").bits(places["jurisdiction"].to_numpy().astype(np.int64))
    held = places.with_columns(pl.Series("bits", bits)).sort("region", "bits").group_by("region").first()
    return Shift.unseen(pl.col("jurisdiction").is_in(held["jurisdiction"].to_list()))


def _closure(rows: pl.DataFrame, source: Source) -> Shift:
    closing = (
        source.scan("platforms").drop_nulls("closed").group_by("region").agg(pl.col("closed").min()).collect()
    )
    if closing.is_empty():
        raise CannotSplitError("no platform closes in any of its regions")
    closed = _looked_up("region", closing["region"], closing["closed"])
    before = pl.col("day") < closed
    return Shift(before, before, pl.col("day") >= closed, closed)


def _tactics(rows: pl.DataFrame, source: Source) -> Shift:
    adopted = (
        source.scan("operations", truth=True)
        .select("operation", adopted=pl.min_horizontal("adopts_messaging", "adopts_obfuscation"))
        .drop_nulls()
        .collect()
    )
    if adopted.is_empty():
        raise CannotSplitError("no operation adopts a new technology")
    midpoint = int(np.median(adopted["adopted"].to_numpy()))
    day = pl.col("day")
    adopters = _looked_up("cluster", adopted["operation"], adopted["adopted"]) <= day
    return Shift(day < midpoint, day < midpoint, (day >= midpoint) & adopters, pl.lit(midpoint))


def _looked_up(column: str, keys: pl.Series, values: pl.Series) -> pl.Expr:
    """The value of each unit's key; null where it has none."""
    return pl.col(column).replace_strict(keys, values, default=None, return_dtype=values.dtype)


SPLITS: dict[str, Split] = {
    split.name: split
    for split in (
        Split("forward", "operation-disjoint and forward in time: the honest default", _forward),
        Split("operation", "operation-disjoint, all days", _everywhere),
        Split(
            "random", "rows at random, as in the literature: leaks templates", _everywhere, by_cluster=False
        ),
        Split("region", "tested on a keyed quarter of the regions, none of them seen", _region),
        Split(
            "platform",
            "tested on a keyed quarter of the platforms, none of them seen",
            _platform,
            ("platform",),
        ),
        Split("language", "tested on two languages, neither of them seen", _language, ("language",)),
        Split("jurisdiction", "tested on one unseen jurisdiction a region", _jurisdiction, ("jurisdiction",)),
        Split("closure", "trained before a platform closes, tested after, where one closes", _closure),
        Split(
            "all",
            "every unit tested, nothing to learn from: where nobody ever knows the truth",
            _everywhere,
            all_tested=True,
        ),
        Split("tactics", "trained before new technology spreads, tested on its adopters after", _tactics),
    )
}
