"""A log-linear model of pairs of lists that depend on each other, chosen step by step.

Bales, Hesketh and Silverman (2015); Silverman (2020). From independence on, the pair whose term lowers the deviance
most joins as long as the p value of the likelihood ratio is below ``p``; pairs of lists without a common person are no
candidates. The interval is that of the model chosen, which knows nothing of the choice; its upper end also allows for
dependence between lists (:func:`.lists.dependence_reach`). Needs counts. Cost: a second.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.prevalence.lists import NORMAL, CaseLists, ListMethod, LogLinearFits, fit


@dataclass(eq=False)
class StepwiseLogLinear(ListMethod):
    """``p``: a pair joins where its p value is below. ``textbook_interval``: give the interval of the model chosen,
    which counts sampling alone."""

    p: float = 0.02
    textbook_interval: bool = False

    def log_unseen(self, lists: CaseLists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        _, fits = choose_pairs(lists, self.p)
        reach = NORMAL * fits.error
        return fits.log_unseen, fits.log_unseen - reach, fits.log_unseen + reach


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
