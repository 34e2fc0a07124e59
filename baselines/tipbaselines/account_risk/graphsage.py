"""GraphSAGE: two layers of mean aggregation over those one ties oneself to, those who do so, and those on one device.

Hamilton, Ying and Leskovec (2017); each relation has weights of its own. Full batches, classes weighed alike,
the epoch with the best average precision on valid is kept (without a valid part the last). Inputs are the account's
columns and counts of its ties, as those of ``lightgbm``. Needs the extra torch and the ends of ties. Cost: a minute or
two for 75,000 accounts and a million ties on one core.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.account_graph import Graph, attributes, filled, graph_of, tie_attributes
from tipbaselines.account_neighbours import mean_over, sharing
from tipbaselines.account_risk.supervised import labels_of, training_labels
from tipbaselines.frames import prevalence, score_frame, to_predict

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from tipbench.fold import Fold

LARGEST = 5.0
"""Standardised inputs are cut here on either side."""


class GraphSAGE:
    """``hidden``: units a layer; ``epochs``: at most so many, ``patience`` without gain on valid stop them; without a
    valid part ``unwatched`` are run."""

    needs: frozenset[str] = frozenset({"ties.source", "ties.target"})
    stochastic = True

    def __init__(
        self,
        hidden: int = 32,
        epochs: int = 120,
        patience: int = 20,
        unwatched: int = 60,
        learning_rate: float = 0.01,
        weight_decay: float = 2e-3,
        dropout: float = 0.5,
    ) -> None:
        self._hidden, self._epochs, self._patience, self._unwatched = hidden, epochs, patience, unwatched
        self._rate, self._decay, self._dropout = learning_rate, weight_decay, dropout

    def fit(self, fold: "Fold", seed: int) -> None:
        import torch

        graph = graph_of(fold)
        train = training_labels(fold, graph, "account_risk/graphsage")
        valid = labels_of(fold, graph, "valid")
        self._accounts = graph.accounts[graph.unit]
        self._scores = np.full(graph.nodes, prevalence(train.label))
        if not train.both:
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._scores = self._trained(graph, train, valid)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        at = np.searchsorted(self._accounts.to_numpy(), units.to_numpy())
        return score_frame(units, self._scores[at])

    def _trained(self, graph: Graph, train: Any, valid: Any) -> np.ndarray:
        """Probabilities of all nodes by the network at its best epoch."""
        import torch
        from sklearn.metrics import average_precision_score

        inputs = torch.from_numpy(standardised(graph))
        adjacency = graph.adjacency()
        relations = [_tensor(mean_over(m)) for m in (adjacency, adjacency.T.tocsr(), *sharing(graph))]
        # The first layer's neighbourhoods do not change while it learns.
        first = torch.cat([inputs, *(mean_of @ inputs for mean_of in relations)], dim=1)
        network = _network(first.shape[1], len(relations), self._hidden, self._dropout)
        optimiser = torch.optim.Adam(network.parameters(), lr=self._rate, weight_decay=self._decay)
        nodes = torch.from_numpy(train.nodes)
        labels = torch.from_numpy(train.label.astype(np.float32))
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=(len(labels) - labels.sum()) / labels.sum())
        best, kept, since = -1.0, np.zeros(graph.nodes), 0
        for _ in range(self._epochs if valid.both else self._unwatched):
            network.train()
            optimiser.zero_grad()
            loss_of(network(first, relations)[nodes], labels).backward()
            optimiser.step()
            if not valid.both:
                continue
            scores = _probabilities(network, first, relations)
            found = float(average_precision_score(valid.label, scores[valid.nodes]))
            best, kept, since = (found, scores, 0) if found > best else (best, kept, since + 1)
            if since >= self._patience:
                break
        return kept if valid.both else _probabilities(network, first, relations)


def standardised(graph: Graph) -> np.ndarray:
    """(nodes, features) float32 with mean 0 and deviation 1; counts, which are long-tailed, by their logarithm."""
    frames = [frame for frame in (attributes(graph), tie_attributes(graph)) if frame.width]
    values = filled(np.hstack([frame.to_numpy() for frame in frames]).astype(np.float64))
    tailed = (values.min(axis=0) >= 0) & (values.max(axis=0) > 1)
    values[:, tailed] = np.log1p(values[:, tailed])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


def _tensor(matrix: "csr_matrix") -> Any:
    """The matrix as a sparse tensor."""
    import torch

    ends = np.vstack(matrix.tocoo().coords)
    data = torch.from_numpy(matrix.data)
    return torch.sparse_coo_tensor(
        torch.from_numpy(ends), data, matrix.shape, check_invariants=True
    ).coalesce()


def _network(inputs: int, relations: int, hidden: int, dropout: float) -> Any:
    """Two layers and a logit; called with the first layer's inputs and a mean a relation, gives (nodes,) logits."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(inputs, hidden), nn.Linear((1 + relations) * hidden, hidden)
            self.last, self.dropout = nn.Linear(hidden, 1), nn.Dropout(dropout)

        def forward(self, first: Any, relations: list) -> Any:
            hidden = self.dropout(torch.relu(self.first(first)))
            around = torch.cat([hidden, *(torch.sparse.mm(mean_of, hidden) for mean_of in relations)], dim=1)
            return self.last(self.dropout(torch.relu(self.second(around)))).squeeze(1)

    return Network()


def _probabilities(network: Any, first: Any, relations: list) -> np.ndarray:
    import torch

    network.eval()
    with torch.no_grad():
        return torch.sigmoid(network(first, relations)).double().numpy()
