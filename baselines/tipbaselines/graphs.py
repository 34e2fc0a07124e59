"""Graphs as sparse matrices, and graph neural networks: two layers of mean aggregation in full batches (torch).

Hamilton, Ying and Leskovec (2017); each relation has weights of its own. Classes weigh the same, and the epoch with the
best average precision on valid is kept (without a valid part the last). States are computed for the labelled nodes in
an epoch, for those of valid after it, and for all nodes once at the end.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags
from tipbench.data.fold import Fold

from tipbaselines.frames import labels_of, prevalence, score_frame, to_predict, training_labels

LARGEST = 5.0  # Standardised inputs are cut here on either side


def adjacency_matrix(source: np.ndarray, target: np.ndarray, nodes: int) -> csr_matrix:
    """Return (nodes, nodes) float32: 1 where an edge leads from the row to the column, however many there are."""
    ones = np.ones(len(source), dtype=np.float32)
    matrix = csr_matrix((ones, (source, target)), shape=(nodes, nodes))
    matrix.data[:] = 1.0
    return matrix


def dense_codes(values: pl.Series) -> np.ndarray:
    """Return the place of each value among the sorted distinct ones, int64; -1 for null."""
    return values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1


def one_hot(code: np.ndarray, width: int) -> csr_matrix:
    """Return (codes, width) float32: 1 in the column of each row's code; a row with -1 has none."""
    rows = np.flatnonzero(code >= 0)
    return csr_matrix((np.ones(len(rows), np.float32), (rows, code[rows])), shape=(len(code), width))


def sum_by(code: np.ndarray, groups: int) -> csr_matrix:
    """Return (groups, codes) float32: the matrix that sums rows by code."""
    return csr_matrix(one_hot(code, groups).T)


def without_diagonal(matrix: csr_matrix) -> csr_matrix:
    """Return a square matrix without its diagonal."""
    rest = csr_matrix(matrix - diags(matrix.diagonal()))
    rest.eliminate_zeros()
    return rest


def unit_rows(counts: csr_matrix) -> csr_matrix:
    """Return rows of length one; a row of zeros as it is."""
    return _divide_rows(counts, np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1))).ravel())


def mean_matrix(weights: csr_matrix) -> csr_matrix:
    """Return rows that add to 1, for means by these weights; a row of zeros as it is."""
    return _divide_rows(weights, np.asarray(weights.sum(axis=1)).ravel())


def _divide_rows(matrix: csr_matrix, size: np.ndarray) -> csr_matrix:
    return csr_matrix(diags(np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)) @ matrix)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, float64, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=np.asarray(whole) > 0)


