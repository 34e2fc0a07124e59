"""Connected components of shared contacts: what much of the literature takes for the truth.

Used as labels by IDTraffickers (Saxena et al. 2023), Nagpal et al. (2017) and Li, Simek et al. (2018). It over-merges
where numbers are recycled or shared, and over-splits where contacts change. Untrained; needs contacts. Cost: linear,
well under a second for 30,000 adverts.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.components import cluster_frame, components, contact_edges
from tipbaselines.frames import to_predict

if TYPE_CHECKING:
    from tipbench.fold import Fold


class PhoneComponents:
    """``limit``: a contact on more adverts than this links nobody (null: every contact links)."""

    needs: frozenset[str] = frozenset({"adverts.contacts"})
    stochastic = False

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        label = components(frame.height, contact_edges(frame["contacts"], self._limit))
        return cluster_frame(frame[fold.task.unit], label)
