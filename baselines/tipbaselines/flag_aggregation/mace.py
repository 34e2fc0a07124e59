"""MACE (Hovy et al. 2013): a vote is the truth if the reviewer looks, and else a habit of clicking.

A reviewer looks with probability theta and otherwise votes by an own distribution xi, independent of the item.
Variational Bayes with Beta and Dirichlet priors from several random starts, of which the one with the highest evidence
wins. Unsure votes are never the truth, so they only come of a habit. Needs the votes. Cost: seconds.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, softmax

from tipbaselines.flag_aggregation.votes import CrowdMethod, Votes
from tipbaselines.frames import shares

TINY = 1e-300  # Least probability of a vote


@dataclass(eq=False)
class Mace(CrowdMethod):
    """``restarts``, ``iterations``: of the search. ``looking``, ``habit``: prior counts of theta and of xi.
    ``own_prior``: whether the prior of the classes is learnt; if not they are alike. The defaults are the paper's."""

    restarts: int = 10
    iterations: int = 50
    looking: float = 0.5
    habit: float = 10.0
    own_prior: bool = False
    stochastic = True

    def posterior(self, votes: Votes, seed: int = 0) -> np.ndarray:
        """Return posterior [items, classes], of the start that ends with the highest evidence."""
        generator = np.random.default_rng(seed)
        found = [self._search(votes, generator) for _ in range(self.restarts)]
        return max(found, key=lambda one: one[1])[0]

    def _search(self, votes: Votes, generator: np.random.Generator) -> tuple[np.ndarray, float]:
        """Return one start: the posterior [items, classes], and the log-evidence under the last parameters."""
        looks, idles = shares(generator.uniform(1.0, 2.5, (votes.reviewers, 2))).T
        habits = shares(generator.uniform(1.0, 2.5, (votes.reviewers, votes.labels)))
        counts = votes.per_cell(np.ones(len(votes.vote)))
        says = np.eye(votes.labels, dtype=bool)[: votes.classes]
        equal = np.full((votes.items, votes.classes), 1.0 / votes.classes)
        prior, free, evidence = np.log(equal[0]), equal, -np.inf
        for _ in range(self.iterations):
            by_habit = np.maximum(idles[:, None] * habits, TINY)
            # The probability of each vote given the class of its item: looking says the truth.
            likely = [np.log(by_habit + looks[:, None] * said).ravel()[votes.cell] for said in says]
            joint = prior + np.column_stack([votes.per_item(one) for one in likely])
            free = softmax(joint, axis=1)
            evidence = float(np.logaddexp.reduce(joint, axis=1).sum())
            posterior = votes.clamp(free)
            by_class = zip(posterior.T, says, strict=True)
            right = sum(votes.per_cell(true[votes.item]) * said for true, said in by_class)
            looked = right * looks[:, None] / (by_habit + looks[:, None] * says.any(axis=0))
            by_look = looked.sum(axis=1)
            split = np.stack([by_look, counts.sum(axis=1) - by_look], axis=1)
            looks, idles = _mean_logarithm(split, self.looking).T
            habits = _mean_logarithm(counts - looked, self.habit)
            if self.own_prior:
                prior = np.log((posterior.sum(axis=0) + 1.0) / (votes.items + votes.classes))
        return free, evidence


def _mean_logarithm(counts: np.ndarray, prior: float) -> np.ndarray:
    """Return exp E[log p] of rows of Dirichlet counts: adds up to less than one, as variational Bayes wants it."""
    counts = np.maximum(counts, 0.0) + prior
    return np.exp(digamma(counts) - digamma(counts.sum(axis=1, keepdims=True)))
