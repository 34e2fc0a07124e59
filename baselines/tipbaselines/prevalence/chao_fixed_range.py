"""Chao's lower bound with an arbitrary interval, from .7 to 1.5 times the bound: what intervals should beat.

The range rests on nothing. It is here so that coverage and interval score have something to be compared with. Needs
counts. Cost: none.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.prevalence.chao_lower import ChaoLower


class ChaoFixedRange(ChaoLower):
    """``low``, ``high``: ends of the interval, as factors of the estimate."""

    def __init__(self, low: float = 0.7, high: float = 1.5) -> None:
        super().__init__()
        self._low, self._high = low, high

    def predict(self, fold: Fold) -> pl.DataFrame:
        estimate = pl.col("estimate")
        return super().predict(fold).with_columns(lower=estimate * self._low, upper=estimate * self._high)
