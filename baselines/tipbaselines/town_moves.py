"""Circuits of towns as arrays: the towns of each region, the moves between them, and what training counts.

A town is a position among the sorted towns of its region; regions that have fewer towns than others are padded with
positions that hold no town. Without regions all towns are of one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NOWHERE = 0
START = -1
"""The town before the first."""


@dataclass(frozen=True)
class Towns:
    """The towns of all regions.

    ``regions``: (regions,) sorted ids. ``ids``: (regions, most) the town at each position, padded. ``there``: (regions,
    most) bool, which positions hold one. ``table``: what is known of the towns, ``[region, town, position, ...]``.
    """

    regions: np.ndarray
    ids: np.ndarray
    there: np.ndarray
    table: pl.DataFrame

    @classmethod
    def of(cls, fold: "Fold") -> "Towns":
        places = (
            with_region(fold.tables["places"].collect()).unique(["region", "town"]).sort("region", "town")
        )
        table = places.with_columns(position=pl.int_range(pl.len()).over("region"))
        regions = table["region"].unique().sort().to_numpy()
        row, column = np.searchsorted(regions, table["region"].to_numpy()), table["position"].to_numpy()
        ids = np.zeros((len(regions), int(column.max()) + 1), dtype=np.int64)
        there = np.zeros(ids.shape, dtype=bool)
        ids[row, column], there[row, column] = table["town"].to_numpy(), True
        return cls(regions, ids, there, table)

    @property
    def most(self) -> int:
        """Positions of a region."""
        return self.ids.shape[1]

    def positions(self, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return position of each row's region, and of its town within it; rows of towns that are listed."""
        placed = (
            with_region(rows)
            .select("region", "town")
            .join(
                self.table.select("region", "town", "position"),
                on=["region", "town"],
                how="left",
                maintain_order="left",
            )
        )
        return np.searchsorted(self.regions, placed["region"].to_numpy()), placed["position"].to_numpy()

    def value(self, column: str, missing: float) -> np.ndarray:
        """Return (regions, most) a number that is known of each town."""
        found = np.full(self.ids.shape, missing)
        row = np.searchsorted(self.regions, self.table["region"].to_numpy())
        values = self.table[column].cast(pl.Float64).fill_null(missing).to_numpy()
        found[row, self.table["position"].to_numpy()] = values
        return found

    def sizes(self) -> np.ndarray:
        """Return (regions, most) share of each town by population, or equal shares where it is not known; 0 for
        none."""
        weight = (
            self.value("population", 1.0) if "population" in self.table.columns else np.ones(self.ids.shape)
        )
        weight = np.where(self.there, np.maximum(weight, 1.0), 0.0)
        return weight / weight.sum(axis=1, keepdims=True)


def with_region(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with a region, whether it has one or not."""
    return frame if "region" in frame.columns else frame.with_columns(region=pl.lit(NOWHERE, dtype=pl.Int32))


def stops_of(fold: "Fold", part: str) -> pl.DataFrame:
    """Return stops of the units of a part, by unit and sequence."""
    unit = fold.task.unit
    wanted = fold.parts.filter(pl.col("part") == part).select(unit)
    return fold.tables["stops"].collect().join(wanted, on=unit, how="semi").sort(unit, "sequence")


@dataclass(frozen=True)
class Moves:
    """From one stop to the next; arrays of equal length. ``before`` is the town before ``origin``, -1 for none."""

    unit: np.ndarray
    region: np.ndarray
    before: np.ndarray
    origin: np.ndarray
    town: np.ndarray

    @classmethod
    def of(cls, stops: pl.DataFrame, unit: str, towns: Towns) -> "Moves":
        """Return the moves of stops that are sorted by unit and sequence."""
        region, town = towns.positions(stops)
        key = stops[unit].to_numpy()
        first = np.append(True, key[1:] != key[:-1])[: len(key)]
        before = np.where(first, START, np.roll(town, 1))
        at = np.flatnonzero(~first)
        return cls(key[at], region[at], before[at - 1], town[at - 1], town[at])

    def where(self, rows: np.ndarray) -> "Moves":
        return Moves(*(getattr(self, name)[rows] for name in Moves.__dataclass_fields__))


class Counts:
    """How often training went where: to each town at all, after a town, and after two, by region."""

    def __init__(self, moves: Moves, towns: Towns) -> None:
        from scipy.sparse import csr_matrix

        self._most = towns.most
        regions = len(towns.regions)

        def counted(rows: np.ndarray, contexts: int, kept: np.ndarray) -> csr_matrix:
            shape = (regions * contexts, self._most)
            ones = np.ones(int(kept.sum()))
            return csr_matrix(
                (ones, (moves.region[kept] * contexts + rows[kept], moves.town[kept])), shape=shape
            )

        every = np.ones(len(moves.town), dtype=bool)
        self._visits = counted(np.zeros_like(moves.region), 1, every)
        self._first = counted(moves.origin, self._most, every)
        pair = moves.before * self._most + moves.origin
        self._second = counted(pair, self._most**2, moves.before >= 0)

    def visits(self, region: np.ndarray) -> np.ndarray:
        """Return (rows, most) arrivals in each town."""
        return self._visits[region].toarray()

    def after(self, region: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Return (rows, most) moves from a town to each."""
        return self._first[region * self._most + origin].toarray()

    def after_two(self, region: np.ndarray, before: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Return (rows, most) moves to each town after these two; 0 where there is no town before."""
        pair = np.maximum(before, 0) * self._most + origin
        found = self._second[region * self._most**2 + pair].toarray()
        return found * (before >= 0)[:, None]
