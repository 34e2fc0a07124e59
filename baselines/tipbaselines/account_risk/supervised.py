"""What the supervised methods on accounts share: labels as positions in the graph, and their refusal where none are.

An edge runs between accounts of all parts, which is context; a label is of train or valid only.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tipcore.errors import UsageError

from tipbaselines.account_graph import Graph

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Labels(NamedTuple):
    """Nodes with a label (int64 positions), and their labels (0 or 1)."""

    nodes: np.ndarray
    label: np.ndarray

    @property
    def both(self) -> bool:
        """Whether there are positives and negatives among them."""
        return bool(len(self.label)) and 0 < int(self.label.sum()) < len(self.label)


def labels_of(fold: "Fold", graph: Graph, part: str) -> Labels:
    """Return the labelled accounts of train or valid."""
    frame = fold.labels(part).collect()
    return Labels(graph.positions(frame[fold.task.unit]), frame["label"].cast(int).to_numpy())


def training_labels(fold: "Fold", graph: Graph, method: str) -> Labels:
    """Return the labelled accounts of train. Raises UsageError where there is not one."""
    labels = labels_of(fold, graph, "train")
    if not len(labels.label):
        raise UsageError(
            f"{method} learns from labels and this fold gives none to fit: "
            "choose a split with a train part, or account_risk/degree, account_risk/isolation_forest or "
            "account_risk/neighbour_outlier."
        )
    return labels
