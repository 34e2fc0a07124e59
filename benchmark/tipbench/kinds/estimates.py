"""Estimates ``[unit, estimate, lower, upper]``: Float64 numbers for every unit, with a 95% interval.

All three are null where no estimate exists, lower and upper where it has no interval; counts are above zero. The ground
truth is ``[unit, quantity, truth, cluster, weight]``: quantity String (:data:`QUANTITIES`), truth Float64 (null where
unknown), cluster Int64 the region; where known, ``oracle_estimate`` Float64 and ``group``.
"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import CustomTruth, PredictionKind, ScoreOf
from tipbench.kinds.refusals import PredictionsRefused, find_out_of_range, refuse_truth, show_keys

ESTIMATE_COLUMNS = ("estimate", "lower", "upper")
"""The columns of an estimate."""

QUANTITIES = ("count", "log_effect", "share", "level")
"""What may be estimated: how many people, the logarithm of a ratio, a share, a difference in the data's own units."""

FEWEST_REGIONS = 8
ORACLE = "oracle_estimate"


class EstimatesKind(PredictionKind):
    """An estimate with its interval per unit."""

    name = "estimates"
    title = "an estimate with its interval per unit"
    rows = "for every unit of test; empty where there is no estimate"
    truth_columns = ("quantity", "truth", "cluster", "weight")
    fewest_clusters = FEWEST_REGIONS
    largest = 1e15
    partly_known = True
    custom_field = "truth"
    custom_fields = ("truth",)

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, *ESTIMATE_COLUMNS

    def is_number(self, column: str) -> bool:
        return column in ESTIMATE_COLUMNS

    def check_values(self, answers: Answers, predictions: pl.DataFrame) -> None:
        super().check_values(answers, predictions.drop(ESTIMATE_COLUMNS))
        for name in ESTIMATE_COLUMNS:
            faults = find_out_of_range(predictions[name], self.largest)
            self.refuse_values(answers, predictions, name, faults, "leave null where there is none")

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        aligned = super().check_rows(answers, predictions)
        estimate, lower, upper = (pl.col(name) for name in ESTIMATE_COLUMNS)
        count = answers.frame["quantity"] == "count"
        faults = {
            "have one end of an interval only": lower.is_null() != upper.is_null(),
            "have an interval and no estimate": estimate.is_null() & lower.is_not_null(),
            "lie outside their own interval": (estimate < lower) | (estimate > upper),
            "are counts that are not positive": pl.lit(count) & ((estimate <= 0) | (lower <= 0)),
        }
        for what, mask in faults.items():
            wrong = aligned.filter(mask.fill_null(False))[answers.unit]
            if len(wrong):
                raise PredictionsRefused(
                    f"{len(wrong):,} of {aligned.height:,} estimates {what} (first at {show_keys(answers, wrong)}); "
                    "give estimate, lower and upper, or null in all where no estimate exists"
                )
        return aligned

    def check_truth(self, answers: Answers) -> None:
        quantity, truth = answers.frame["quantity"], answers.frame["truth"]
        unknown = quantity.filter(~quantity.is_in(QUANTITIES))
        if len(unknown):
            raise UsageError(f"answers: {unknown[0]!r} is not a quantity; use {', '.join(QUANTITIES)}")
        finite = truth.dtype == pl.Float64 and truth.is_finite().all()
        refuse_truth(not finite, "truth must be finite Float64, null where it is not known")
        none = int(((quantity == "count") & (truth <= 0)).fill_null(False).sum())
        refuse_truth(none, f"{none:,} true counts are not positive; leave such units out")

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return pl.col("truth").is_not_null()

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        """Return the oracle alone: a share would need an estimate that knows nothing."""
        if ORACLE not in answers.frame.columns:
            return {}
        none = pl.lit(None, dtype=pl.Float64)
        exact = answers.frame.select(answers.unit, estimate=ORACLE, lower=none, upper=none)
        return {"oracle": score(exact)[primary]}

    def warnings(self, answers: Answers, predictions: pl.DataFrame) -> list[str]:
        lacking = predictions.filter(pl.col("estimate").is_null())[answers.unit]
        if not len(lacking):
            return []
        return [
            f"no estimate for {len(lacking):,} of {predictions.height:,} units "
            f"(first: {show_keys(answers, lacking)}); each is counted as a failure"
        ]

    def results(self, predictions: pl.DataFrame) -> pl.DataFrame | None:
        return predictions.select(ESTIMATE_COLUMNS)

    def check_custom(self, task: str, own: CustomTruth) -> None:
        super().check_custom(task, own)
        if own.label is not None:
            raise UsageError(f"data.label of data={own.name} is not a number: map data.truth for {task}.")

    def select_training_labels(self, unit: str, able: pl.DataFrame) -> pl.DataFrame:
        return able.select(unit, "part", _truth(able).alias("label")).drop_nulls("label")

    def custom_truth(self, unit: str, rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
        weight = pl.lit(1.0).alias("weight")
        return rows.select(unit, _truth(rows).alias("truth"), "cluster", weight, quantity=pl.lit(quantity))


def _truth(units: pl.DataFrame) -> pl.Expr:
    return pl.col("truth") if "truth" in units.columns else pl.lit(None, dtype=pl.Float64)


ESTIMATES = EstimatesKind()
