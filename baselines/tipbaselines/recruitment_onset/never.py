"""One score for every message, so no alarm at all: the zero of every comparison.

Needs nothing. Cost: none.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import score_frame


class Never:
    needs = frozenset[str]()
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn nothing."""
        self._unit = fold.task.unit

    def begin(self, units: pl.DataFrame) -> None:
        """Remember nothing."""

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        return score_frame(rows[self._unit], np.zeros(rows.height))
