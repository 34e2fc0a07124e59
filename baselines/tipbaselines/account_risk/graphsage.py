"""GraphSAGE: two layers of mean aggregation over those one ties oneself to, those who do so, and those on one device.

Hamilton, Ying and Leskovec (2017); each relation has weights of its own. Full batches, classes weighed alike,
the epoch with the best average precision on valid is kept (without a valid part the last). Inputs are the account's
columns and counts of its ties, as those of ``lightgbm``. Needs the extra torch and the ends of ties. Cost: ten to
twenty seconds for 75,000 accounts and a million ties on one core.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines import graphs
from tipbaselines.account_risk.accounts import (
    OTHERS,
    AccountGraph,
    identifier_matrices,
    own_columns,
    read_graph,
    tie_columns,
)
from tipbaselines.frames import LabelledUnits, labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.graphs import fill_gaps, mean_matrix


@dataclass(eq=False)
class GraphSAGE:
    """``hidden``: units a layer; ``epochs``: at most so many, ``patience`` without gain on valid stop them; without a
    valid part ``unwatched`` are run."""

    hidden: int = 32
    epochs: int = 120
    patience: int = 20
    unwatched: int = 60
    learning_rate: float = 0.01
    weight_decay: float = 2e-3
    dropout: float = 0.5
    needs = frozenset({"ties.source", "ties.target"})
    takes_many = frozenset({"accounts", "ties"})
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        import torch

        graph = read_graph(fold)
        train = training_labels(fold, "account_risk/graphsage", OTHERS)
        valid = labels_of(fold, "valid")
        self._graph = graph
        self._scores = np.full(graph.nodes, prevalence(train.label))
        if not train.both:
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._scores = self._trained(graph, train, valid)

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self._scores[self._graph.positions(units)])

    def _trained(self, graph: AccountGraph, train: LabelledUnits, valid: LabelledUnits) -> np.ndarray:
        """Return probabilities of all nodes by the network at its best epoch."""
        adjacency = graph.adjacency()
        relations = [mean_matrix(m) for m in (adjacency, adjacency.T.tocsr(), *identifier_matrices(graph))]
        first = graphs.first_inputs(network_inputs(graph), relations)
        network = _network(first.shape[1], len(relations), self.hidden, self.dropout)

        def logits(nodes: np.ndarray) -> Callable[[], Any]:
            near = graphs.neighbourhood(first, relations, nodes)
            return lambda: network(near)

        watched = (logits(graph.positions(valid.units)), valid.label) if valid.both else None
        graphs.Training.of(self).run(network, logits(graph.positions(train.units)), train.label, watched)
        return graphs.probabilities(network, logits(np.arange(graph.nodes)))


def network_inputs(graph: AccountGraph) -> np.ndarray:
    """Return (nodes, features) float32 of the accounts' columns and of counts of their ties, on one scale."""
    frames = [frame for frame in (own_columns(graph), tie_columns(graph)) if frame.width]
    return graphs.standardise(fill_gaps(np.hstack([frame.to_numpy() for frame in frames]).astype(np.float64)))


def _network(inputs: int, relations: int, hidden: int, dropout: float) -> Any:
    """Return two layers and a logit; called with what is around nodes, gives (nodes,) logits."""
    from torch import nn

    class AccountNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = graphs.encoder(inputs, relations, hidden, dropout)
            self.last = nn.Linear(hidden, 1)

        def forward(self, near: graphs.Neighbourhood) -> Any:
            return self.last(self.encoder(near)).squeeze(1)

    return AccountNetwork()
