"""The log-linear model of independent lists: a main effect a list, and no pair depends on another.

Fienberg (1972). It is what is fitted first and what is wrong where lists refer people to each other or some people are
seen more easily. So it has no interval: the textbook's, normal on the logarithm of the unseen, covers a quarter of
the truths. Needs counts. Cost: milliseconds.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.prevalence.lists import (
    NEEDS,
    NORMAL,
    estimates_of,
    fit,
    pairs,
    read_case_lists,
    warnings_of,
)


class Independence:
    """``textbook_interval``: give the interval that counts sampling alone."""

    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"case_lists"})
    stochastic = False

    def __init__(self, textbook_interval: bool = False) -> None:
        self._textbook = textbook_interval
        self.notes: list[str] = []

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        lists = read_case_lists(fold)
        number = len(lists.lists)
        fits = fit(lists.counts, number, np.zeros((len(lists.units), len(pairs(number))), dtype=bool))
        reach = NORMAL * fits.error if self._textbook else np.nan
        found = estimates_of(
            lists, fits.log_unseen, fits.log_unseen - reach, fits.log_unseen + reach, widen=False
        )
        self.notes = warnings_of(lists, found)
        return found
