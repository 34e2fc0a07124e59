"""Scores and alarms: predictions for units that are positive, negative or unknown, in parts.

**Scores** ``[unit, score]``: a Float32 or Float64 score for every unit of the ground truth. The ground truth is
``[unit, part, label, cluster, weight]``: part "valid" or "test", label Int8 0 or 1 (null on a user's own data where it
is unknown), cluster Int64, weight Float64 (the headline weight). Where known, it also has ``group`` (trafficking,
business, independent, spam, or kinds of the task's own), ``migrant``, ``terse``, ``small``, ``seasonal`` (Boolean
marks), ``form``, ``sex``, ``language`` (null where not applicable), ``oracle_log_odds`` and ``unit_log_odds``
(milli-nats), ``slot`` Int64 (units that share one budget) and ``fold``.

**Alarms** ``[unit, step]``: an Int32 or Int64 step, counted from 1, for every unit; null where there is no alarm. The
ground truth is ``[unit, part, label, onset, cluster, weight]``: onset Int32, the step at which a positive becomes
evident, null wherever the label is not 1. Where known, it also has ``length`` Int32 (the number of steps of the unit's
stream) and the harm columns of scores.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import CustomTruth, PartRows, PredictionKind, ScoreOf, count_distinct
from tipbench.kinds.refusals import refuse, refuse_truth


class LabelledKind(PredictionKind):
    """A kind whose units have a label, 0, 1 or null where it is not known."""

    labelled = partly_known = True
    has_parts = True

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return (pl.col("part") == part) & pl.col("label").is_not_null()

    def cluster_counts(self, rows: PartRows, codes: NDArray[np.integer]) -> tuple[int, int]:
        positive, count = rows["label"].to_numpy() == 1, int(codes.max(initial=-1)) + 1
        return count_distinct(codes[positive], count), count_distinct(codes[~positive], count)


REFERENCES = {"oracle": "oracle_log_odds", "single_unit": "unit_log_odds"}
"""Reference -> the column of the ground truth that ranks for it."""


class ScoresKind(LabelledKind):
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
        rows = answers.counted_rows()
        there = {name: column for name, column in REFERENCES.items() if column in rows.columns}
        known = {name: column for name, column in there.items() if not rows[column].null_count()}
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


SCORES = ScoresKind()


LENGTH = "length"
"""Column of the ground truth that says how many steps a unit has."""

STEPS = (pl.Int32, pl.Int64)
"""Types of a step."""


class AlarmsKind(LabelledKind):
    """The step of an alarm, or none, per unit."""

    name = "alarms"
    title = "an alarm, or none, per unit"
    rows = "for every unit of test; an empty step is not an alarm"
    truth_columns = ("part", "label", "onset", "cluster", "weight")
    custom_fields = ("onset", "group")

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, "step"

    def check_types(self, predictions: pl.DataFrame) -> None:
        given = predictions.schema["step"]
        refuse(given not in STEPS, f"step is {given}; make it Int32 or Int64")

    def check_values(self, answers: Answers, predictions: pl.DataFrame) -> None:
        super().check_values(answers, predictions.drop("step"))
        early = (predictions["step"] < 1).fill_null(False)
        instead = "count steps from 1, and leave null where there is no alarm"
        self.refuse_values(answers, predictions, "step", {"below 1": early}, instead)

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        """Refuse alarms after the last step of a unit as well: there was nothing left to be alarmed by."""
        aligned = super().check_rows(answers, predictions)
        if LENGTH in answers.frame.columns:
            late = (aligned["step"] > answers.frame[LENGTH]).fill_null(False)
            longest = answers.frame.filter(late)[LENGTH].max()
            instead = f"their streams have {longest} steps at most"
            self.refuse_values(answers, aligned, "step", {"after the end of their stream": late}, instead)
        return aligned

    def value(self, predictions: pl.DataFrame) -> pl.Series:
        return predictions["step"]

    def check_truth(self, answers: Answers) -> None:
        onset = answers.frame["onset"]
        refuse_truth(
            onset.dtype not in STEPS, f"onset is {onset.dtype}; make it Int32, the step counted from 1"
        )
        early = int((onset < 1).sum())
        refuse_truth(early, f"{early:,} onsets are before step 1; count steps from 1")
        positive = (answers.frame["label"] == 1).fill_null(False)
        bare = int((positive & onset.is_null()).sum())
        extra = int((~positive & onset.is_not_null()).sum())
        said = f"{bare:,} positives have no onset and {extra:,} others have one"
        refuse_truth(bare or extra, f"{said}; give an onset to the positives only")

    def check_custom(self, task: str, own: CustomTruth) -> None:
        super().check_custom(task, own)
        if own.onset is None and own.label is not None:
            raise UsageError(
                f"data={own.name} says which units are positive, and not from which step on: map data.onset."
            )

    def custom_columns(self) -> tuple[str, ...]:
        return "label", "onset"


ALARMS = AlarmsKind()
