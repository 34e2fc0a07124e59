"""The rate of exploitation in a firm's sector and tier, smoothed: what a risk table by country and sector does.

The score is (positives + strength * rate of the sector) / (firms + strength) over the training firms of a sector and
tier, the sector's rate likewise smoothed towards that of all (empirical Bayes with a fixed prior strength; Efron and
Morris 1975). Needs the sector; uses the tier where there is one. Cost: none.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict
from tipbaselines.supplier_risk.suppliers import check_labels

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class SectorPrior:
    """``strength``: firms that the rate above weighs as much as."""

    needs: frozenset[str] = frozenset({"firms.sector"})
    stochastic = False

    def __init__(self, strength: float = 50.0) -> None:
        self._strength = strength

    def fit(self, fold: "Fold", seed: int) -> None:
        train = labelled_units(fold, "train")
        check_labels(train, "supplier_risk/sector_prior")
        self._all = prevalence(train["label"].to_numpy())
        self._levels = [column for column in ("sector", "tier") if column in train.columns]
        self._rates = []
        for depth in range(1, len(self._levels) + 1):
            by = self._levels[:depth]
            above = self._rate(train)
            counted = (
                train.with_columns(above=above)
                .group_by(by)
                .agg(pl.len(), pl.col("label").sum(), pl.col("above").first())
            )
            smoothed = (pl.col("label") + self._strength * pl.col("above")) / (pl.col("len") + self._strength)
            self._rates.append(counted.select(*by, rate=smoothed))

    def predict(self, fold: "Fold") -> pl.DataFrame:
        firms = to_predict(fold)
        return score_frame(firms[fold.task.unit], self._rate(firms).to_numpy())

    def _rate(self, firms: pl.DataFrame) -> pl.Series:
        """Return the rate of the deepest level known so far for each firm."""
        found = pl.Series(np.full(firms.height, self._all))
        for depth, rates in enumerate(self._rates, 1):
            by = self._levels[:depth]
            known = firms.select(by).join(rates, on=by, how="left", nulls_equal=True, maintain_order="left")[
                "rate"
            ]
            found = known.zip_with(known.is_not_null(), found)
        return found
