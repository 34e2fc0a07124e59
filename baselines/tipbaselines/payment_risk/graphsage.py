"""GraphSAGE on wallets, and a payment judged by its two wallets and its own columns.

Hamilton, Ying and Leskovec (2017), two layers of mean aggregation over those a wallet pays and those who pay it; edges
are classified from the states of their ends and their own features, as in AMLworld (Altman et al. 2023). Needs the
extra torch, and payer, payee, minute and amount. Cost: half a minute for 1.6 million payments on one core.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines import graphs
from tipbaselines.frames import LabelledUnits, labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.graphs import fill_gaps, mean_matrix
from tipbaselines.payment_risk.payments import (
    NEEDS,
    OTHERS,
    Payments,
    history_features,
    own_features,
    read_payments,
    thin,
)

THINNING = 8
"""One negative of so many is learnt from."""


@dataclass(eq=False)
class GraphSAGE:
    """``hidden``: units a layer; ``epochs``: at most so many, ``patience`` without gain on valid stop them; without a
    valid part ``unwatched`` are run."""

    hidden: int = 32
    epochs: int = 80
    patience: int = 15
    unwatched: int = 50
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    dropout: float = 0.2
    needs = NEEDS
    takes_many = frozenset({"payments", "wallets"})
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        import torch

        ledger = read_payments(fold)
        train = training_labels(fold, "payment_risk/graphsage", OTHERS)
        valid = labels_of(fold, "valid")
        self._units = to_predict(fold)[fold.task.unit]
        wanted = ledger.positions(self._units)
        self._scores = np.full(len(wanted), prevalence(train.label))
        if not train.both:
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._scores = self._trained(ledger, thin(train, THINNING)[0], valid, wanted)

    def predict(self, fold: Fold) -> pl.DataFrame:
        return score_frame(self._units, self._scores)

    def _trained(
        self, ledger: Payments, train: LabelledUnits, valid: LabelledUnits, wanted: np.ndarray
    ) -> np.ndarray:
        """Return probabilities of the wanted payments by the network at its best epoch."""
        own = np.column_stack([*own_features(ledger).values(), *history_features(ledger).values()])
        edges = graphs.standardise(fill_gaps(own))
        inputs = graphs.standardise(_wallets(ledger, edges))
        paid = _paid(ledger)
        relations = [mean_matrix(m) for m in (paid, paid.T.tocsr())]
        first = graphs.first_inputs(inputs, relations)
        network = _network(first.shape[1], edges.shape[1], self.hidden, self.dropout)

        def logits(rows: np.ndarray) -> Callable[[], Any]:
            import torch

            ends = np.stack([ledger.payer[rows], ledger.payee[rows]])
            wallets, at = np.unique(ends, return_inverse=True)
            near = graphs.neighbourhood(first, relations, wallets)
            places, own = torch.from_numpy(at.reshape(ends.shape)), torch.from_numpy(edges[rows])
            return lambda: network(near, places, own)

        watched = (logits(ledger.positions(valid.units)), valid.label) if valid.both else None
        graphs.Training.of(self).run(network, logits(ledger.positions(train.units)), train.label, watched)
        return graphs.probabilities(network, logits(wanted))


def _wallets(ledger: Payments, edges: np.ndarray) -> np.ndarray:
    """Return (wallets, features): how many payments go out and come in, and the means of their features."""
    wallets = len(ledger.wallets)
    columns = []
    for end in (ledger.payer, ledger.payee):
        count = np.bincount(end, minlength=wallets)
        columns.append(count.astype(np.float64))
        columns += [
            np.bincount(end, edges[:, k], minlength=wallets) / np.maximum(count, 1)
            for k in range(edges.shape[1])
        ]
    return np.column_stack(columns)


def _paid(ledger: Payments) -> Any:
    """Return (wallets, wallets) float32: 1 where the row's wallet pays the column's, once or more."""
    from scipy.sparse import csr_matrix

    wallets = len(ledger.wallets)
    ones = np.ones(len(ledger.payer), dtype=np.float32)
    matrix = csr_matrix((ones, (ledger.payer, ledger.payee)), shape=(wallets, wallets))
    matrix.data[:] = 1.0
    return matrix


def _network(inputs: int, features: int, hidden: int, dropout: float) -> Any:
    """Return two layers on wallets, and two on payments from the states of their ends; gives (payments,) logits."""
    import torch
    from torch import nn

    class PaymentNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = graphs.encoder(inputs, 2, hidden, dropout)
            self.middle, self.last = nn.Linear(2 * hidden + features, hidden), nn.Linear(hidden, 1)

        def forward(self, near: graphs.Neighbourhood, ends: Any, edges: Any) -> Any:
            state = self.encoder(near)
            both = torch.cat([state[ends[0]], state[ends[1]], edges], dim=1)
            return self.last(torch.relu(self.middle(both))).squeeze(1)

    return PaymentNetwork()
