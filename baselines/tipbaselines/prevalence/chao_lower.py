"""Chao's lower bound, from those on one list only and those on two: f1 squared over 2 f2 are unseen at least.

Chao (1987), with its log-normal interval, whose upper end also allows for dependence between lists
(:func:`.lists.dependence_reach`). It allows that some people are seen more easily than others, and
takes lists for many occasions that are alike: of t lists it lacks a factor (t - 1) / t, and so may exceed the truth.
Needs counts. Cost: none.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.prevalence.lists import CaseLists, ListMethod, lower_bound


@dataclass(eq=False)
class ChaoLower(ListMethod):
    """``textbook_interval``: give the paper's interval, which counts sampling alone."""

    textbook_interval: bool = False

    def log_unseen(self, lists: CaseLists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        unseen, reach = lower_bound(lists.counts, len(lists.lists))
        return unseen, unseen - reach, unseen + reach
