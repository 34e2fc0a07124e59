"""Define what clusters and candidates share: the truth of a user's own data is the cluster of each unit."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from tipbench.kinds.custom_truth import CustomTruth
from tipbench.kinds.kind import PredictionKind


class LinkedKind(PredictionKind):
    """A kind whose truth is which units belong together."""

    linked: ClassVar[bool] = True
    custom_field: ClassVar[str] = "cluster"

    def has_custom_truth(self, own: CustomTruth) -> bool:
        return own.cluster is not None

    def learnt(self, unit: str, able: pl.DataFrame) -> pl.DataFrame:
        return able.select(unit, "part", pl.col("cluster").alias("label")).drop_nulls("label")
