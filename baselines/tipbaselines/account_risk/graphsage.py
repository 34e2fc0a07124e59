"""GraphSAGE: two layers of mean aggregation over those one ties oneself to, those who do so, and those on one device.

Hamilton, Ying and Leskovec (2017), in full batches; each relation has weights of its own. Classes weigh the same, and
the epoch with the best average precision on valid is kept (without a valid part the last). States are computed for the
labelled accounts in an epoch, for those of valid after it, and for all accounts once at the end. Inputs are the
account's columns and counts of its ties, as those of ``lightgbm``. Needs the extra torch and the ends of ties. Cost:
ten to twenty seconds for 75,000 accounts and a million ties on one core.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import (
    OTHERS,
    AccountGraph,
    identifier_matrices,
    own_columns,
    read_graph,
    tie_columns,
)
from tipbaselines.frames import labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.graphs import fill_gaps, mean_matrix

LARGEST = 5.0  # Standardised inputs are cut here on either side


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
    stochastic = True
    needs = frozenset({"ties.source", "ties.target"})
    takes_many = frozenset({"accounts", "ties"})

    def fit(self, fold: Fold, seed: int) -> None:
        import torch

        graph = self._graph = read_graph(fold)
        train, valid = training_labels(fold, "account_risk/graphsage", OTHERS), labels_of(fold, "valid")
        self._scores = np.full(graph.nodes, prevalence(train.label))
        if not train.both:
            return
        features, relations = _inputs(graph)
        first = np.hstack([features, *(mean_of @ features for mean_of in relations)])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = _module(first.shape[1], len(relations), self.hidden, self.dropout)

            def logits(rows: np.ndarray) -> Callable[[], Any]:
                nodes, at = np.unique(rows, return_inverse=True)
                near, places = _neighbourhood(first, relations, nodes), torch.from_numpy(at)
                return lambda: module(*near, places)

            watched = (logits(graph.positions(valid.units)), valid.label) if valid.both else None
            self._train(module, logits(graph.positions(train.units)), train.label, watched)
        self._scores = _probabilities(module, logits(np.arange(graph.nodes)))

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self._scores[self._graph.positions(units)])

    def _train(
        self,
        module: Any,
        logits: Callable[[], Any],
        label: np.ndarray,
        watched: tuple[Callable[[], Any], np.ndarray] | None,
    ) -> None:
        """Train a network on logits and labels (0 or 1), and leave it at its best epoch, watching those of valid."""
        import torch
        from sklearn.metrics import average_precision_score

        parameters = module.parameters()
        optimiser = torch.optim.Adam(parameters, lr=self.learning_rate, weight_decay=self.weight_decay)
        labels = torch.from_numpy(label.astype(np.float32))
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=(len(labels) - labels.sum()) / labels.sum())
        best, kept, since = -1.0, {}, 0
        for _ in range(self.unwatched if watched is None else self.epochs):
            module.train()
            optimiser.zero_grad()
            loss_of(logits(), labels).backward()
            optimiser.step()
            if watched is None:
                continue
            gained = float(average_precision_score(watched[1], _probabilities(module, watched[0])))
            since = 0 if gained > best else since + 1
            if gained > best:
                best, kept = gained, {name: value.clone() for name, value in module.state_dict().items()}
            if since >= self.patience:
                break
        if watched is not None:
            module.load_state_dict(kept)


def _probabilities(module: Any, logits: Callable[[], Any]) -> np.ndarray:
    import torch

    module.eval()
    with torch.no_grad():
        return torch.sigmoid(logits()).double().numpy()


def _neighbourhood(first: np.ndarray, relations: Sequence[csr_matrix], nodes: np.ndarray) -> Any:
    """Return what the states of these nodes are made of: inputs of the first layer of the nodes and their neighbours,
    rows of the nodes in it, and a function for the means over each relation."""
    import torch

    rows = [relation[nodes] for relation in relations]
    needed = np.unique(np.concatenate([nodes, *(of_nodes.indices for of_nodes in rows)]))
    own = torch.from_numpy(np.searchsorted(needed, nodes))
    return torch.from_numpy(first[needed]), own, [_mean_function(of_nodes[:, needed]) for of_nodes in rows]


def _mean_function(weights: csr_matrix) -> Callable[[Any], Any]:
    """Return multiplication by a sparse matrix as a function that torch can differentiate. It is several times as fast
    as torch's own, which sorts the matrix again for each derivative."""
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, dense: Any) -> Any:
            return torch.from_numpy(weights @ dense.numpy())

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            return torch.from_numpy(back @ gradients[0].contiguous().numpy())

    back = weights.T.tocsr()
    return Product.apply  # type: ignore[return-value]


def _inputs(graph: AccountGraph) -> tuple[np.ndarray, list[csr_matrix]]:
    """Return (nodes, features) float32 inputs, and of each relation (nodes, nodes) float32 weights of a mean a row."""
    frames = [frame for frame in (own_columns(graph), tie_columns(graph)) if frame.width]
    values = np.hstack([frame.to_numpy() for frame in frames]).astype(np.float64)
    adjacency = graph.adjacency()
    relations = [mean_matrix(m) for m in (adjacency, adjacency.T.tocsr(), *identifier_matrices(graph))]
    return _standardise(fill_gaps(values)), relations


def _standardise(values: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 of mean 0 and deviation 1; of counts, which are long-tailed, the logarithm."""
    tailed = (values.min(axis=0) >= 0) & (values.max(axis=0) > 1)
    values = values.copy()
    values[:, tailed] = np.log1p(values[:, tailed])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


def _module(inputs: int, relations: int, hidden: int, dropout: float) -> Any:
    """Return two layers. Gives logits of nodes."""
    import torch
    from torch import nn

    class Layers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(inputs, hidden)
            self.second = nn.Linear(
                (1 + relations) * hidden, hidden
            )  # own state, and its mean over each relation
            self.dropout = nn.Dropout(dropout)
            self.last = nn.Linear(hidden, 1)

        def forward(self, first: Any, nodes: Any, means: Any, places: Any) -> Any:
            state = self.dropout(torch.relu(self.first(first)))
            found = torch.cat([state[nodes], *(mean(state) for mean in means)], dim=1)
            state = self.dropout(torch.relu(self.second(found)))
            return self.last(state[places]).squeeze(1)

    return Layers()
