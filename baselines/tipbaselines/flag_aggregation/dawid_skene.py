"""Dawid and Skene (1979): each reviewer has a confusion matrix, each item a posterior, found by EM.

The truth is binary; the votes may be three, and what a reviewer is unsure of then tells something too. Confusions
are smoothed towards the crowd's. Items whose label is known are held at it. Needs the votes. Cost: under a second.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.flag_aggregation.majority import harmful_share
from tipbaselines.frames import sigmoid
from tipbaselines.votes import NEEDS, Votes, read_votes, unit_scores

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class DawidSkene:
    """``smoothing``: votes of the crowd's confusion that every reviewer starts with, for each truth.

    ``iterations``, ``tolerance``: EM stops when no posterior moves by more.
    """

    needs = NEEDS
    stochastic = False

    def __init__(self, smoothing: float = 6.0, iterations: int = 100, tolerance: float = 1e-5) -> None:
        self._smoothing, self._iterations, self._tolerance = smoothing, iterations, tolerance

    def fit(self, fold: "Fold", seed: int) -> None:
        self._units, votes = read_votes(fold)
        self._scores = dawid_skene(votes, self._smoothing, self._iterations, self._tolerance)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return unit_scores(fold, self._units, self._scores)


def dawid_skene(
    votes: Votes, smoothing: float = 6.0, iterations: int = 100, tolerance: float = 1e-5
) -> np.ndarray:
    """Posterior of harmful [items]: equations 2.3 to 2.5 of the paper, started from the majority's share."""
    counts = votes.per_cell(np.ones(len(votes.vote)))
    free = harmful_share(votes)
    posterior = votes.clamped(free)
    for _ in range(iterations):
        harmful = votes.per_cell(posterior[votes.item])
        clear = np.maximum(counts - harmful, 0.0)
        log_ratio = (_log_confusion(harmful, smoothing) - _log_confusion(clear, smoothing)).ravel()[
            votes.cell
        ]
        positive = posterior.sum()
        prior = np.log((positive + 1.0) / (votes.items - positive + 1.0))
        free = sigmoid(prior + votes.per_item(log_ratio))
        before, posterior = posterior, votes.clamped(free)
        if np.abs(posterior - before).max(initial=0.0) < tolerance:
            break
    return free


def _log_confusion(counts: np.ndarray, smoothing: float) -> np.ndarray:
    """Log probability [reviewers, labels] of each vote for one truth, from expected counts of the same shape."""
    crowd = counts.sum(axis=0) + 1.0
    smoothed = counts + smoothing * crowd / crowd.sum()
    return np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
