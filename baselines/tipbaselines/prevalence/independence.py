"""The log-linear model of independent lists: a main effect a list, and no pair depends on another.

Fienberg (1972). The interval is a normal one on the logarithm of the unseen. It is what is fitted first and what is
wrong where lists refer people to each other or some people are seen more easily. Needs counts. Cost: milliseconds.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_lists import NEEDS, estimates_of, read_case_lists, warnings_of
from tipbaselines.loglinear import NORMAL, fit, pairs

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Independence:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"case_lists"})
    stochastic = False

    def __init__(self) -> None:
        self.notes: list[str] = []

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        lists = read_case_lists(fold)
        number = len(lists.lists)
        fits = fit(lists.counts, number, np.zeros((len(lists.units), len(pairs(number))), dtype=bool))
        reach = NORMAL * fits.error
        found = estimates_of(lists, fits.log_unseen, fits.log_unseen - reach, fits.log_unseen + reach)
        self.notes = warnings_of(lists, found)
        return found
