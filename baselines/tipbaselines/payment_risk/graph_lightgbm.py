"""Gradient-boosted trees on a payment and on the graph around it: fan-in, fan-out, in and out again, cycles.

After AMLworld (Altman et al. 2023), where trees on graph features (Blanuša et al. 2024) beat graph neural networks.
Needs payer, payee, minute and amount; uses every further numeric column of payments too. Cost: about half a minute for
1.3 million payments on one core.
"""

import numpy as np

from tipbaselines.payment_risk.payments import (
    Payments,
    TreesOnPayments,
    graph_features,
    history_features,
    own_features,
)


class GraphLightGBM(TreesOnPayments):
    name = "payment_risk/graph_lightgbm"

    def features(self, payments: Payments, rows: np.ndarray) -> np.ndarray:
        own = own_features(payments)
        found = own | history_features(payments)
        channels = [name for name in own if name.startswith("channel ")]
        names = ["amount", "roundness", *channels, *(n for n in ("no purpose", "same town") if n in own)]
        around = graph_features(payments, rows, np.column_stack([own[name] for name in names]))
        return np.hstack([np.column_stack([values[rows] for values in found.values()]), around])
