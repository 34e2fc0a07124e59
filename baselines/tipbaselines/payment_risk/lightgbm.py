"""Gradient-boosted trees on what a payment says and on its two wallets' simple history, without a look at the graph.

Ke et al. (2017). Features: amount, roundness, hour, channel, purpose, holders, ages of wallets, towns; how many
payments either wallet has, how large, how long since the last. Negatives are thinned, the valid part stops the
boosting. Needs payer, payee, minute and amount; uses every further numeric column of payments too. Cost: about ten
seconds for 1.3 million payments on one core.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.boosted_trees import BoostedTrees
from tipbaselines.frames import prevalence, score_frame, to_predict
from tipbaselines.kept import OfTables
from tipbaselines.payment_columns import NEEDS, Ledger, history_features, ledger_of, own_features
from tipbaselines.payment_risk.supervised import labels_of, training_labels

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

SEED = 0
"""Every tree sees every feature and every row that is kept, so that there is nothing for a seed to decide."""


_SEEN = OfTables()


class LightGBM:
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; without a valid part
    ``unwatched`` are grown. ``thinning``: one negative of so many is learnt from, for all of them."""

    needs: frozenset[str] = NEEDS
    takes_many: frozenset[str] = frozenset({"payments", "wallets"})
    stochastic = False
    name = "payment_risk/lightgbm"

    def __init__(
        self,
        rounds: int = 400,
        patience: int = 60,
        unwatched: int = 150,
        learning_rate: float = 0.05,
        leaves: int = 15,
        leaf_size: int = 40,
        l2: float = 10.0,
        thinning: int = 8,
        threads: int = 1,
    ) -> None:
        self._thinning = thinning
        self._trees = BoostedTrees(
            rounds, patience, unwatched, learning_rate, leaves, leaf_size, 1.0, l2, threads
        )

    def features(self, ledger: Ledger, rows: np.ndarray) -> np.ndarray:
        """Return (rows, features) float32 of the payments at these rows, NaN where something is missing."""
        found = own_features(ledger) | history_features(ledger)
        return np.column_stack([values[rows] for values in found.values()])

    def _seen(self, fold: "Fold") -> tuple[Ledger, np.ndarray, np.ndarray]:
        """Return a fold's ledger, rows in order, those that have a part among them, and their features."""

        def make() -> tuple[Ledger, np.ndarray, np.ndarray]:
            ledger = ledger_of(fold)
            rows = np.sort(ledger.positions(fold.parts[fold.task.unit]))
            return ledger, rows, self.features(ledger, rows)

        found = _SEEN.get(fold, self.name, make)
        of_part = found[0].positions(fold.parts[fold.task.unit])
        return found if np.isin(of_part, found[1]).all() else make()  # the tables of other parts

    def fit(self, fold: "Fold", seed: int) -> None:
        import lightgbm

        ledger, rows, features = self._seen(fold)
        train, valid = training_labels(fold, ledger, self.name), labels_of(fold, ledger, "valid")
        self._prior, self._model = prevalence(train.label), None
        if not train.both:
            return
        thin, weight = train.thinned(self._thinning)
        data = lightgbm.Dataset(features[np.searchsorted(rows, thin.rows)], thin.label, weight=weight)
        watched = None
        if valid.both:
            watched = data.create_valid(features[np.searchsorted(rows, valid.rows)], valid.label)
        self._model = self._trees.grow(data, SEED, watched)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        if self._model is None:
            return score_frame(units, np.full(len(units), self._prior))
        ledger, rows, features = self._seen(fold)
        at = np.searchsorted(rows, ledger.positions(units))
        return score_frame(units, self._trees.probabilities(self._model, features[at]))
