"""A log-linear model of pairs of lists that depend on each other, chosen step by step.

Bales, Hesketh and Silverman (2015); Silverman (2020). From independence on, the pair whose term lowers the deviance
most joins as long as the p value of the likelihood ratio is below ``p``; pairs of lists that share nobody are no
candidates. The interval is that of the model chosen, which knows nothing of the choice; its upper end also allows for
dependence between lists (:func:`.lists.dependence_reach`). Needs counts. Cost: a second.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.prevalence.lists import (
    NEEDS,
    NORMAL,
    CaseLists,
    LogLinearFits,
    estimates_of,
    fit,
    read_case_lists,
    warnings_of,
)


class StepwiseLogLinear:
    """``p``: a pair joins where its p value is below. ``textbook_interval``: give the interval of the model chosen,
    which counts sampling alone."""

    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"case_lists"})
    stochastic = False

    def __init__(self, p: float = 0.02, textbook_interval: bool = False) -> None:
        self._p, self._textbook = p, textbook_interval
        self.notes: list[str] = []

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        lists = read_case_lists(fold)
        _, fits = choose_pairs(lists, self._p)
        reach = NORMAL * fits.error
        lower, upper = fits.log_unseen - reach, fits.log_unseen + reach
        found = estimates_of(lists, fits.log_unseen, lower, upper, widen=not self._textbook)
        self.notes = warnings_of(lists, found)
        return found


def choose_pairs(lists: CaseLists, p: float) -> tuple[np.ndarray, LogLinearFits]:
    """Return the pairs chosen, bool [units, pairs], and the fits with them."""
    from scipy.stats import chi2

    number = len(lists.lists)
    terms = np.zeros_like(lists.overlapping)
    fits = fit(lists.counts, number, terms)
    going = np.ones(len(terms), dtype=bool)
    while True:
        unit, pair = np.nonzero(lists.overlapping & ~terms & going[:, None])
        if not len(unit):
            return terms, fits
        wider = terms[unit]
        wider[np.arange(len(unit)), pair] = True
        gain = np.zeros(terms.shape)
        less = fits.deviance[unit] - fit(lists.counts[unit], number, wider).deviance
        gain[unit, pair] = np.nan_to_num(less, nan=0.0)
        going &= gain.max(axis=1) > chi2.isf(p, df=1)
        terms[going, gain.argmax(axis=1)[going]] = True
        fits = fit(lists.counts, number, terms)
