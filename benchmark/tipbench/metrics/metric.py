"""Define what a metric is, and what a family of metrics computes from one method's predictions.

A family turns :class:`MetricInputs`, the predictions beside the answers, into :class:`MetricValues`: a function of
cluster multiplicities. On ones it gives the values, on the draws of a bootstrap the replicates, so value and interval
always follow one definition.

Recall of each form of exploitation (:class:`ByForm`) is computed beside the metrics. It is the headline-weighted share
of the positives of one form that is found: at the 1% budget of :mod:`tipbench.metrics.ranking` for scores, by a timely
alarm for alarms, and for links the R-precision of the seeds. Each form with a positive is reported under its own name,
however rare; a form with fewer than 20 positive clusters has no interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PartRows, PredictionKind
from tipbench.kinds.refusals import check_predictions
from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    Floats,
    GroupShares,
    Mask,
    MetricFunction,
    Metrics,
    ResamplingClusters,
    find_resampling_clusters,
    percentile_interval,
)
from tipbench.metrics.scores import FormRecall
from tipbench.task import Problem

FORM = "form"
FORM_KEY = "form="
"""How the name of a form's recall begins among the metrics of a bootstrap."""


class ByForm:
    """Recall of each form.

    ``form`` [rows]; ``positive`` [rows]: which count; ``weights`` [rows]; ``found`` [rows]: how much of each is found,
    a share or whether it is.
    """

    def __init__(
        self, clusters: ResamplingClusters, form: pl.Series, positive: Mask, weights: Floats, found: NDArray
    ) -> None:
        rows = {str(value): find_equal(form, value) & positive for value in form.drop_nulls().unique().sort()}
        there = {name: mask for name, mask in rows.items() if mask.any()}
        self._shares = GroupShares(clusters, weights, there, found)

    def metrics(self, drawn: Floats) -> Metrics:
        """Return recall of each form, [replicates], under the multiplicities [replicates, clusters]."""
        return {f"{FORM_KEY}{form}": recall for form, recall in self._shares.under(drawn).items()}

    def recalls(self, draws: Mapping[str, Floats]) -> dict[str, FormRecall]:
        """Return recall of each form, with the interval of its draws where it has enough clusters."""
        made = {}
        for form, operations in self._shares.clusters.items():
            value, drawn = self._shares.observed[form], draws.get(f"{FORM_KEY}{form}")
            enough = operations >= FEWEST_CLUSTERS
            interval = percentile_interval(drawn) if drawn is not None and enough else None
            low, high = interval or (None, None)
            made[form] = FormRecall.model_construct(
                value=value, low=low, high=high, note=None if interval else TOO_FEW, operations=operations
            )
        return made


@dataclass(frozen=True)
class MetricInputs:
    """One method's checked predictions beside the answers, and the clusters that its intervals resample.

    ``open_entry``: whether the predictions are a file that was handed in by an author who could tell the valid part
    from the test. Scores of valid that are made for it could then set any threshold on the test, so none is fixed on
    them.
    """

    task: Problem
    answers: Answers
    predictions: pl.DataFrame
    clusters: ResamplingClusters
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
        """Labelled kinds only: ``answers.counted_rows()`` with ``score`` as Float64, or with ``step``."""
        return self.answers.counted_rows("test", self.answers.kind.value(self.predictions))

    @cached_property
    def valid(self) -> PartRows:
        """Scores only: the same for the valid part; may be empty."""
        return self.answers.counted_rows("valid", self.answers.kind.value(self.predictions))

    @property
    def score(self) -> Floats:
        """Scores only: those of the test part, [rows]."""
        return self.test["score"].to_numpy()

    def with_predictions(self, predictions: pl.DataFrame) -> MetricInputs:
        """Return other predictions beside the same answers, which share the arrays of the answers' rows."""
        other = replace(self, predictions=predictions)
        vars(other).update({name: vars(self)[name] for name in ("positive", "weights") if name in vars(self)})
        return other

    @property
    def known(self) -> bool:
        """Whether there is anything to score: for scores and alarms a test row with a known label, for estimates
        a unit whose truth is known."""
        return self.answers.kind.any_known(self.answers)

    @cached_property
    def positive(self) -> Mask:
        """Scores and alarms only: the positive rows of the test part."""
        return self.test["label"].to_numpy() == 1

    @cached_property
    def weights(self) -> Floats:
        """Scores and alarms only: the headline weights of the test part."""
        return self.test["weight"].to_numpy()


