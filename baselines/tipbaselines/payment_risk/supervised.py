"""What the supervised methods on payments share: labels, and a refusal where there are none."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Labels(NamedTuple):
    """Payments with a label, and their labels (0 or 1)."""

    payments: pl.Series
    label: np.ndarray

    @property
    def both(self) -> bool:
        """Whether there are positives and negatives among them."""
        return bool(len(self.label)) and 0 < int(self.label.sum()) < len(self.label)

    def thinned(self, times: int) -> tuple["Labels", np.ndarray]:
        """Return every positive and one negative of so many, and what each stands for. No seed decides which: it is
        every so-manieth, and ids of payments tell nothing of their order."""
        kept = (self.label == 1) | (np.arange(len(self.label)) % times == 0)
        return Labels(self.payments.filter(kept), self.label[kept]), np.where(
            self.label[kept] == 1, 1.0, times
        )


def labels_of(fold: "Fold", part: str) -> Labels:
    """Return the labelled payments of train or valid."""
    frame = fold.labels(part).collect()
    return Labels(frame[fold.task.unit], frame["label"].cast(int).to_numpy())


def training_labels(fold: "Fold", method: str) -> Labels:
    """Return the labelled payments of train. Raises UsageError where there is not one."""
    labels = labels_of(fold, "train")
    if not len(labels.label):
        raise UsageError(
            f"{method} learns from labels and this fold gives none to fit: "
            "choose a split with a train part, or payment_risk/rules or payment_risk/isolation_forest."
        )
    return labels
