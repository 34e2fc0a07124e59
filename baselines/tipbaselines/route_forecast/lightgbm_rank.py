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
from tipbaselines.route_forecast.itineraries import Histories, MoveCounts, Moves, TownMethod, replay, stops_of

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
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        import lightgbm

        self.start(fold)
        located = {"x_km", "y_km"} <= set(self.towns.table.columns)
        self._pull = attraction(self.towns, self.soften_km) if located else None
        train, valid = stops_of(fold, "train"), stops_of(fold, "valid")
        self._counts = self._counted(train)
        learnt, watched = self._halves(train), self._queries(valid, self._counts)
        self._model: Any = None
        if not learnt:
            return
        rng = np.random.default_rng(seed)
        data = _dataset(
            lightgbm, _concatenate(learnt), min(self.moves, sum(len(q.sizes) for q in learnt)), rng
        )
        sets, stop = [], []
        if watched is not None:
            sets = [data.create_valid(watched.features, watched.right, group=watched.sizes)]
            stop = [lightgbm.early_stopping(self.patience, verbose=False)]
        settings = {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [10],
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.leaf_size,
            "feature_fraction": 0.7,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
            "seed": seed,
        }
        self._model = lightgbm.train(
            settings, data, self.rounds if sets else self.unwatched, valid_sets=sets, callbacks=stop
        )

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        levels = chances(self._counts, self.towns, past, at)
        if self._model is None:
            return levels[-1]
        described = self._features(levels, past, at)
        flat = self._model.predict(described.reshape(-1, described.shape[-1]), num_threads=1)
        return np.asarray(flat).reshape(len(at), -1)

    def _counted(self, stops: pl.DataFrame) -> MoveCounts:
        return MoveCounts(Moves.of(stops, self.unit, self.towns), self.towns)

    def _halves(self, train: pl.DataFrame) -> list[Queries]:
        """Return the moves of each half of the units, described with the counts of the other half."""
        half = pl.col(self.unit).rank("dense") % 2
        parts = [train.filter(half == number) for number in (0, 1)]
        found = [self._queries(parts[n], self._counted(parts[1 - n])) for n in (0, 1)]
        return [queries for queries in found if queries is not None]

    def _queries(self, stops: pl.DataFrame, counts: MoveCounts) -> Queries | None:
        """Return every move of some units; None without any."""
        made = []
        for past, at, town in replay(stops, self.unit, self.towns):
            described = self._features(chances(counts, self.towns, past, at), past, at)
            left = self.towns.there[past.region[at]].copy()
            left[np.arange(len(at)), past.here(at)] = False
            right = np.arange(self.towns.most) == town[:, None]
            made.append(Queries(described[left], right[left].astype(np.int8), left.sum(axis=1)))
        return _concatenate(made) if made else None

    def _features(self, levels: list[np.ndarray], past: Histories, at: np.ndarray) -> np.ndarray:
        """Return (rows, most, features) float32 of each candidate."""
        towns, region, here = np.arange(self.towns.most), past.region[at], past.here(at)
        own, last = past.visits(at), past.last_visit(at)
        columns = [np.log(level + TINY) for level in levels]
        columns += [own, own / own.sum(axis=1, keepdims=True), past.after(at, 1), past.after(at, 2)]
        columns += [np.minimum(last, 99), np.log(self.towns.sizes()[region] + TINY)]
        columns += [past.here(at, back)[:, None] == towns for back in (1, 2, 3, 4)]
        columns += [
            (past.first(at)[:, None] == towns),
            (last == last.min(axis=1, where=last > 0, initial=np.inf, keepdims=True)),
        ]
        columns += [
            np.broadcast_to(value[:, None], own.shape) for value in (past.seen[at], (own > 0).sum(axis=1))
        ]
        described = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=-1)
        if self._pull is None:
            return described
        return np.concatenate([described, self._pull[region, here].astype(np.float32)], axis=-1)


def _concatenate(parts: list[Queries]) -> Queries:
    return Queries(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _dataset(lightgbm: Any, queries: Queries, most: int, rng: np.random.Generator) -> Any:
    """Return a data set of at most so many of the queries, drawn at random."""
    chosen = np.zeros(len(queries.sizes), dtype=bool)
    chosen[rng.permutation(len(chosen))[:most]] = True
    rows = np.repeat(chosen, queries.sizes)
    return lightgbm.Dataset(queries.features[rows], queries.right[rows], group=queries.sizes[chosen])
