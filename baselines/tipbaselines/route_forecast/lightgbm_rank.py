"""Boosted trees that rank candidate towns: by Markov scores, own visits and how long ago, size and distance.

LambdaMART (Burges 2010) in LightGBM (Ke et al. 2017). It learns from the moves of training circuits, half of them with
the counts of the other half, so that no move is its own evidence; the valid part stops the boosting. Needs towns of
stops, and a list of towns; uses their size, coordinates and jurisdictions where there are any. Cost: half a minute for
25,000 moves on one core.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.route_forecast.backoff_markov import chances
from tipbaselines.route_forecast.gravity import attraction
from tipbaselines.route_forecast.itineraries import Histories, MoveCounts, TownMethod, replay, stops_of
from tipbaselines.trees import BoostedTrees

TINY = 1e-9


class Queries(NamedTuple):
    """Candidates of several queries: features (candidates, features), whether right, and candidates a query."""

    features: np.ndarray
    right: np.ndarray
    sizes: np.ndarray


@dataclass(eq=False)
class LightgbmRank(TownMethod):
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; without a valid part
    ``unwatched`` are grown. ``moves``: learn from so many at most."""

    rounds: int = 300
    patience: int = 30
    unwatched: int = 100
    learning_rate: float = 0.06
    leaves: int = 15
    leaf_size: int = 60
    moves: int = 12_000
    soften_km: float = 30.0
    threads: int = 1
    feature_share = 0.7
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        train = self.start(fold)
        self._counts = self.count(train)
        located = {"x_km", "y_km"} <= set(self.towns.table.columns)
        self._pull = attraction(self.towns, self.soften_km) if located else None
        # Half of the units with the counts of the other half, so that no move is its own evidence.
        halves = [train.filter(pl.col(self.unit).rank("dense") % 2 == number) for number in (0, 1)]
        counts = [self.count(half) for half in halves]
        learnt = self._queries(halves[0], counts[1]) + self._queries(halves[1], counts[0])
        watched = self._queries(stops_of(fold, "valid"), self._counts)
        self._model: Any = None
        if learnt:
            chosen = np.zeros(sum(len(q.sizes) for q in learnt), dtype=bool)
            chosen[np.random.default_rng(seed).permutation(len(chosen))[: self.moves]] = True
            data = _dataset(learnt, chosen)
            stop = _dataset(watched, reference=data) if watched else None
            objective = {"objective": "lambdarank", "metric": "ndcg", "eval_at": [10]}
            self._model = BoostedTrees.of(self).grow(data, stop, seed, **objective)

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        levels = chances(self._counts, self.towns, past, at)
        if self._model is None:
            return levels[-1]
        described = self._features(levels, past, at)
        flat = self._model.predict(described.reshape(-1, described.shape[-1]), num_threads=1)
        return np.asarray(flat).reshape(len(at), -1)

    def _queries(self, stops: pl.DataFrame, counts: MoveCounts) -> list[Queries]:
        """Return the moves of some units, step by step."""
        made = []
        for past, at, town in replay(stops, self.unit, self.towns):
            described = self._features(chances(counts, self.towns, past, at), past, at)
            elsewhere = np.arange(self.towns.most) != past.here(at)[:, None]
            left = self.towns.there[past.region[at]] & elsewhere
            right = np.arange(self.towns.most) == town[:, None]
            made.append(Queries(described[left], right[left].astype(np.int8), left.sum(axis=1)))
        return made

    def _features(self, levels: list[np.ndarray], past: Histories, at: np.ndarray) -> np.ndarray:
        """Return (rows, most, features) float32 of each candidate."""
        towns, region, here = np.arange(self.towns.most), past.region[at], past.here(at)
        own, last = past.visits(at), past.last_visit(at)
        columns = [np.log(level + TINY) for level in levels]
        columns += [own, own / own.sum(axis=1, keepdims=True), past.after(at, 1), past.after(at, 2)]
        columns += [np.minimum(last, 99), np.log(self.towns.sizes()[region] + TINY)]
        columns += [past.here(at, back)[:, None] == towns for back in (1, 2, 3, 4)]
        latest = last.min(axis=1, where=last > 0, initial=np.inf, keepdims=True)
        columns += [past.first(at)[:, None] == towns, last == latest]
        counts = (past.seen[at], (own > 0).sum(axis=1))
        columns += [np.broadcast_to(value[:, None], own.shape) for value in counts]
        described = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=-1)
        if self._pull is None:
            return described
        return np.concatenate([described, self._pull[region, here].astype(np.float32)], axis=-1)


def _dataset(parts: list[Queries], chosen: np.ndarray | None = None, reference: Any = None) -> Any:
    """Return a data set of these queries, or of the chosen ones of them."""
    from lightgbm import Dataset

    features, right, sizes = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    chosen = np.ones(len(sizes), dtype=bool) if chosen is None else chosen
    rows = np.repeat(chosen, sizes)
    return Dataset(features[rows], right[rows], group=sizes[chosen], reference=reference)
