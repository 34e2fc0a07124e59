"""The share of votes for harmful, an unsure one counting half: what platforms do; for several classes that of each.

Needs the votes. Cost: none.
"""

import numpy as np

from tipbaselines.flag_aggregation.votes import CrowdMethod, Votes


class Majority(CrowdMethod):
    def posterior(self, votes: Votes, seed: int = 0) -> np.ndarray:
        return vote_shares(votes)


def vote_shares(votes: Votes, weight: np.ndarray | None = None) -> np.ndarray:
    """Return share [items, classes] of the weight [votes] that says each class; an unsure vote counts for all alike,
    and without any weight all are alike."""
    weight = np.ones(len(votes.vote)) if weight is None else weight
    said = votes.per_vote(weight)
    total = said.sum(axis=1, keepdims=True)
    equal = np.full((votes.items, votes.classes), 1.0 / votes.classes)
    unsure = said[:, votes.classes :].sum(axis=1, keepdims=True)
    return np.divide(said[:, : votes.classes] + unsure / votes.classes, total, out=equal, where=total > 0)
