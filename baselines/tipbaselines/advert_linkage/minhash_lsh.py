"""Adverts with near-duplicate text have one operator: MinHash, locality-sensitive hashing, verified, components.

Broder (1997); Leskovec, Rajaraman and Ullman, chapter 3; signatures by rensa. Every candidate pair is verified by its
exact Jaccard similarity before it joins two adverts, so chance collisions form no giant component. Needs the text.
Cost: three seconds for 30,000 adverts.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import to_predict
from tipbaselines.linkage import cluster_frame, near_duplicate_groups
from tipbaselines.text import texts

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class MinHashLSH:
    """``jaccard``: least similarity of sets of ``width``-token shingles; ``permutations``, ``bands``: the search."""

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False
    batches = "regions"

    def __init__(
        self, jaccard: float = 0.5, width: int = 3, permutations: int = 128, bands: int = 32
    ) -> None:
        self._jaccard, self._width, self._permutations, self._bands = jaccard, width, permutations, bands

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        group = near_duplicate_groups(
            texts(frame), self._jaccard, self._width, self._permutations, self._bands
        )
        return cluster_frame(frame[fold.task.unit], group)
