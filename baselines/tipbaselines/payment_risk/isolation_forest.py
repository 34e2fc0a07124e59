"""Payments that few random cuts set apart from the others: isolation forest on own columns. Learns from no label.

Liu, Ting and Zhou (2008), by scikit-learn. A score says that a payment is unusual, not why. Needs payer, payee, minute
and amount; uses channel, purpose, the wallets' columns and every further numeric column of payments. Cost: seconds for
1.3 million payments on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.cache import remember
from tipbaselines.frames import Seeded, score_frame, to_predict
from tipbaselines.models import isolation_scores
from tipbaselines.payment_risk.payments import NEEDS, Payments, history_features, own_features, read_payments


@dataclass(eq=False)
class IsolationForest(Seeded):
    """``trees``: how many; ``sample``: payments that each is grown on."""

    trees: int = 60
    sample: int = 256
    needs = NEEDS
    takes_many = frozenset({"payments", "wallets"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        payments, values = payment_values(fold)
        units = to_predict(fold)[fold.task.unit]
        rows = payments.positions(units)
        return score_frame(units, isolation_scores(values, rows, self.trees, self.sample, self.seed))


@remember()
def payment_values(fold: Fold) -> tuple[Payments, np.ndarray]:
    """Return a fold's payments and their features: (payments, columns), gaps as 0."""
    payments = read_payments(fold)
    found = own_features(payments) | history_features(payments)
    return payments, np.nan_to_num(np.column_stack(list(found.values())))
