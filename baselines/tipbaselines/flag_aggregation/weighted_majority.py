"""Majority vote by reviewers weighted for how often they agree with it.

How often is Wawa, the worker's agreement with the aggregate (Ustalov et al. 2024, crowd-kit); the weight is its
log-odds, which is optimal for independent voters of known skill (Nitzan and Paroush 1982). More rounds agree with
the weighted majority of the round before. An item whose label is known stands for itself, with ``gold_weight`` times
the say. Needs the votes. Cost: none.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.flag_aggregation.majority import harmful_share
from tipbaselines.frames import logit
from tipbaselines.votes import NEEDS, UNSURE, Votes, read_votes, unit_scores

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class WeightedMajority:
    """``rounds``: of weighing. ``prior``: votes at the crowd's mean agreement that every reviewer starts with."""

    needs = NEEDS
    stochastic = False

    def __init__(self, rounds: int = 1, prior: float = 4.0, gold_weight: float = 5.0) -> None:
        self._rounds, self._prior, self._gold_weight = rounds, prior, gold_weight

    def fit(self, fold: "Fold", seed: int) -> None:
        self._units, votes = read_votes(fold)
        self._scores = weighted_majority(votes, self._rounds, self._prior, self._gold_weight)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return unit_scores(fold, self._units, self._scores)


def weighted_majority(
    votes: Votes, rounds: int = 1, prior: float = 4.0, gold_weight: float = 5.0
) -> np.ndarray:
    """Weighted share of harmful votes [items]; who agrees no more often than not has no weight."""
    scores = harmful_share(votes)
    importance = np.where(votes.known >= 0, gold_weight, 1.0)[votes.item]
    importance = np.where(votes.vote == UNSURE, 0.0, importance)
    given = votes.per_reviewer(importance)
    for _ in range(rounds):
        agreed = votes.per_reviewer(importance * _agreement(votes, votes.clamped(scores)))
        skill = (agreed + prior * agreed.sum() / max(given.sum(), 1.0)) / (given + prior)
        scores = harmful_share(votes, np.maximum(logit(skill), 0.0)[votes.reviewer])
    return scores


def _agreement(votes: Votes, share: np.ndarray) -> np.ndarray:
    """1 for votes [votes] on the side of the majority's share [items], 0 for others, one half for a tie."""
    return 0.5 + 0.5 * np.sign(share - 0.5)[votes.item] * (2.0 * votes.vote - 1.0)
