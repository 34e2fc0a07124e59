"""Clusters ``[unit, cluster]``: an Int64 or String cluster for every unit.

The ground truth is ``[unit, cluster, weight]``: the true cluster (null where unknown) and, where known, ``proxy``, and
``stands_for`` where one operation stands for more or fewer than one.
"""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.refusals import refuse


class LinkedKind(PredictionKind):
    """A kind whose truth is which units belong together."""

    linked: ClassVar[bool] = True
    custom_field: ClassVar[str] = "cluster"

    def select_training_labels(self, unit: str, able: pl.DataFrame) -> pl.DataFrame:
        return able.select(unit, "part", pl.col("cluster").alias("label")).drop_nulls("label")


class ClustersKind(LinkedKind):
    """A cluster per unit. A task of clusters may also be scored on labelled pairs, with a score per pair."""

    name = "clusters"
    title = "a cluster per unit"
    rows = "for every unit of test"
    truth_columns = ("cluster", "weight")
    also = ("scores",)
    takes_pairs = True

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, "cluster"

    def check_types(self, predictions: pl.DataFrame) -> None:
        given = predictions.schema["cluster"]
        refuse(given not in (pl.Int64, pl.String), f"cluster is {given}; make it Int64 or String")

    def comparable(self, unit: str, predictions: pl.DataFrame) -> pl.DataFrame:
        """Name each cluster by its smallest unit: clusters are the same where they hold the same units."""
        return predictions.with_columns(pl.col(unit).min().over("cluster").alias("cluster"))

    def custom_truth(self, unit: str, rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
        return rows.select(unit, "cluster", pl.lit(1.0).alias("weight"))


CLUSTERS = ClustersKind()
