"""Candidates ``[query, candidate, score]``: at most ten per query, never the query itself.

The ground truth is ``[unit, cluster]``, the gallery, and ``weight`` where units do not all count alike. Queries are the
units whose cluster has two members or more.
"""

from __future__ import annotations

import polars as pl

from tipbench.kinds.answers import Answers
from tipbench.kinds.linked import LinkedKind
from tipbench.kinds.lists import ListsKind, ordered_lists
from tipbench.kinds.refusals import PredictionsRefused, first


class Candidates(ListsKind, LinkedKind):
    """Ranked candidates per query, from a gallery that holds the queries too."""

    name = "candidates"
    title = "ranked candidates per query"
    rows = "ten at most for each query of test"
    truth_columns = ("cluster",)

    def counted(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return pl.col("cluster").is_not_null() & (pl.len().over("cluster") >= 2)

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        gallery = answers.frame[answers.unit]
        for name in ("query", "candidate"):
            unknown = predictions.filter(~pl.col(name).is_in(gallery.implode()))[name].unique(
                maintain_order=True
            )
            if len(unknown):
                raise PredictionsRefused(
                    f"{len(unknown):,} of {predictions[name].n_unique():,} {name} keys are not among "
                    f"the {gallery.len():,} of {answers.unit} in the gallery ({first(answers, unknown)}); "
                    "use those only"
                )
        own = predictions.filter(pl.col("query") == pl.col("candidate"))
        if own.height:
            raise PredictionsRefused(
                f"{own.height:,} of {predictions.height:,} rows name the query as its own candidate "
                f"({first(answers, own['query'])}); leave it out"
            )
        return ordered_lists(answers, predictions)

    def custom_truth(self, unit: str, rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
        return rows.select(unit, "cluster")


CANDIDATES = Candidates()
