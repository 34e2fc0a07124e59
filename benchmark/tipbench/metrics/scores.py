"""A score, the recall of a form and an estimate: the same classes wherever they are computed, stored and shown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Part of a file of JSON. Checked when it is written and read: no further keys, and finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, revalidate_instances="always")


class Score(Record):
    """A metric's value with its 95% interval; null where there is none, and then note says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    def __str__(self) -> str:
        """Return the value and its interval, or why there is none."""
        value = "-" if self.value is None else f"{self.value:.4g}"
        if self.low is None or self.high is None:
            return f"{value} ({self.note or 'no interval'})"
        return f"{value} [{self.low:.4g}; {self.high:.4g}]"


class FormRecall(Score):
    """Recall of a form's positives; without an interval where it has fewer than 20 operations."""

    operations: int = Field(description="with a positive unit in the test part")


class Estimate(Record):
    """An estimate of one unit with its 95% interval; null where there is none or the truth is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None
    truth: float | None = None
