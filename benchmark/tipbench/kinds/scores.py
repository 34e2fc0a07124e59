"""Scores ``[unit, score]``: a Float32 or Float64 score for every unit of the ground truth.

The ground truth is ``[unit, part, label, cluster, weight]``: part "valid" or "test", label Int8 0 or 1 (null on a
user's own data where it is not known), cluster Int64, weight Float64 (the headline weight); and, where known, ``group``
(trafficking, business, independent, spam, or kinds of the task's own), ``migrant``, ``small``, ``seasonal`` (Boolean
marks), ``form``, ``sex``, ``language`` (null where not applicable), ``oracle_log_odds`` and ``unit_log_odds``
(milli-nats), ``slot`` Int64 (units that share one budget), ``fold``.
"""

from __future__ import annotations

import polars as pl

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import ScoreOf
from tipbench.kinds.labelled import LabelledKind

REFERENCES = {"oracle": "oracle_log_odds", "single_unit": "unit_log_odds"}
"""Reference -> the column of the ground truth that ranks for it."""


class Scores(LabelledKind):
    """A score per unit, higher for the likelier positive."""

    name = "scores"
    title = "a score per unit"
    rows = "for every unit of valid and test"
    predicted_parts = ("valid", "test")
    truth_columns = ("part", "label", "cluster", "weight")
    at_prevalence = True
    also = ("classes",)
    custom_fields = ("group", "prevalence")

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, "score"

    def value(self, predictions: pl.DataFrame) -> pl.Series:
        return predictions["score"]

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        rows = answers.counted()
        known = {
            name: column
            for name, column in REFERENCES.items()
            if column in rows.columns and not rows[column].null_count()
        }
        if not known:
            return {}
        constant = answers.frame.select(answers.unit, pl.lit(0.0).alias("score"))
        found = {"prior": score(constant)[primary]}
        for name, column in known.items():
            values = score(answers.frame.select(answers.unit, pl.col(column).cast(pl.Float64).alias("score")))
            found[name] = values[primary]
            if "auroc" in values:
                found[f"{name}_auroc"] = values["auroc"]
        return found

    def custom_columns(self) -> tuple[str, ...]:
        return ("label",)


SCORES = Scores()
