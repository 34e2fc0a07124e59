"""Chao's lower bound, from those on one list only and those on two: f1 squared over 2 f2 are unseen at least.

Chao (1987), with its log-normal interval, whose upper end also allows for dependence between lists
(:func:`.lists.dependence_reach`). It allows that some people are seen more easily than others, and
takes lists for many occasions that are alike: of t lists it lacks a factor (t - 1) / t, and so may exceed the truth.
Needs counts. Cost: none.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.prevalence.lists import NEEDS, estimates_of, lower_bound, read_case_lists, warnings_of


class ChaoLower:
    """``textbook_interval``: give the paper's interval, which counts sampling alone."""

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
        log_unseen, reach = lower_bound(lists.counts, len(lists.lists))
        lower, upper = log_unseen - reach, log_unseen + reach
        found = estimates_of(lists, log_unseen, lower, upper, widen=not self._textbook)
        self.notes = warnings_of(lists, found)
        return found
