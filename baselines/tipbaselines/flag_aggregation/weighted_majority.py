"""Majority vote by reviewers weighted for how often they agree with it (Wawa: worker agreement with aggregate).

One round is Wawa as in crowd-kit (Ustalov et al. 2024); more rounds agree with the weighted majority of the round
before. An item whose label is known stands for itself, with ``gold_weight`` times the say in a reviewer's agreement.
Needs the votes. Cost: none.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.flag_aggregation.majority import harmful_share
from tipbaselines.votes import NEEDS, UNSURE, Votes, read_votes, unit_scores

if TYPE_CHECKING:
    from tipbench.fold import Fold


class WeightedMajority:
    """``rounds``: of weighing. ``prior``: votes at the crowd's mean agreement that every reviewer starts with."""

    needs = NEEDS
    stochastic = False

    def __init__(self, rounds: int = 5, prior: float = 4.0, gold_weight: float = 5.0) -> None:
        self._settings = {"rounds": rounds, "prior": prior, "gold_weight": gold_weight}

    def fit(self, fold: "Fold", seed: int) -> None:
        self._units, votes = read_votes(fold)
        self._scores = weighted_majority(votes, **self._settings)  # type: ignore[arg-type]

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return unit_scores(fold, self._units, self._scores)


def weighted_majority(
    votes: Votes, rounds: int = 5, prior: float = 4.0, gold_weight: float = 5.0
) -> np.ndarray:
    """Weighted share of harmful votes [items]. An unsure vote agrees with nothing and halves what it weighs in."""
    scores = harmful_share(votes)
    importance = np.where(votes.known >= 0, gold_weight, 1.0)[votes.item]
    given = votes.per_reviewer(importance)
    for _ in range(rounds):
        agreed = votes.per_reviewer(importance * _agreement(votes, votes.clamped(scores)))
        skill = (agreed + prior * agreed.sum() / max(given.sum(), 1.0)) / (given + prior)
        scores = harmful_share(votes, skill[votes.reviewer])
    return scores


def _agreement(votes: Votes, share: np.ndarray) -> np.ndarray:
    """1 for votes [votes] on the side of the majority's share [items], 0 for others, one half for a tie."""
    side = np.sign(share - 0.5)[votes.item]
    agreed = 0.5 + 0.5 * side * (2.0 * votes.vote - 1.0)
    return np.where(votes.vote == UNSURE, 0.0, agreed)
