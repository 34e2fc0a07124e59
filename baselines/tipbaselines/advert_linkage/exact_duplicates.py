"""Adverts with equal text are one operator's: the simplest rule, and the lower anchor of every linkage table.

Texts are equal when their tokens are, whatever their case and marks. Untrained; needs text. Cost: linear, a second
for 30,000 adverts.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.advert_text import normalised, texts
from tipbaselines.components import cluster_frame, equal_values
from tipbaselines.frames import to_predict

if TYPE_CHECKING:
    from tipbench.fold import Fold


class ExactDuplicates:
    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        plain = [normalised(text) for text in texts(frame)]
        label, first = equal_values(plain)
        empty = np.array([not text for text in plain], dtype=bool)
        label[empty] = len(first) + np.arange(int(empty.sum()))
        return cluster_frame(frame[fold.task.unit], label)
