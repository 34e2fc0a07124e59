"""Chao's lower bound with an arbitrary interval, from .7 to 1.5 times the bound: what intervals should beat.

The range rests on nothing. It is here so that coverage and interval score have something to be compared with. Needs
counts. Cost: none.
"""

from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.prevalence.chao_lower import ChaoLower
from tipbaselines.prevalence.lists import ListMethod


@dataclass(eq=False)
class ChaoFixedRange(ListMethod):
    """``low``, ``high``: ends of the interval, as factors of the estimate."""

    low: float = 0.7
    high: float = 1.5

    log_unseen = ChaoLower.log_unseen

    def predict(self, fold: Fold) -> pl.DataFrame:
        estimate = pl.col("estimate")
        return super().predict(fold).with_columns(lower=estimate * self.low, upper=estimate * self.high)
