"""Majority vote by reviewers weighted for how often they agree with it.

How often is Wawa, the worker's agreement with the aggregate (Ustalov et al. 2024, crowd-kit); the weight is its
log-odds over those of chance, which is optimal for independent voters of known skill whose errors fall on all other
classes alike (Nitzan and Paroush 1982). More rounds agree with the weighted majority of the round before. An item whose
label is known stands for itself, with ``gold_weight`` times the say. Needs the votes. Cost: none.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.flag_aggregation.majority import vote_shares
from tipbaselines.flag_aggregation.votes import CrowdMethod, Votes
from tipbaselines.frames import logit

SAME = 1e-12  # Shares that are no further apart are tied


@dataclass(eq=False)
class WeightedMajority(CrowdMethod):
    """``rounds``: of weighing. ``prior``: votes at the crowd's mean agreement that every reviewer starts with."""

    rounds: int = 1
    prior: float = 4.0
    gold_weight: float = 5.0

    def posterior(self, votes: Votes, seed: int = 0) -> np.ndarray:
        """Return weighted share of votes [items, classes]; who agrees no more often than by chance has no weight."""
        scores = vote_shares(votes)
        importance = np.where(votes.known >= 0, self.gold_weight, 1.0)[votes.item]
        importance = np.where(votes.unsure, 0.0, importance)
        given = votes.per_reviewer(importance)
        for _ in range(self.rounds):
            shares = votes.clamp(scores)
            largest = shares >= shares.max(axis=1, keepdims=True) - SAME
            # 1 for a vote on the side of the largest share, a part of it where that is tied, 0 for another.
            sided = np.hstack([largest / largest.sum(axis=1, keepdims=True), np.zeros((votes.items, 1))])
            agreed = votes.per_reviewer(importance * sided[votes.item, votes.vote])
            skill = (agreed + self.prior * agreed.sum() / max(given.sum(), 1.0)) / (given + self.prior)
            weight = np.maximum(logit(skill) + np.log(votes.classes - 1), 0.0)
            scores = vote_shares(votes, weight[votes.reviewer])
        return scores
