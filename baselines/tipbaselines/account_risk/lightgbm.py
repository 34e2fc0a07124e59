"""Gradient-boosted trees on what an account and its own ties say, without a look at its neighbours.

Ke et al. (2017). Features: the account's columns (categories, numbers, how many accounts share a device) and its ties
counted by direction, kind and time; of accounts without ties their columns alone. The valid part stops the boosting.
Needs columns of accounts, or the ends of ties; uses every other column that is there. Cost: seconds for 75,000 accounts
and a million ties on one core.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbaselines.account_risk.accounts import (
    AccountGraph,
    labels_of,
    own_columns,
    read_graph,
    tie_columns,
    training_labels,
)
from tipbaselines.cache import OfTables
from tipbaselines.frames import prevalence, score_frame, to_predict
from tipbaselines.trees import BINNED_WHOLE, BoostedTrees

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


_SEEN = OfTables()
_BINNED = OfTables()
"""The features of train and valid in LightGBM's bins, the same for every seed."""


class LightGBM:
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; without a valid part
    ``unwatched`` are grown."""

    needs: frozenset[str] = frozenset()
    takes_many: frozenset[str] = frozenset({"accounts", "ties"})
    stochastic = True
    name = "account_risk/lightgbm"
    choices: tuple[int, ...] = ()
    """What features depend on beside the graph."""

    def __init__(
        self,
        rounds: int = 800,
        patience: int = 60,
        unwatched: int = 200,
        learning_rate: float = 0.03,
        leaves: int = 7,
        leaf_size: int = 40,
        feature_share: float = 0.3,
        l2: float = 10.0,
        threads: int = 1,
    ) -> None:
        self._trees = BoostedTrees(
            rounds, patience, unwatched, learning_rate, leaves, leaf_size, feature_share, l2, threads
        )

    def features(self, graph: AccountGraph) -> np.ndarray:
        """Return (nodes, features) float32, NaN where something is missing. Raises UsageError where there is none."""
        frames = [own_columns(graph), *([tie_columns(graph)] if graph.ties.height else [])]
        if not any(frame.width for frame in frames):
            raise UsageError(
                f"{self.name} learns from features and these accounts have none: map columns under "
                "data.tables.accounts, or ties."
            )
        return np.hstack([frame.to_numpy() for frame in frames if frame.width])

    def _seen(self, fold: "Fold") -> tuple[AccountGraph, np.ndarray]:
        """Return a fold's graph and features."""

        def make() -> tuple[AccountGraph, np.ndarray]:
            graph = read_graph(fold)
            return graph, self.features(graph)

        return _SEEN.get(fold, (self.name, *self.choices), make)

    def fit(self, fold: "Fold", seed: int) -> None:
        import lightgbm

        graph, features = self._seen(fold)
        train, valid = training_labels(fold, graph, self.name), labels_of(fold, graph, "valid")
        self._prior, self._model = prevalence(train.label), None
        if not train.both:
            return

        def binned() -> tuple[lightgbm.Dataset, lightgbm.Dataset | None]:
            data = lightgbm.Dataset(features[train.nodes], train.label)
            watched = data.create_valid(features[valid.nodes], valid.label) if valid.both else None
            return data, watched

        learnt = tuple(values.tobytes() for part in (train, valid) for values in part)
        drawn = seed if len(train.label) > BINNED_WHOLE else None
        data, watched = _BINNED.get(fold, (self.name, *self.choices, *learnt, drawn), binned)
        self._model = self._trees.grow(data, seed, watched)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        if self._model is None:
            return score_frame(units, np.full(len(units), self._prior))
        graph, features = self._seen(fold)
        rows = features[graph.positions(units)]
        return score_frame(units, self._trees.probabilities(self._model, rows))
