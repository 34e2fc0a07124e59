"""Circuits of towns as arrays: the towns of each region, the moves between them, and each unit's own past.

A town is a position among the sorted towns of its region; regions with fewer towns are padded with positions that
hold no town. Without regions all towns are of one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

NEEDS = frozenset({"stops.sequence", "stops.town", "places.town"})
MOST = 10  # Candidates that are named after a stop
NOWHERE = 0
START = -1  # The town before the first


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
    def of(cls, fold: Fold) -> "Towns":
        places = with_region(fold.tables["places"].collect())
        table = places.unique(["region", "town"]).sort("region", "town")
        table = table.with_columns(position=pl.int_range(pl.len()).over("region"))
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
        known, key = self.table.select("region", "town", "position"), ["region", "town"]
        placed = with_region(rows).select(key).join(known, on=key, how="left", maintain_order="left")
        return np.searchsorted(self.regions, placed["region"].to_numpy()), placed["position"].to_numpy()

    def value(self, column: str, missing: float) -> np.ndarray:
        """Return (regions, most) a number that is known of each town."""
        found = np.full(self.ids.shape, missing)
        row = np.searchsorted(self.regions, self.table["region"].to_numpy())
        values = self.table[column].cast(pl.Float64).fill_null(missing).to_numpy()
        found[row, self.table["position"].to_numpy()] = values
        return found

    def sizes(self) -> np.ndarray:
        """Return (regions, most) share of each town by population, equal ones where it is not known; 0 for none."""
        known = "population" in self.table.columns
        weight = self.value("population", 1.0) if known else np.ones(self.ids.shape)
        weight = np.where(self.there, np.maximum(weight, 1.0), 0.0)
        return weight / weight.sum(axis=1, keepdims=True)

    def best(self, rows: pl.DataFrame, unit: str, region: np.ndarray, scores: np.ndarray) -> pl.DataFrame:
        """Return ``[unit, candidate, score]``: the ten best towns after each stop by ``scores`` (rows, most).

        Positions without a town, or with a score that is not finite, are left out.
        """
        known = np.where(self.there[region] & np.isfinite(scores), scores, -np.inf)
        best = np.argsort(-known, axis=1, kind="stable")[:, :MOST]
        row, column = np.nonzero(np.isfinite(np.take_along_axis(known, best, axis=1)))
        place = best[row, column]
        town = pl.Series(self.ids[region[row], place]).cast(rows.schema["town"])
        return pl.DataFrame({unit: rows[unit].gather(row), "candidate": town, "score": known[row, place]})


def with_region(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with a region, whether it has one or not."""
    return frame if "region" in frame.columns else frame.with_columns(region=pl.lit(NOWHERE, dtype=pl.Int32))


def stops_of(fold: Fold, part: str) -> pl.DataFrame:
    """Return stops of the units of a part, by unit and sequence."""
    unit = fold.task.unit
    wanted = fold.parts.filter(pl.col("part") == part).select(unit)
    return fold.tables["stops"].collect().join(wanted, on=unit, how="semi").sort(unit, "sequence")


@dataclass(frozen=True)
class Moves:
    """From one stop to the next; arrays of equal length. ``before`` is the town before ``origin``, -1 for none."""

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
        return cls(region[at], before[at - 1], town[at - 1], town[at])


