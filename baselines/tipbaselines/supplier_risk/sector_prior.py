"""The rate of exploitation in a firm's sector and tier, smoothed: what a risk table by country and sector does.

The score is (positives + strength * rate of the sector) / (firms + strength) over the training firms of a sector and
tier, the sector's rate likewise smoothed towards that of all (empirical Bayes with a fixed prior strength; Efron and
Morris 1975). Needs the sector; uses the tier where there is one. Cost: none.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict, training_labels
from tipbaselines.supplier_risk.suppliers import OTHERS


@dataclass(eq=False)
class SectorPrior:
    """``strength``: firms that the rate above weighs as much as."""

    strength: float = 50.0
    needs = frozenset({"firms.sector"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        labels = training_labels(fold, "supplier_risk/sector_prior", OTHERS)
        train = labelled_units(fold, "train")
        self._all = prevalence(labels.label)
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
            smoothed = (pl.col("label") + self.strength * pl.col("above")) / (pl.col("len") + self.strength)
            self._rates.append(counted.select(*by, rate=smoothed))

    def predict(self, fold: Fold) -> pl.DataFrame:
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
