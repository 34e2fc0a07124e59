"""Gradient-boosted trees on what a payment says and on its two wallets' simple history, without a look at the graph.

Ke et al. (2017). Features: amount, roundness, hour, channel, purpose, holders, ages of wallets, towns; how many
payments either wallet has, how large, how long since the last. Negatives are thinned, the valid part stops the
boosting. Needs payer, payee, minute and amount; uses every further numeric column of payments too. Cost: about ten
seconds for 1.3 million payments on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.cache import remember
from tipbaselines.frames import labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.payment_risk.payments import (
    NEEDS,
    OTHERS,
    Payments,
    history_features,
    own_features,
    read_payments,
    thin,
)
from tipbaselines.trees import BoostedTrees, probabilities

SEED = 0
"""Every tree sees every feature and every row that is kept, so that there is nothing for a seed to decide."""
REGIONS_AT_ONCE = 16
"""What is made of payments on the way to their features takes several times the memory of the features."""
MOST_KEPT = 2_000_000
"""Payments of ``small`` and somewhat more; theirs are half a gigabyte."""


@dataclass(unsafe_hash=True)
class LightGBM:
    """``rounds``: at most so many trees, ``patience`` without gain on valid stop them; without a valid part
    ``unwatched`` are grown. ``thinning``: one negative of so many is learnt from, for all of them."""

    rounds: int = 400
    patience: int = 60
    unwatched: int = 150
    learning_rate: float = 0.05
    leaves: int = 15
    leaf_size: int = 40
    l2: float = 10.0
    thinning: int = 8
    threads: int = 1
    scheduler: str = ""
    needs = NEEDS
    takes_many = frozenset({"payments", "wallets"})
    stochastic = False
    batches = "regions"
    name = "payment_risk/lightgbm"

    def features(self, payments: Payments, rows: np.ndarray) -> np.ndarray:
        """Return (rows, features) float32 of the payments at these rows, NaN where something is missing."""
        found = own_features(payments) | history_features(payments)
        return np.column_stack([values[rows] for values in found.values()])

    def fit(self, fold: Fold, seed: int) -> None:
        import lightgbm

        train, valid = training_labels(fold, self.name, OTHERS), labels_of(fold, "valid")
        self.prior, self.model = prevalence(train.label), None
        if not train.both:
            return
        train, weight = thin(train, self.thinning)
        data = lightgbm.Dataset(self._features_of(fold, train.units), train.label, weight=weight)
        watched = None
        if valid.both:
            watched = data.create_valid(self._features_of(fold, valid.units), valid.label)
        self.model = BoostedTrees.of(self).grow(data, SEED, watched)

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        if self.model is None:
            return score_frame(units, np.full(len(units), self.prior))
        return score_frame(units, probabilities(self.model, self._features_of(fold, units), self.threads))

    def _features_of(self, fold: Fold, units: pl.Series) -> np.ndarray:
        """Return (payments, features) float32; those of all units are kept where a fold is not too large."""
        if fold.whole is None and fold.parts.height <= MOST_KEPT:
            every, features = _every_feature(fold, self)
            at = np.searchsorted(every[:-1], units.to_numpy())
            if (every[at] == units.to_numpy()).all():  # else the tables are those of other parts
                return features[at]
        return _make_features(fold, self, units)


@remember()
def _every_feature(fold: Fold, method: LightGBM) -> tuple[np.ndarray, np.ndarray]:
    """Return all units of a fold, sorted, and their features."""
    every = fold.parts[fold.task.unit].sort()
    return every.to_numpy(), _make_features(fold, method, every)


def _make_features(fold: Fold, method: LightGBM, units: pl.Series) -> np.ndarray:
    """Make the features of these payments, some regions at a time."""
    found = np.empty((0, 0), dtype=np.float32)
    for part in fold.by_regions(REGIONS_AT_ONCE):
        payments = read_payments(part)
        mine = units.is_in(payments.payments[payments.unit].implode()).arg_true().to_numpy()
        if not len(mine):
            continue
        made = method.features(payments, payments.positions(units.gather(mine)))
        if not found.size:
            found = np.empty((len(units), made.shape[1]), dtype=np.float32)
        found[mine] = made
    return found
