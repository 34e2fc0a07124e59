"""GraphSAGE on wallets, and a payment judged by its two wallets and its own columns.

Hamilton, Ying and Leskovec (2017), two layers of mean aggregation over those a wallet pays and those who pay it; edges
are classified from the states of their ends and their own features, as in AMLworld (Altman et al. 2023). Needs the
extra torch, and payer, payee, minute and amount. Cost: half a minute for 1.6 million payments on one core.
"""

from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.graphs import (
    GraphSAGEMethod,
    NetworkInputs,
    adjacency_matrix,
    fill_gaps,
    mean_matrix,
    standardise,
)
from tipbaselines.payment_risk.payments import (
    NEEDS,
    OTHERS,
    Payments,
    history_features,
    own_features,
    read_payments,
)


@dataclass(eq=False)
class GraphSAGE(GraphSAGEMethod):
    epochs: int = 80
    patience: int = 15
    unwatched: int = 50
    weight_decay: float = 1e-4
    dropout: float = 0.2
    needs = NEEDS
    takes_many = frozenset({"payments", "wallets"})
    name = "payment_risk/graphsage"
    others = OTHERS
    thinning = 8

    def read(self, fold: Fold) -> Payments:
        return read_payments(fold)

    def inputs(self, graph: Payments) -> NetworkInputs:
        own = np.column_stack([*own_features(graph).values(), *history_features(graph).values()])
        edges = standardise(fill_gaps(own))
        paid = adjacency_matrix(graph.payer, graph.payee, len(graph.wallets))
        relations = [mean_matrix(m) for m in (paid, paid.T.tocsr())]
        ends, columns = np.stack([graph.payer, graph.payee]), []
        for end in ends:  # how many payments go out of a wallet and come in, and the means of their features
            count = np.bincount(end, minlength=len(graph.wallets))
            totals = (np.bincount(end, edge, minlength=len(graph.wallets)) for edge in edges.T)
            columns += [count.astype(np.float64), *(total / np.maximum(count, 1) for total in totals)]
        return NetworkInputs(standardise(np.column_stack(columns)), relations, ends, edges)
