"""Dawid and Skene (1979) on operators in the place of adverts, with brigades: votes that come at once and all alike.

Adverts with near-duplicate texts are one operator's, and share one truth. A brigade may set upon an operator: each
reviewer then joins it with a probability of their own, soon after an advert's first vote, or votes as usual. Whether
there is a brigade and what it says, the truth, each reviewer's confusions and rate of joining, and how soon either kind
of vote comes are found together by EM. Needs the votes; uses their minutes and the adverts' texts. Cost: seconds for
30,000 votes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from tipbench.data.fold import Fold

from tipbaselines.flag_aggregation.majority import vote_shares
from tipbaselines.flag_aggregation.votes import CrowdMethod, Votes, read_votes
from tipbaselines.frames import shares
from tipbaselines.linkage import near_duplicate_groups
from tipbaselines.text import texts

BRIGADED, RATE = 0.1, 0.1
"""Share of operators with a brigade, and rate at which a reviewer joins one, that are expected."""
OPERATORS, VOTES = 10.0, 10.0
"""How many operators and votes these expectations weigh as much as."""
TINY = 1e-300
HASTE = 0.1
"""Mean wait of a brigade's votes that is expected, as a share of the mean wait of all votes."""


@dataclass(eq=False)
class LinkedCrowd(CrowdMethod):
    """``jaccard``: similarity that makes two texts one operator's. ``smoothing``: votes of the crowd's confusion that
    every reviewer starts with, for each truth. ``iterations``, ``tolerance``: EM stops when no posterior moves by more.
    """

    jaccard: float = 0.3
    smoothing: float = 1.0
    iterations: int = 100
    tolerance: float = 1e-4

    def fit(self, fold: Fold, seed: int) -> None:
        self._units, votes = read_votes(fold)
        adverts = fold.tables.get("adverts")
        operator = np.arange(votes.items)
        if adverts is not None and {"title", "body"} & set(adverts.collect_schema()):
            said = self._units.to_frame().join(
                adverts.collect(), on=fold.task.unit, how="left", maintain_order="left"
            )
            operator = np.unique(near_duplicate_groups(texts(said), self.jaccard), return_inverse=True)[1]
        self._scores = self._search(votes.of_operators(operator))[operator]

    def posterior(self, votes: Votes, seed: int = 0) -> np.ndarray:
        """Return posterior [items, classes], where every item has an operator of its own."""
        return self._search(votes)

    def _search(self, votes: Votes) -> np.ndarray:
        truth = votes.clamp(vote_shares(votes))
        part = np.zeros(len(votes.vote))
        rate = np.full(votes.reviewers, RATE)
        expected = np.array([1 - BRIGADED, *[BRIGADED / votes.classes] * votes.classes])
        presence, free = expected, truth[:, :, None]
        wait = np.zeros(len(votes.vote)) if votes.wait is None else votes.wait
        usual = mean = _mean(wait, np.ones(len(wait)), 1.0)
        soon = HASTE * mean
        says = np.where(votes.vote[:, None] == np.arange(votes.classes), 0.0, -np.inf)
        for _ in range(self.iterations):
            own = np.log(votes.chances(truth, self.smoothing, 1 - part)) + _log_density(wait, usual)[:, None]
            joined = says + (np.log(rate[votes.reviewer]) + _log_density(wait, soon))[:, None]
            # Votes by truth, and by what a brigade says: 0 for none.
            usually = own + np.log1p(-rate[votes.reviewer])[:, None]
            mixed = np.logaddexp(usually[:, :, None], joined[:, None, :])
            chances = np.concatenate([own[:, :, None], mixed], axis=2)
            prior = np.log((truth.sum(axis=0) + 1) / (votes.items + votes.classes))
            joint = prior[:, None] + np.log(presence) + votes.per_item(chances)
            free = np.exp(joint - logsumexp(joint, axis=(1, 2), keepdims=True))
            state = _clamp(free, votes.known)
            part = (state[votes.item][:, :, 1:] * np.exp(joined[:, None, :] - mixed)).sum(axis=(1, 2))
            under = state[:, :, 1:].sum(axis=(1, 2))[votes.item]
            rate = (votes.per_reviewer(part) + RATE * VOTES) / (votes.per_reviewer(under) + VOTES)
            presence = shares(state.sum(axis=(0, 1)) + OPERATORS * expected)
            usual, soon = _mean(wait, 1 - part, mean), _mean(wait, part, HASTE * mean)
            before, truth = truth, state.sum(axis=2)
            if np.abs(truth - before).max(initial=0.0) < self.tolerance:
                break
        return np.clip(free.sum(axis=2), 0.0, 1.0)


def _log_density(wait: np.ndarray, mean: float) -> np.ndarray:
    """Return the log density of exponential waits with this mean; 0 where nothing was waited, or times are unknown."""
    return np.where(wait > 0, -wait / mean - np.log(mean), 0.0)


def _mean(wait: np.ndarray, weight: np.ndarray, otherwise: float) -> float:
    """Return the weighted mean of waits, of which ``otherwise`` counts as one; where nothing was waited is left out."""
    later = wait > 0
    return float((weight[later] @ wait[later] + otherwise) / (weight[later].sum() + 1.0))


def _clamp(state: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return probabilities [operators, classes, brigades] with certainty of the class where it is known."""
    possible = (known[:, None] < 0) | (known[:, None] == np.arange(state.shape[1]))
    kept = np.where(possible[:, :, None], np.maximum(state, TINY), 0.0)
    return kept / kept.sum(axis=(1, 2), keepdims=True)
