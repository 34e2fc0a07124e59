"""The share of votes that say harmful, an unsure one counting half: what platforms do.

Needs the votes. Cost: none.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.votes import NEEDS, UNSURE, Votes, read_votes, unit_scores

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Majority:
    needs = NEEDS
    stochastic = False

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        units, votes = read_votes(fold)
        return unit_scores(fold, units, harmful_share(votes))


def harmful_share(votes: Votes, weight: np.ndarray | None = None) -> np.ndarray:
    """Share [items] of the weight [votes] that says harmful, unsure votes counting half; .5 without any weight."""
    weight = np.ones(len(votes.vote)) if weight is None else weight
    said = np.where(votes.vote == UNSURE, 0.5, votes.vote)
    total = votes.per_item(weight)
    return np.divide(votes.per_item(weight * said), total, out=np.full(votes.items, 0.5), where=total > 0)
