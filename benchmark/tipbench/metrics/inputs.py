"""One method's predictions beside the answers: what every metric family is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.part_rows import PartRows
from tipbench.kinds.predictions import check_predictions
from tipbench.metrics.bootstrap import Clusters, resampling_clusters


class ScoredTask(Protocol):
    """What scoring needs to know of a task."""

    @property
    def kind(self) -> PredictionKind: ...
    @property
    def unit(self) -> str: ...
    @property
    def primary(self) -> str: ...
    @property
    def metrics(self) -> tuple[str, ...]: ...
    @property
    def prevalence(self) -> float | None: ...
    @property
    def groups(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class MetricInputs:
    """One method's checked predictions beside the answers, and the clusters that its intervals resample.

    ``open_entry``: whether the predictions are a file that was handed in by an author who could tell the valid part
    from the test. Scores of valid that are made for it could then set any threshold on the test, so none is fixed on
    them.
    """

    task: ScoredTask
    answers: Answers
    predictions: pl.DataFrame
    clusters: Clusters
    open_entry: bool = False

    @property
    def prevalence(self) -> float | None:
        """The share of positives that headline metrics are at; None is the data's own."""
        return self.task.prevalence if self.answers.custom is None else self.answers.custom.prevalence

    @property
    def share(self) -> float | None:
        """The share of positives that headline metrics are at, as a number; None where they are at none."""
        if not self.answers.kind.at_prevalence:
            return None
        if self.prevalence is not None:
            return self.prevalence
        return float(self.weights @ self.positive / self.weights.sum())

    @property
    def primary(self) -> str:
        """The metric that leads: the task's, but where its own data are of a kind that has another."""
        return self.answers.kind.primary or self.task.primary

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that harm is reported for: the task's, or those that a user's own units are of."""
        return self.task.groups if self.answers.custom is None else self.answers.custom.groups

    @cached_property
    def test(self) -> PartRows:
        """Labelled kinds only: ``answers.counted()`` with ``score`` as Float64, or with ``step``."""
        return self.answers.counted("test", self.answers.kind.value(self.predictions))

    @cached_property
    def valid(self) -> PartRows:
        """Scores only: the same for the valid part; may be empty."""
        return self.answers.counted("valid", self.answers.kind.value(self.predictions))

    @property
    def threshold_rows(self) -> PartRows:
        """Scores only: the rows that thresholds are fixed on: valid, and of an open entry the test part itself."""
        return self.test if self.open_entry else self.valid

    @property
    def truth_codes(self) -> NDArray[np.integer]:
        """Clusters only: the true cluster of each unit as a code, -1 where it is unknown; some must be
        known."""
        unknown = self.answers.frame["cluster"].is_null()
        return np.where(unknown.to_numpy(), -1, self.clusters.codes) if unknown.any() else self.clusters.codes

    def with_predictions(self, predictions: pl.DataFrame) -> MetricInputs:
        """Return other predictions beside the same answers; what is known of the answers' rows is not held twice."""
        other = replace(self, predictions=predictions)
        of_answers = {name: value for name, value in vars(self).items() if name in ("positive", "weights")}
        vars(other).update(of_answers)
        return other

    @property
    def known(self) -> bool:
        """Whether there is anything to score: for scores and alarms a test row with a known label, for estimates
        a unit whose truth is known."""
        return self.answers.kind.any_known(self.answers)

    @cached_property
    def positive(self) -> NDArray[np.bool_]:
        """Scores and alarms only: the positive rows of the test part."""
        return self.test["label"].to_numpy() == 1

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Scores and alarms only: the headline weights of the test part."""
        return self.test["weight"].to_numpy()


def inputs_of(
    task: ScoredTask,
    answers: Answers,
    predictions: pl.DataFrame,
    checked: bool = False,
    open_entry: bool = False,
) -> MetricInputs:
    """Return predictions beside the answers, checked unless they were; for the errors see
    :func:`tipbench.evaluation.evaluation.evaluate`."""
    if answers.kind.name not in (task.kind.name, *task.kind.also):
        raise UsageError(
            f"answers: they are of {answers.kind.name} and the task predicts {task.kind.name}; use its own answers"
        )
    if task.prevalence is not None and not 0 < task.prevalence < 1:
        raise UsageError(f"task: prevalence {task.prevalence} is not between 0 and 1; state a share or none")
    found = predictions if checked else check_predictions(answers, predictions)
    if answers.kind.has_parts and "test" not in answers.frame["part"]:
        raise UsageError("answers: no row is of the test part; a split must leave one to score")
    return MetricInputs(task, answers, found, resampling_clusters(answers), open_entry)
