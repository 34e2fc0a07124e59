"""The rate of exploitation in a firm's sector and tier, smoothed: what a risk table by country and sector does.

Score: (positives + strength * rate of the sector) / (firms + strength) over the training firms of a sector and tier,
the sector's rate likewise smoothed towards that of all (empirical Bayes with a fixed prior strength; Efron and Morris
1975). Needs the sector; uses the tier where there is one. Cost: none.
"""

from dataclasses import dataclass

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
        labels = training_labels(fold, "supplier_risk/sector_prior", OTHERS).label
        self._train = labelled_units(fold, "train").with_columns(rate=pl.lit(prevalence(labels)))

    def predict(self, fold: Fold) -> pl.DataFrame:
        train, firms = self._train, to_predict(fold).with_columns(rate=self._train["rate"][0])
        levels = [name for name in ("sector", "tier") if name in train.columns]
        rate = (pl.col("label").sum() + self.strength * pl.col("rate").first()) / (pl.len() + self.strength)
        for by in (levels[:depth] for depth in range(1, len(levels) + 1)):
            train = train.with_columns(rate=rate.over(by))
            known = train.select(*by, below="rate").unique()
            firms = firms.join(known, on=by, how="left", nulls_equal=True, maintain_order="left")
            firms = firms.with_columns(rate=pl.coalesce("below", "rate")).drop("below")
        return score_frame(firms[fold.task.unit], firms["rate"].to_numpy())
