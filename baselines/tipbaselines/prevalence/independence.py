"""The log-linear model of independent lists: a main effect a list, and no pair depends on another.

Fienberg (1972). It is what is fitted first and what is wrong where lists refer people to each other or some people are
seen more easily. So it has no interval: the textbook's, normal on the logarithm of the unseen, covers a quarter of
the truths. Needs counts. Cost: milliseconds.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.prevalence.lists import NORMAL, CaseLists, ListMethod, fit, pairs


@dataclass(eq=False)
class Independence(ListMethod):
    """``textbook_interval``: give the interval that counts sampling alone."""

    textbook_interval: bool = False

    def log_unseen(self, lists: CaseLists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        number = len(lists.lists)
        fits = fit(lists.counts, number, np.zeros((len(lists.units), len(pairs(number))), dtype=bool))
        reach = NORMAL * fits.error if self.textbook_interval else np.nan
        return fits.log_unseen, fits.log_unseen - reach, fits.log_unseen + reach