def largest(at: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Return the largest of the values at each position, float64 (count,), -inf where there is none."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, at, values)
    return found


def since_last(time: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Return time since the last row with the same ``keys`` (0 or more), float64 (rows,), NaN for the first."""
    order = np.lexsort((time, *keys))
    gap = np.diff(time[order], prepend=0).astype(np.float64)
    gap[np.any([np.diff(key[order], prepend=-1) != 0 for key in keys], axis=0)] = np.nan
    since = np.empty_like(gap)
    since[order] = gap
    return since


def fill_gaps(values: np.ndarray) -> np.ndarray:
    """Return (rows, columns) with each column's NaN as its median, 0 where all are."""
    gaps = np.isnan(values)
    known = ~gaps.all(axis=0)
    middle = np.zeros(values.shape[1], dtype=values.dtype)
    if known.any():
        middle[known] = np.nanmedian(values[:, known], axis=0)
    return np.where(gaps, middle[None, :], values)


def standardise(values: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 of mean 0 and deviation 1; of counts, which are long-tailed, the logarithm."""
    tailed = (values.min(axis=0) >= 0) & (values.max(axis=0) > 1)
    values = values.copy()
    values[:, tailed] = np.log1p(values[:, tailed])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


@dataclass(frozen=True)
class NetworkInputs:
    """What a network sees of a graph, and what it judges: nodes, or edges by the states of their ends.

    ``features``: (nodes, features) float32. ``relations``: (nodes, nodes) float32, weights of a mean a row. ``ends``:
    (1 or 2, rows) nodes of each row. ``own``: (rows, features) float32, of the rows themselves.
    """

    features: np.ndarray
    relations: Sequence[csr_matrix]
    ends: np.ndarray
    own: np.ndarray


@dataclass(eq=False)
class GraphSAGEMethod(ABC):
    """Base of graph neural networks.

    ``hidden``: units a layer; ``epochs``: at most so many, ``patience`` without gain on valid stop them; without a
    valid part ``unwatched`` are run. ``name`` is its config's name, ``others`` names methods that need no label;
    ``whole``: whether all rows are scored at once, whichever are asked for. ``thinning``: one negative of so many is
    learnt from.
    """

    hidden: int = 32
    epochs: int = 120
    patience: int = 20
    unwatched: int = 60
    learning_rate: float = 0.01
    weight_decay: float = 2e-3
    dropout: float = 0.5
    stochastic = True
    name = ""
    others = ""
    whole = False
    thinning = 1

    @abstractmethod
    def read(self, fold: Fold) -> Any:
        """Return the graph of a fold, whose ``positions`` finds units."""

    @abstractmethod
    def inputs(self, graph: Any) -> NetworkInputs:
        """Return what the network sees of a graph."""

    def fit(self, fold: Fold, seed: int) -> None:
        import torch

        graph = self._graph = self.read(fold)
        train, valid = training_labels(fold, self.name, self.others), labels_of(fold, "valid")
        prior = prevalence(train.label)
        self._model: Callable[[np.ndarray], np.ndarray] = lambda rows: np.full(len(rows), prior)
        if not train.both:
            return
        train, inputs = train.thin(self.thinning)[0], self.inputs(graph)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            first = np.hstack([inputs.features, *(mean_of @ inputs.features for mean_of in inputs.relations)])
            module = _module(inputs, self.hidden, self.dropout)

            def logits(rows: np.ndarray) -> Callable[[], Any]:
                ends, own = inputs.ends[:, rows], torch.from_numpy(inputs.own[rows])
                nodes, at = np.unique(ends, return_inverse=True)
                near, places = _neighbourhood(first, inputs.relations, nodes), torch.from_numpy(at)
                return lambda: module(*near, places.reshape(ends.shape), own)

            watched = (logits(graph.positions(valid.units)), valid.label) if valid.both else None
            self._train(module, logits(graph.positions(train.units)), train.label, watched)
        self._model = lambda rows: _probabilities(module, logits(rows))
        if self.whole:
            scores = self._model(np.arange(inputs.ends.shape[1]))
            self._model = lambda rows: scores[rows]

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self._model(self._graph.positions(units)))

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


def _module(inputs: NetworkInputs, hidden: int, dropout: float) -> Any:
    """Return two layers on nodes, and for edges one more on the states of their ends. Gives logits."""
    import torch
    from torch import nn

    ends = len(inputs.ends)
    blocks = 1 + len(inputs.relations)  # a node's own state, and its mean over each relation

    class Layers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(blocks * inputs.features.shape[1], hidden)
            self.second = nn.Linear(blocks * hidden, hidden)
            self.dropout = nn.Dropout(dropout)
            joined = ends * hidden + inputs.own.shape[1]
            edges = ends > 1
            self.middle = nn.Sequential(nn.Linear(joined, hidden), nn.ReLU()) if edges else nn.Identity()
            self.last = nn.Linear(hidden, 1)

        def forward(self, first: Any, nodes: Any, means: Any, ends: Any, own: Any) -> Any:
            state = self.dropout(torch.relu(self.first(first)))
            found = torch.cat([state[nodes], *(mean(state) for mean in means)], dim=1)
            state = self.dropout(torch.relu(self.second(found)))
            joined = torch.cat([*(state[end] for end in ends), own], dim=1)
            return self.last(self.middle(joined)).squeeze(1)

    return Layers()