def make_inputs(
    task: Problem,
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
    return MetricInputs(task, answers, found, find_resampling_clusters(answers), open_entry)


NO_TRUTH = "no truth"
NO_POSITIVE = "no positive in the test part"
NOT_PROBABILITIES = "scores outside [0, 1]"

Groups = dict[str, dict[str, float | None]]
"""Group -> metric -> value."""


@dataclass(frozen=True)
class Metric:
    """One metric: all that evaluation, board, host bundles and docs need to know of it.

    ``name``: its key in results. ``title``: in words, as a figure's axis names it. ``lower_is_better``: whether less
    is better. ``unit``: what its values are counted in, "" for a share or an index. ``needs``: columns of the ground
    truth without which it says nothing, so that it is not reported at all. ``beside``: whether tables show it beside
    the primary metric. ``heading``: of a column of its values, where the title is too long; ``short``: its name where
    there is no room for it. ``says``: what it is, where the title does not say enough; :attr:`about` is the sentence.
    """

    name: str
    title: str
    lower_is_better: bool = False
    unit: str = ""
    needs: frozenset[str] = frozenset()
    beside: bool = False
    heading: str = ""
    short: str = ""
    says: str = ""

    @property
    def about(self) -> str:
        """The meaning of the metric and which direction is better, in a sentence."""
        text = self.says or self.title
        return f"{text[0].upper()}{text[1:]}; {'lower' if self.lower_is_better else 'higher'} is better."


@dataclass(frozen=True, kw_only=True)
class MetricValues:
    """A family's metrics on one method's inputs. ``metrics``: multiplicities [replicates, clusters] -> name ->
    [replicates].

    ``by_form``: recall of each form of exploitation, where the answers know forms.
    ``withheld``: metric -> why it has no value. ``without_interval``: metric -> why it has a value without interval.
    """

    metrics: MetricFunction
    withheld: dict[str, str] = field(default_factory=dict)
    without_interval: dict[str, str] = field(default_factory=dict)
    groups: Groups = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    by_form: ByForm | None = None

    def only(self, names: Collection[str]) -> MetricValues:
        """Return the same with these metrics alone; groups, curves and recall by form stay."""
        return replace(
            self,
            metrics=lambda drawn: {n: value for n, value in self.metrics(drawn).items() if n in names},
            withheld={n: note for n, note in self.withheld.items() if n in names},
            without_interval={n: note for n, note in self.without_interval.items() if n in names},
        )


@dataclass(frozen=True)
class Family:
    """A family of metrics: its name, the kind of prediction that it scores, what it computes, and how."""

    name: str
    kind: PredictionKind
    metrics: tuple[Metric, ...]
    measure: Callable[[MetricInputs], MetricValues]


def combine(parts: Iterable[MetricValues]) -> MetricValues:
    """Return several families as one, so that they share the draws of a bootstrap."""
    parts = list(parts)
    groups: Groups = {}
    for part in parts:
        for name, values in part.groups.items():
            groups.setdefault(name, {}).update(values)
    return MetricValues(
        metrics=lambda drawn: {name: value for part in parts for name, value in part.metrics(drawn).items()},
        withheld={name: note for part in parts for name, note in part.withheld.items()},
        without_interval={name: note for part in parts for name, note in part.without_interval.items()},
        groups=groups,
        curves={name: curve for part in parts for name, curve in part.curves.items()},
        by_form=next((part.by_form for part in parts if part.by_form is not None), None),
    )


def withhold_all(names: Iterable[str], reason: str) -> MetricValues:
    """Return the values of a family that has none, with the reason."""
    names = tuple(names)
    return MetricValues(metrics=undefined_metrics(*names), withheld=dict.fromkeys(names, reason))


def find_equal(column: pl.Series, value: object) -> Mask:
    """Return which values of a column are this one, [rows]; null is not."""
    return (column == value).fill_null(False).to_numpy()


def undefined_metrics(*names: str) -> MetricFunction:
    """Return the metrics function of a family that cannot say anything: NaN for each name."""
    return lambda drawn: {name: np.full(len(drawn), np.nan) for name in names}


ACCURACY = Metric("accuracy", "accuracy")
PRECISION = Metric("precision", "precision")
RECALL = Metric("recall", "recall")
F1 = Metric("f1", "F1")
