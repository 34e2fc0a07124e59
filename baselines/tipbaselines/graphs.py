"""Graph neural networks as several tasks use them: two layers of mean aggregation, trained in full batches (torch).

Hamilton, Ying and Leskovec (2017); each relation has weights of its own. Classes are weighed alike, and the epoch with
the best average precision on valid is kept (without a valid part the last). States are computed
for the labelled nodes in an epoch, for those of valid after it, and for all nodes once at the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


LARGEST = 5.0
"""Standardised inputs are cut here on either side."""


@dataclass(frozen=True)
class Training:
    """``epochs``: at most so many, ``patience`` without gain on valid stop them; without a valid part ``unwatched`` are
    run."""

    epochs: int
    patience: int
    unwatched: int
    learning_rate: float
    weight_decay: float

    @classmethod
    def of(cls, method: Any) -> "Training":
        """Return the settings that a method has as attributes of the same names."""
        return cls(**{field.name: getattr(method, field.name) for field in fields(cls)})

    def run(
        self,
        network: Any,
        logits: Callable[[], Any],
        label: np.ndarray,
        watched: tuple[Callable[[], Any], np.ndarray] | None,
    ) -> None:
        """Train a network, and leave it at its best epoch, out of training.

        Args:
            logits: those of the labelled. label: theirs, 0 or 1. watched: logits and labels of valid.
        """
        import torch
        from sklearn.metrics import average_precision_score

        optimiser = torch.optim.Adam(
            network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        labels = torch.from_numpy(label.astype(np.float32))
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=(len(labels) - labels.sum()) / labels.sum())
        best, kept, since = -1.0, {}, 0
        for _ in range(self.unwatched if watched is None else self.epochs):
            network.train()
            optimiser.zero_grad()
            loss_of(logits(), labels).backward()
            optimiser.step()
            if watched is None:
                continue
            gained = float(average_precision_score(watched[1], probabilities(network, watched[0])))
            if gained > best:
                best, since = gained, 0
                kept = {name: value.clone() for name, value in network.state_dict().items()}
            else:
                since += 1
            if since >= self.patience:
                break
        if watched is not None:
            network.load_state_dict(kept)
        network.eval()


def probabilities(network: Any, logits: Callable[[], Any]) -> np.ndarray:
    """Return probabilities of these logits, out of training: float64."""
    import torch

    network.eval()
    with torch.no_grad():
        return torch.sigmoid(logits()).double().numpy()


def standardise(values: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 with mean 0 and deviation 1; counts, which are long-tailed, by their
    logarithm."""
    tailed = (values.min(axis=0) >= 0) & (values.max(axis=0) > 1)
    values = values.copy()
    values[:, tailed] = np.log1p(values[:, tailed])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


@dataclass(frozen=True)
class Neighbourhood:
    """What the states of some nodes are made of. ``first``: the first layer's inputs of these nodes and of their
    neighbours. ``own``: which of those rows are the nodes' own. ``means``: means over a relation, one a relation."""

    first: Any
    own: Any
    means: list[Callable[[Any], Any]]


def neighbourhood(first: np.ndarray, relations: Sequence["csr_matrix"], nodes: np.ndarray) -> Neighbourhood:
    """Return what the states of these nodes, in this order, are made of.

    Args:
        first: of :func:`first_inputs`.
        relations: (nodes, nodes) float32, weights of a mean a row.
        nodes: positions.
    """
    import torch

    rows = [relation[nodes] for relation in relations]
    needed = np.unique(np.concatenate([nodes, *(of_nodes.indices for of_nodes in rows)]))
    own = torch.from_numpy(np.searchsorted(needed, nodes))
    return Neighbourhood(
        torch.from_numpy(first[needed]), own, [_mean_function(of_nodes[:, needed]) for of_nodes in rows]
    )


def _mean_function(weights: "csr_matrix") -> Callable[[Any], Any]:
    """Return the product with a sparse matrix, as a function that torch differentiates: several times as fast as
    torch's own, whose derivative sorts the matrix anew each time."""
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


def first_inputs(inputs: np.ndarray, relations: Sequence["csr_matrix"]) -> np.ndarray:
    """Return inputs beside their means over each relation: the first layer's neighbourhoods do not change while it
    learns."""
    return np.hstack([inputs, *(mean_of @ inputs for mean_of in relations)])


def encoder(inputs: int, relations: int, hidden: int, dropout: float) -> Any:
    """Return two layers; called with an :class:`Neighbourhood`, gives (nodes, hidden)."""
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(inputs, hidden), nn.Linear((1 + relations) * hidden, hidden)
            self.dropout = nn.Dropout(dropout)

        def forward(self, near: Neighbourhood) -> Any:
            state = self.dropout(torch.relu(self.first(near.first)))
            found = torch.cat([state[near.own], *(mean(state) for mean in near.means)], dim=1)
            return self.dropout(torch.relu(self.second(found)))

    return Encoder()


def fill_gaps(values: np.ndarray) -> np.ndarray:
    """Return (rows, columns) with each column's NaN as its median (0 where all are), for what cannot leave gaps
    open."""
    gaps = np.isnan(values)
    known = ~gaps.all(axis=0)
    middle = np.zeros(values.shape[1], dtype=values.dtype)
    if known.any():
        middle[known] = np.nanmedian(values[:, known], axis=0)
    return np.where(gaps, middle[None, :], values)


def mean_matrix(adjacency: "csr_matrix") -> "csr_matrix":
    """Return the adjacency with every row's entries adding to 1 (rows without any stay empty)."""
    from scipy.sparse import diags

    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    scale = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
    return (diags(scale.astype(np.float32)) @ adjacency).tocsr()  # type: ignore[return-value]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, float64, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=np.asarray(whole) > 0)