class MoveCounts:
    """How often training went where: to each town at all, after a town, and after two, by region."""

    def __init__(self, moves: Moves, towns: Towns) -> None:
        most = self._most = towns.most

        def counted(context: np.ndarray, contexts: int, kept: Any = slice(None)) -> csr_matrix:
            rows, columns = (moves.region * contexts + context)[kept], moves.town[kept]
            shape = (len(towns.regions) * contexts, most)
            return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)

        self._visits = counted(np.zeros_like(moves.region), 1)
        self._first = counted(moves.origin, most)
        self._second = counted(moves.before * most + moves.origin, most**2, moves.before >= 0)

    def visits(self, region: np.ndarray) -> np.ndarray:
        """Return (rows, most) arrivals in each town."""
        return self._visits[region].toarray()

    def after(self, region: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Return (rows, most) moves from a town to each."""
        return self._first[region * self._most + origin].toarray()

    def after_two(self, region: np.ndarray, before: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Return (rows, most) moves to each town after these two; 0 where there is no town before."""
        pair = np.maximum(before, 0) * self._most + origin
        return self._second[region * self._most**2 + pair].toarray() * (before >= 0)[:, None]


class Histories:
    """Each unit's own past, as far as it has been handed over."""

    def __init__(self, units: pl.DataFrame, unit: str, towns: Towns) -> None:
        self.unit, self._towns = unit, towns
        self._ids = units[unit].sort().to_numpy()
        self._past = np.full((len(self._ids), 8), START, dtype=np.int32)
        self.region = np.zeros(len(self._ids), dtype=np.int64)
        """(units,) position of the region, once a stop is known."""
        self.seen = np.zeros(len(self._ids), dtype=np.int64)  # (units,) stops so far

    def read(self, rows: pl.DataFrame) -> np.ndarray:
        """Take in the next stop of some units, each once at most; their positions."""
        at = np.searchsorted(self._ids, rows[self.unit].to_numpy())
        self.region[at], town = self._towns.positions(rows)
        if int(self.seen[at].max(initial=0)) >= self._past.shape[1]:
            self._past = np.concatenate([self._past, np.full_like(self._past, START)], axis=1)
        self._past[at, self.seen[at]] = town
        self.seen[at] += 1
        return at

    def here(self, at: np.ndarray, back: int = 0) -> np.ndarray:
        """Return (rows,) the town now, or so many stops back; -1 where there was none."""
        place = self.seen[at] - 1 - back
        return np.where(place >= 0, self._past[at, np.maximum(place, 0)], START).astype(np.int64)

    def first(self, at: np.ndarray) -> np.ndarray:
        """Return (rows,) the town of the first stop."""
        return self._past[at, 0].astype(np.int64)

    def visits(self, at: np.ndarray) -> np.ndarray:
        """Return (rows, most) own stops in each town, the one now among them."""
        return self._count_towns(at, self._past[at] >= 0, self._past[at])

    def after(self, at: np.ndarray, order: int) -> np.ndarray:
        """Return (rows, most) where the unit went after it had been here, with ``order`` 2 after the last two towns."""
        past = self._past[at]
        same = past[:, :-1] == self.here(at)[:, None]
        if order == 2:
            before = self.here(at, 1)
            earlier = np.concatenate([np.full((len(at), 1), START, dtype=past.dtype), past[:, :-2]], axis=1)
            same &= (earlier == before[:, None]) & (before >= 0)[:, None]
        return self._count_towns(at, same & (past[:, 1:] >= 0), past[:, 1:])

    def last_visit(self, at: np.ndarray) -> np.ndarray:
        """Return (rows, most) stops since each town was last visited, 0 for the one now, infinite if never."""
        since = np.full((len(at), self._towns.most), np.inf)
        past = self._past[at]
        for back in range(int(self.seen[at].max(initial=0))):
            place = self.seen[at] - 1 - back
            rows = np.flatnonzero(place >= 0)
            town = past[rows, place[rows]]
            since[rows, town] = np.minimum(since[rows, town], back)
        return since

    def _count_towns(self, at: np.ndarray, kept: np.ndarray, town: np.ndarray) -> np.ndarray:
        row, column = np.nonzero(kept)
        cell = row * self._towns.most + town[row, column]
        return np.bincount(cell, minlength=len(at) * self._towns.most).reshape(len(at), -1).astype(np.float64)


class TownMethod(ABC):
    """Base of forecasts of towns, by the towns and each unit's past. ``fit`` begins with :meth:`start`."""

    needs = NEEDS
    stochastic = False

    def start(self, fold: Fold) -> pl.DataFrame:
        """Remember the towns of a fold; return the stops of training."""
        self.unit, self.towns = fold.task.unit, Towns.of(fold)
        return stops_of(fold, "train")

    def fit(self, fold: Fold, seed: int) -> None:
        """Count the moves of training."""
        self.counts = self.count(self.start(fold))

    def count(self, stops: pl.DataFrame) -> MoveCounts:
        """Return the counts of the moves between these stops."""
        return MoveCounts(Moves.of(stops, self.unit, self.towns), self.towns)

    @abstractmethod
    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        """Return (rows, most) the higher the likelier the next town of these units, which are where their past ends."""

    def begin(self, units: pl.DataFrame) -> None:
        self._past = Histories(units, self.unit, self.towns)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        at = self._past.read(rows)
        region = self._past.region[at]
        scores = exclude_here(self.scores(self._past, at), self._past.here(at))
        return self.towns.best(rows, self.unit, region, scores)


def replay(
    stops: pl.DataFrame, unit: str, towns: Towns
) -> Iterator[tuple[Histories, np.ndarray, np.ndarray]]:
    """Yield known stops, sorted by unit and sequence, step by step: pasts, positions of the units that go on, and
    their next towns."""
    past = Histories(stops.select(unit).unique(), unit, towns)
    step = pl.int_range(pl.len()).over(unit)
    following = pl.Series("next", np.roll(towns.positions(stops)[1], -1))
    numbered = stops.with_columns(following, step=step, goes_on=step < pl.len().over(unit) - 1)
    for _, rows in numbered.sort("step", unit).group_by("step", maintain_order=True):
        at, goes_on = past.read(rows), rows["goes_on"].to_numpy()
        if goes_on.any():
            yield past, at[goes_on], rows["next"].to_numpy()[goes_on]


def best_of(method: TownMethod, stops: pl.DataFrame, choices: Sequence[float], name: str) -> float:
    """Return the value of an attribute for which a method's mean reciprocal rank on known stops is highest; the first
    without any stops."""
    reached = []
    for choice in choices:
        setattr(method, name, choice)
        ranks = [
            reciprocal_ranks(exclude_here(method.scores(past, at), past.here(at)), town)
            for past, at, town in replay(stops, method.unit, method.towns)
        ]
        reached.append(float(np.concatenate(ranks).mean()) if ranks else 0.0)
    return choices[int(np.argmax(reached))]


def exclude_here(scores: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Return scores with no chance of the town where a unit is, unless there is no other."""
    left = scores.copy()
    left[np.arange(len(here)), here] = -np.inf
    others = np.isfinite(left).any(axis=1, keepdims=True)
    return np.where(others, left, scores)


def smooth(counts: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return (rows, most) probabilities: counts interpolated with those of a shorter context, by its weight of the
    number of different towns seen in this one over that and all counts (Witten and Bell 1991)."""
    total = counts.sum(axis=1, keepdims=True)
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return (counts + kinds * lower) / (total + kinds)


def reciprocal_ranks(scores: np.ndarray, town: np.ndarray) -> np.ndarray:
    """Return (rows,) reciprocal rank of the right town among (rows, most) scores, 0 beyond ten, ties in the middle."""
    right = scores[np.arange(len(town)), town][:, None]
    rank = 1 + (scores > right).sum(axis=1) + ((scores == right).sum(axis=1) - 1) / 2
    return np.where(rank <= MOST, 1 / rank, 0.0)
