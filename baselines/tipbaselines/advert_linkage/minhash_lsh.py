"""Near-duplicate texts by MinHash and locality-sensitive hashing, each candidate verified, then components.

Broder (1997) for the signatures, which rensa computes; the field's usual way to find re-posts at scale. Untrained;
needs text. Cost: about three seconds for 30,000 adverts on one core.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.advert_text import texts
from tipbaselines.components import cluster_frame
from tipbaselines.frames import to_predict
from tipbaselines.near_duplicates import near_duplicate_groups

if TYPE_CHECKING:
    from tipbench.fold import Fold


class MinHashLSH:
    """``threshold``: least Jaccard similarity of two texts' runs of ``width`` tokens.

    ``permutations`` and ``bands``: length of a signature, and in how many bands it is hashed.
    """

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def __init__(self, threshold: float = 0.5, width: int = 3, permutations: int = 128, bands: int = 32) -> None:
        self._settings = {"threshold": threshold, "width": width, "permutations": permutations, "bands": bands}

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        return cluster_frame(frame[fold.task.unit], near_duplicate_groups(texts(frame), **self._settings))  # type: ignore[arg-type]
