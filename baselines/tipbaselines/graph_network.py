"""Graph neural networks as several tasks use them: two layers of mean aggregation, trained in full batches (torch).

Hamilton, Ying and Leskovec (2017); each relation has weights of its own. Classes are weighed alike, and the epoch with
the best average precision on valid is kept (without a valid part the last).
"""

from collections.abc import Callable
from dataclasses import dataclass
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

    def run(
        self,
        network: Any,
        logits: Callable[[], Any],
        scores: Callable[[], np.ndarray],
        label: np.ndarray,
        valid: tuple[np.ndarray, np.ndarray] | None,
    ) -> np.ndarray:
        """Return scores of everything by the network at its best epoch.

        Args:
            logits: those of the labelled, in training. scores: probabilities of everything, out of training.
            label: 0 or 1 of the labelled. valid: positions among the scores and labels of those that are watched.
        """
        import torch
        from sklearn.metrics import average_precision_score

        optimiser = torch.optim.Adam(
            network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        labels = torch.from_numpy(label.astype(np.float32))
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=(len(labels) - labels.sum()) / labels.sum())
        best, kept, since = -1.0, np.zeros(0), 0
        for _ in range(self.unwatched if valid is None else self.epochs):
            network.train()
            optimiser.zero_grad()
            loss_of(logits(), labels).backward()
            optimiser.step()
            if valid is None:
                continue
            found = scores()
            gained = float(average_precision_score(valid[1], found[valid[0]]))
            best, kept, since = (gained, found, 0) if gained > best else (best, kept, since + 1)
            if since >= self.patience:
                break
        return scores() if valid is None else kept


def standardised(values: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 with mean 0 and deviation 1; counts, which are long-tailed, by their
    logarithm."""
    tailed = (values.min(axis=0) >= 0) & (values.max(axis=0) > 1)
    values = values.copy()
    values[:, tailed] = np.log1p(values[:, tailed])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


def tensor_of(matrix: "csr_matrix") -> Any:
    """Return the matrix as a sparse tensor."""
    import torch

    ends = np.vstack(matrix.tocoo().coords)
    data = torch.from_numpy(matrix.data)
    return torch.sparse_coo_tensor(
        torch.from_numpy(ends), data, matrix.shape, check_invariants=True
    ).coalesce()


def first_inputs(inputs: Any, relations: list) -> Any:
    """Return inputs beside their means over each relation: the first layer's neighbourhoods do not change while it
    learns."""
    import torch

    return torch.cat([inputs, *(mean_of @ inputs for mean_of in relations)], dim=1)


def encoder(inputs: int, relations: int, hidden: int, dropout: float) -> Any:
    """Return two layers; called with the first layer's inputs and a mean a relation, gives (nodes, hidden)."""
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(inputs, hidden), nn.Linear((1 + relations) * hidden, hidden)
            self.dropout = nn.Dropout(dropout)

        def forward(self, first: Any, relations: list) -> Any:
            hidden = self.dropout(torch.relu(self.first(first)))
            around = torch.cat([hidden, *(torch.sparse.mm(mean_of, hidden) for mean_of in relations)], dim=1)
            return self.dropout(torch.relu(self.second(around)))

    return Encoder()
