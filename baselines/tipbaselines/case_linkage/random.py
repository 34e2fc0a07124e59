"""Ten rows of every view at random, from the seed: what chance scores.

Needs the keys of the views. Cost: seconds for 2,000 seeds.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.case_linkage.cases import CaseRegion, Scores, rank_views
from tipbaselines.frames import Seeded


class Random(Seeded):
    """Rows are drawn by the method's seed, region by region."""

    needs = frozenset[str]()

    def predict(self, fold: Fold) -> pl.DataFrame:
        generator = np.random.default_rng(self.seed)

        def score(region: CaseRegion) -> Scores:
            return {
                view: (region[view][key], generator.random((len(region.seeds), region[view].height)) + 1e-6)
                for view, key in region.views.items()
            }

        return rank_views(fold, score)
