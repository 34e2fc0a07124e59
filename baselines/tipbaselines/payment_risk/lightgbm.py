"""Gradient-boosted trees on what a payment says and on its two wallets' simple history, without a look at the graph.

Ke et al. (2017). Features: amount, roundness, hour, channel, purpose, holders, ages of wallets, towns; how many
payments either wallet has, how large, how long since the last. Negatives are thinned, the valid part stops the
boosting. Needs payer, payee, minute and amount; uses every further numeric column of payments too. Cost: about ten
seconds for 1.3 million payments on one core.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.cache import OfTables
from tipbaselines.frames import prevalence, score_frame, to_predict
from tipbaselines.payment_risk.payments import (
    NEEDS,
    Payments,
    history_features,
    labels_of,
    own_features,
    read_payments,
    training_labels,
)
from tipbaselines.trees import BoostedTrees

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

SEED = 0
"""Every tree sees every feature and every row that is kept, so that there is nothing for a seed to decide."""
REGIONS_AT_ONCE = 16
"""What is made of payments on the way to their features takes several times the memory of the features."""
MOST_KEPT = 2_000_000
"""Payments of ``small`` and somewhat more; theirs are half a gigabyte."""

_SEEN = OfTables()


class LightGBM:
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; without a valid part
    ``unwatched`` are grown. ``thinning``: one negative of so many is learnt from, for all of them."""

    needs: frozenset[str] = NEEDS
    takes_many: frozenset[str] = frozenset({"payments", "wallets"})
    stochastic = False
    batches = "regions"
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
        scheduler: str = "",
    ) -> None:
        self._thinning = thinning
        self._trees = BoostedTrees(
            rounds, patience, unwatched, learning_rate, leaves, leaf_size, 1.0, l2, threads, scheduler
        )

    def features(self, ledger: Payments, rows: np.ndarray) -> np.ndarray:
        """Return (rows, features) float32 of the payments at these rows, NaN where something is missing."""
        found = own_features(ledger) | history_features(ledger)
        return np.column_stack([values[rows] for values in found.values()])

    def _features_of(self, fold: "Fold", units: pl.Series) -> np.ndarray:
        """Return the features of these payments, (payments, features) float32; where a fold is not too large those of
        all its units are kept for who asks next."""
        if fold.whole is not None or fold.parts.height > MOST_KEPT:
            return self._made(fold, units)

        def make() -> tuple[np.ndarray, np.ndarray]:
            every = fold.parts[fold.task.unit].sort()
            return every.to_numpy(), self._made(fold, every)

        every, features = _SEEN.get(fold, self.name, make)
        at = np.searchsorted(every[:-1], units.to_numpy())
        known = bool((every[at] == units.to_numpy()).all())  # else the tables are those of other parts
        return features[at] if known else self._made(fold, units)

    def _made(self, fold: "Fold", units: pl.Series) -> np.ndarray:
        """Make the features of these payments, some regions at a time."""
        found = np.empty((0, 0), dtype=np.float32)
        for part in fold.by_regions(REGIONS_AT_ONCE):
            ledger = read_payments(part)
            mine = units.is_in(ledger.payments[ledger.unit].implode()).arg_true().to_numpy()
            if not len(mine):
                continue
            made = self.features(ledger, ledger.positions(units.gather(mine)))
            if not found.size:
                found = np.empty((len(units), made.shape[1]), dtype=np.float32)
            found[mine] = made
        return found

    def fit(self, fold: "Fold", seed: int) -> None:
        import lightgbm

        train, valid = training_labels(fold, self.name), labels_of(fold, "valid")
        self._prior, self._model = prevalence(train.label), None
        if not train.both:
            return
        thin, weight = train.thinned(self._thinning)
        data = lightgbm.Dataset(self._features_of(fold, thin.payments), thin.label, weight=weight)
        watched = None
        if valid.both:
            watched = data.create_valid(self._features_of(fold, valid.payments), valid.label)
        self._model = self._trees.grow(data, SEED, watched)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        if self._model is None:
            return score_frame(units, np.full(len(units), self._prior))
        return score_frame(units, self._trees.probabilities(self._model, self._features_of(fold, units)))
