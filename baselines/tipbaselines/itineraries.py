"""Methods that forecast a next town: each unit's own past, step by step, and the ten towns that are named."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.town_moves import START, Towns

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NEEDS = frozenset({"stops.sequence", "stops.town", "places.town"})
MOST = 10
"""Candidates that are named after a stop."""


class Histories:
    """Each unit's own past, as far as it has been handed over."""

    def __init__(self, units: pl.DataFrame, unit: str, towns: Towns) -> None:
        self.unit, self._towns = unit, towns
        self._ids = units[unit].sort().to_numpy()
        self._past = np.full((len(self._ids), 8), START, dtype=np.int32)
        self.region = np.zeros(len(self._ids), dtype=np.int64)
        """(units,) position of the region, once a stop is known."""
        self.seen = np.zeros(len(self._ids), dtype=np.int64)
        """(units,) stops so far."""

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
        return self._added(at, self._past[at] >= 0, self._past[at])

    def after(self, at: np.ndarray, order: int) -> np.ndarray:
        """Return (rows, most) where the unit went after it had been here, with ``order`` 2 after the last two towns."""
        past = self._past[at]
        same = past[:, :-1] == self.here(at)[:, None]
        if order == 2:
            before = self.here(at, 1)
            earlier = np.concatenate([np.full((len(at), 1), START, dtype=past.dtype), past[:, :-2]], axis=1)
            same &= (earlier == before[:, None]) & (before >= 0)[:, None]
        return self._added(at, same & (past[:, 1:] >= 0), past[:, 1:])

    def last_visit(self, at: np.ndarray) -> np.ndarray:
        """Return (rows, most) stops since each town was last visited, 0 for the one now; infinite for one never
        visited."""
        since = np.full((len(at), self._towns.most), np.inf)
        past = self._past[at]
        for back in range(int(self.seen[at].max(initial=0))):
            place = self.seen[at] - 1 - back
            rows = np.flatnonzero(place >= 0)
            town = past[rows, place[rows]]
            since[rows, town] = np.minimum(since[rows, town], back)
        return since

    def _added(self, at: np.ndarray, kept: np.ndarray, town: np.ndarray) -> np.ndarray:
        row, column = np.nonzero(kept)
        cell = row * self._towns.most + town[row, column]
        return np.bincount(cell, minlength=len(at) * self._towns.most).reshape(len(at), -1).astype(np.float64)


class TownMethod(ABC):
    """What forecasts of towns have in common: the towns, each unit's past, and the best ten of their scores.

    A method fits by setting ``unit`` and ``towns`` first (:meth:`start`), and scores towns by :meth:`scores`.
    """

    needs: frozenset[str] = NEEDS
    stochastic = False

    def start(self, fold: "Fold") -> None:
        """Remember the towns of a fold."""
        self.unit, self.towns = fold.task.unit, Towns.of(fold)

    @abstractmethod
    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        """Return (rows, most) the higher the likelier the next town of these units, which are where their past ends."""

    def begin(self, units: pl.DataFrame) -> None:
        self._past = Histories(units, self.unit, self.towns)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        at = self._past.read(rows)
        region = self._past.region[at]
        scores = without(self.scores(self._past, at), self._past.here(at))
        known = np.where(self.towns.there[region] & np.isfinite(scores), scores, -np.inf)
        best = np.argsort(-known, axis=1, kind="stable")[:, :MOST]
        score = np.take_along_axis(known, best, axis=1)
        row, column = np.nonzero(np.isfinite(score))
        town = pl.Series(self.towns.ids[region[row], best[row, column]]).cast(rows.schema["town"])
        return pl.DataFrame(
            {self.unit: rows[self.unit].gather(row), "candidate": town, "score": score[row, column]}
        )


def replayed(
    stops: pl.DataFrame, unit: str, towns: Towns
) -> Iterator[tuple[Histories, np.ndarray, np.ndarray]]:
    """Yield known stops, sorted by unit and sequence, step by step: pasts, positions of those that go on, and to
    where."""
    past = Histories(stops.select(unit).unique(), unit, towns)
    last = (pl.int_range(pl.len()).over(unit) == pl.len().over(unit) - 1).alias("last")
    numbered = stops.with_columns(
        pl.int_range(pl.len()).over(unit).alias("step"),
        last,
        pl.Series("next", np.roll(towns.positions(stops)[1], -1)),
    )
    for _, rows in numbered.sort("step", unit).group_by("step", maintain_order=True):
        at, goes_on = past.read(rows), ~rows["last"].to_numpy()
        if goes_on.any():
            yield past, at[goes_on], rows["next"].to_numpy()[goes_on]


def best_of(method: TownMethod, stops: pl.DataFrame, choices: Sequence[float], name: str) -> float:
    """Return the value of an attribute by which a method's mean reciprocal rank on known stops is highest; the first
    without any stops."""
    reached = []
    for choice in choices:
        setattr(method, name, choice)
        ranks = [
            reciprocal_ranks(without(method.scores(past, at), past.here(at)), town)
            for past, at, town in replayed(stops, method.unit, method.towns)
        ]
        reached.append(float(np.concatenate(ranks).mean()) if ranks else 0.0)
    return choices[int(np.argmax(reached))]


def without(scores: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Return scores with no chance of the town where a unit is, unless there is no other."""
    left = scores.copy()
    left[np.arange(len(here)), here] = -np.inf
    others = np.isfinite(left).any(axis=1, keepdims=True)
    return np.where(others, left, scores)


def smoothed(counts: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return (rows, most) probabilities: Witten and Bell's (1991) interpolation of counts with those of a shorter
    context.

    The weight of the shorter context is the number of different towns seen in this one over that and all counts.
    """
    total = counts.sum(axis=1, keepdims=True)
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return (counts + kinds * lower) / (total + kinds)


def reciprocal_ranks(scores: np.ndarray, town: np.ndarray) -> np.ndarray:
    """Return (rows,) reciprocal rank of the right town among (rows, most) scores, 0 beyond ten, ties in their
    middle."""
    right = scores[np.arange(len(town)), town][:, None]
    rank = 1 + (scores > right).sum(axis=1) + ((scores == right).sum(axis=1) - 1) / 2
    return np.where(rank <= MOST, 1 / rank, 0.0)
