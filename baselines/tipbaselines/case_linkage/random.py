"""Ten rows of every view at random, from the seed: what chance scores.

Needs the keys of the views. Cost: seconds for 2,000 seeds.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_linkage.cases import CaseRegion, rank_views

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class Random:
    """Each seed's rows are drawn again from the method's seed and its region, whatever the order of rows."""

    needs: frozenset[str] = frozenset()
    stochastic = True

    def __init__(self) -> None:
        self._seed = 0

    def fit(self, fold: "Fold", seed: int) -> None:
        self._seed = seed

    def predict(self, fold: "Fold") -> pl.DataFrame:
        generator = np.random.default_rng(self._seed)

        def score(region: CaseRegion) -> dict[str, tuple[pl.Series, np.ndarray]]:
            return {
                view: (region[view][key], generator.random((len(region.seeds), region[view].height)) + 1e-6)
                for view, key in region.views.items()
            }

        return rank_views(fold, score)
