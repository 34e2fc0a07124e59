"""MACE (Hovy et al. 2013): a vote is either the truth or, when the reviewer is not looking, a habit of clicking.

A reviewer looks with probability theta and otherwise votes by an own distribution xi, whatever the item. Variational
Bayes with Beta and Dirichlet priors from several random starts, of which the one with the highest evidence wins.
Unsure votes are never the truth, so they only come of a habit. Needs the votes. Cost: seconds.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.frames import sigmoid
from tipbaselines.votes import NEEDS, Votes, read_votes, unit_scores

if TYPE_CHECKING:
    from tipbench.fold import Fold


class Mace:
    """``restarts``, ``iterations``: of the search. ``looking``, ``habit``: prior counts of theta and of xi.

    ``own_prior``: whether the prior of harmful is learnt; if not it is one half, as in the paper.
    """

    needs = NEEDS
    stochastic = True

    def __init__(
        self,
        restarts: int = 10,
        iterations: int = 50,
        looking: float = 0.5,
        habit: float = 0.5,
        own_prior: bool = True,
    ) -> None:
        self._settings = {
            "restarts": restarts,
            "iterations": iterations,
            "looking": looking,
            "habit": habit,
            "own_prior": own_prior,
        }

    def fit(self, fold: "Fold", seed: int) -> None:
        self._units, votes = read_votes(fold)
        self._scores = mace(votes, seed, **self._settings)

    def predict(self, fold: "Fold") -> pl.DataFrame:
        return unit_scores(fold, self._units, self._scores)


def mace(
    votes: Votes,
    seed: int = 0,
    restarts: int = 10,
    iterations: int = 50,
    looking: float = 0.5,
    habit: float = 0.5,
    own_prior: bool = True,
) -> np.ndarray:
    """Posterior of harmful [items], of the start that ends with the highest evidence."""
    generator = np.random.default_rng(seed)
    best, highest = np.full(votes.items, 0.5), -np.inf
    for _ in range(restarts):
        posterior, evidence = _search(votes, generator, iterations, looking, habit, own_prior)
        if evidence > highest:
            best, highest = posterior, evidence
    return best


def _search(
    votes: Votes,
    generator: np.random.Generator,
    iterations: int,
    looking: float,
    habit: float,
    own_prior: bool,
) -> tuple[np.ndarray, float]:
    """One start: the posterior [items], and the log-evidence under the last parameters."""
    from scipy.special import digamma

    cell = votes.reviewer * votes.labels + votes.vote
    shape = (votes.reviewers, votes.labels)
    start = generator.uniform(1.0, 2.5, (votes.reviewers, 2))
    theta, idle = (start / start.sum(axis=1, keepdims=True)).T
    xi = generator.uniform(1.0, 2.5, shape)
    xi /= xi.sum(axis=1, keepdims=True)
    prior = 0.0
    given = votes.per_reviewer(np.ones(len(votes.vote)))
    free, evidence = np.full(votes.items, 0.5), -np.inf
    for _ in range(iterations):
        by_habit = (idle[:, None] * xi).ravel()[cell]
        by_look = theta[votes.reviewer]
        # For each truth, the probability of the vote: looking gives the truth itself.
        likely = [np.maximum(by_habit + by_look * (votes.vote == truth), 1e-300) for truth in (0, 1)]
        logs = [votes.per_item(np.log(p)) for p in likely]
        free = sigmoid(prior + logs[1] - logs[0])
        posterior = votes.clamped(free)
        evidence = float(np.logaddexp(logs[0] - np.logaddexp(0, prior), logs[1] - np.logaddexp(0, -prior)).sum())
        says = np.where(votes.vote == 1, posterior[votes.item], 1.0 - posterior[votes.item])
        truthful = np.where(votes.vote == 1, likely[1], likely[0])
        looked = np.where(votes.vote < 2, says * by_look / truthful, 0.0)
        looks = votes.per_reviewer(looked)
        habits = np.bincount(cell, 1.0 - looked, votes.reviewers * votes.labels).reshape(shape)
        # The variational expectations exp E[log p]: they add up to less than one, and are meant to.
        total = digamma(given + 2 * looking)
        theta = np.exp(digamma(looks + looking) - total)
        idle = np.exp(digamma(given - looks + looking) - total)
        xi = np.exp(digamma(habits + habit) - digamma(habits.sum(axis=1) + habit * votes.labels)[:, None])
        if own_prior:
            prior = float(np.log((posterior.sum() + 1.0) / (votes.items - posterior.sum() + 1.0)))
    return free, evidence
