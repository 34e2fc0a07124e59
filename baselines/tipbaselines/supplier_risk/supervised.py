"""What the supervised methods on suppliers share: their refusal where no label is, and boosted trees on features."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbaselines.boosted_trees import BoostedTrees
from tipbaselines.frames import prevalence, score_frame, to_predict
from tipbaselines.kept import OfTables
from tipbaselines.supply_chain import SupplyChain, supply_chain_of

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


def check_labels(train: pl.DataFrame, method: str) -> None:
    """Raises UsageError where not one firm of train has a label."""
    if train.is_empty():
        raise UsageError(
            f"{method} learns from labels and this fold gives none to fit: choose a split with a train part, "
            "or supplier_risk/personalised_pagerank, which can start from audits alone."
        )


_SEEN = OfTables()


class TreesOnFirms(ABC):
    """Boosted trees on features of firms. ``rounds``: at most so many trees, ``patience`` without gain on valid stop
    them; without a valid part ``unwatched`` are grown."""

    needs: frozenset[str] = frozenset()
    takes_many: frozenset[str] = frozenset({"firms", "supplies", "audits", "complaints"})
    stochastic = True
    name = "supplier_risk"

    def __init__(
        self,
        rounds: int = 600,
        patience: int = 60,
        unwatched: int = 150,
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

    @abstractmethod
    def features(self, chain: SupplyChain) -> np.ndarray:
        """Return (firms, features) float32, NaN where something is missing."""

    def _seen(self, fold: "Fold") -> tuple[SupplyChain, np.ndarray]:
        """Return a fold's chain and features."""

        def make() -> tuple[SupplyChain, np.ndarray]:
            chain = supply_chain_of(fold)
            return chain, self.features(chain)

        return _SEEN.get(fold, self.name, make)

    def fit(self, fold: "Fold", seed: int) -> None:
        import lightgbm

        chain, features = self._seen(fold)
        train, valid = (fold.labels(part).collect() for part in ("train", "valid"))
        check_labels(train, self.name)
        label = train["label"].to_numpy()
        self._prior, self._model = prevalence(label), None
        if train["label"].n_unique() < 2:
            return
        data = lightgbm.Dataset(features[chain.positions(train[chain.unit])], label)
        watched = None
        if valid["label"].n_unique() == 2:
            watched = data.create_valid(
                features[chain.positions(valid[chain.unit])], valid["label"].to_numpy()
            )
        self._model = self._trees.grow(data, seed, watched)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        if self._model is None:
            return score_frame(units, np.full(len(units), self._prior))
        chain, features = self._seen(fold)
        return score_frame(units, self._trees.probabilities(self._model, features[chain.positions(units)]))
