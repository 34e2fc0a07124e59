"""Alarms ``[unit, step]``: an Int32 or Int64 step, counted from 1, for every unit; null where there is no alarm.

The ground truth is ``[unit, part, label, onset, cluster, weight]``: onset Int32 the step (counted from 1) at which a
positive becomes evident, null wherever the label is not 1; and, where known, ``length`` Int32 (how many steps the
unit's stream has) and the harm columns of scores.
"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.custom_truth import CustomTruth
from tipbench.kinds.labelled import LabelledKind
from tipbench.kinds.refusals import PredictionsRefused

LENGTH = "length"
"""Column of the ground truth that says how many steps a unit has."""

STEPS = (pl.Int32, pl.Int64)
"""Types of a step."""


class Alarms(LabelledKind):
    """The step of an alarm, or none, per unit."""

    name = "alarms"
    title = "an alarm, or none, per unit"
    rows = "for every unit of test; an empty step is not an alarm"
    truth_columns = ("part", "label", "onset", "cluster", "weight")
    custom_fields = ("onset", "group")

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, "step"

    def check_types(self, predictions: pl.DataFrame) -> None:
        if predictions.schema["step"] not in STEPS:
            raise PredictionsRefused(f"step is {predictions.schema['step']}; make it Int32 or Int64")

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
        if onset.dtype not in STEPS:
            raise UsageError(f"answers: onset is {onset.dtype}; make it Int32, the step counted from 1")
        if early := int((onset < 1).sum()):
            raise UsageError(f"answers: {early:,} onsets are before step 1; count steps from 1")
        positive = (answers.frame["label"] == 1).fill_null(False)
        bare = int((positive & onset.is_null()).sum())
        extra = int((~positive & onset.is_not_null()).sum())
        if bare or extra:
            raise UsageError(
                f"answers: {bare:,} positives have no onset and {extra:,} others have one; "
                "give an onset to the positives only"
            )

    def check_custom(self, task: str, own: CustomTruth) -> None:
        super().check_custom(task, own)
        if own.onset is None and own.label is not None:
            raise UsageError(
                f"data={own.name} says which units are positive, and not from which step on: map data.onset."
            )

    def custom_columns(self) -> tuple[str, ...]:
        return "label", "onset"


ALARMS = Alarms()
