"""From predictions to scores with intervals: the one way in which tipbench scores anything.

Every metric family of the prediction kind (:mod:`tipbench.metrics`) measures the predictions on the test
part; one set of seeded cluster draws (:mod:`tipbench.metrics.bootstrap`) gives all intervals. Where there are too few
clusters a value stands alone and says so; where a value cannot be given, it is None and says why.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.display import html_table
from tipcore.progress import Advance, no_progress

from tipbench.evaluation.comparison import Comparison, Draws, compare
from tipbench.evaluation.oracle import oracle_scores
from tipbench.kinds.answers import Answers
from tipbench.kinds.predictions import check_predictions
from tipbench.metrics.bootstrap import (
    TOO_FEW,
    Clusters,
    Metrics,
    observed,
    percentile_interval,
    replicate,
)
from tipbench.metrics.by_form import FormRecall
from tipbench.metrics.estimation import ESTIMATE
from tipbench.metrics.inputs import MetricInputs, ScoredTask, inputs_of
from tipbench.metrics.metric import NO_TRUTH, MetricValues
from tipbench.metrics.registry import measured, primary_measured

__all__ = [
    "Answers",
    "Comparison",
    "Evaluation",
    "Score",
    "check_predictions",
    "compare",
    "evaluate",
]

NO_ESTIMATE = "no estimate exists"
UNDEFINED = "undefined: nothing to divide by in the test part"


@dataclass(frozen=True)
class Score:
    """A metric's value with its 95% interval; None where there is none, and then ``note`` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    def __str__(self) -> str:
        """Return the value and its interval, or why there is none."""
        value = "-" if self.value is None else f"{self.value:.4g}"
        bare = self.low is None or self.high is None
        return (
            f"{value} ({self.note or 'no interval'})"
            if bare
            else f"{value} [{self.low:.4g}; {self.high:.4g}]"
        )


@dataclass(frozen=True)
class Estimated:
    """What is estimated of one unit, with its 95% interval; None where there is none or the truth is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None
    truth: float | None = None


@dataclass(frozen=True, repr=False)
class Evaluation:
    """All scores of one set of predictions, by metric; the primary metric first.

    ``groups``: group -> metric -> value (:mod:`tipbench.metrics.harm`); ``oracle``: :mod:`tipbench.evaluation.oracle`;
    ``curves``: what figures are drawn from; ``warnings``: one sentence each.
    ``primary_draws``: the primary metric under each draw of the clusters, by which methods are
    compared; None where there is no truth.
    ``prevalence``: the share of positives that headline metrics are at, None where they are at none. ``estimates``: of
    a user's own data, what is estimated of each unit, by the name that the user gave it. ``by_form``: recall of each
    form of exploitation (:mod:`tipbench.metrics.by_form`).
    """

    scores: dict[str, Score]
    groups: dict[str, dict[str, float | None]] = field(default_factory=dict)
    oracle: dict[str, float | None] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    primary_draws: Draws | None = field(default=None, compare=False, repr=False)
    prevalence: float | None = None
    estimates: dict[str, Estimated] = field(default_factory=dict)
    by_form: dict[str, FormRecall] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join(f"{name} {score}" for name, score in self.scores.items())

    def _repr_html_(self) -> str:
        rows = [(name, *str(score).split(" ", 1)) for name, score in self.scores.items()]
        return html_table("; ".join(self.warnings), ("metric", "value", "95% interval"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the draws, as a document of JSON."""
        document = asdict(replace(self, primary_draws=None))
        del document["primary_draws"]
        return document


def evaluate(
    task: ScoredTask,
    answers: Answers,
    predictions: pl.DataFrame,
    *,
    replicates: int = 1000,
    seed: int = 0,
    checked: bool = False,
    open_entry: bool = False,
    advance: Advance = no_progress,
) -> Evaluation:
    """Score predictions on the test part of the answers.

    The primary metric is always there: None where own data lack its truth. A task of clusters also takes answers and
    predictions of scores, for labelled pairs (:mod:`tipbench.metrics.scored_pairs`), and a task of scores those of
    classes (:mod:`tipbench.metrics.classes`), whose accuracy then leads.

    ``replicates`` and ``seed`` are those of the cluster bootstrap; with 0 replicates no interval is given. ``checked``:
    the predictions come from :func:`check_predictions`, and are not checked again. ``open_entry``: they were handed in,
    so that no threshold is fixed on their valid part (:class:`tipbench.metrics.inputs.MetricInputs`).
    ``advance`` is told how many more replicates are done.
    Raises :class:`UsageError` for predictions that are malformed (see :func:`check_predictions`), answers of
    another kind than the task's, and answers without a test part.
    """
    inputs = inputs_of(task, answers, predictions, checked, open_entry)
    if not inputs.known:
        scores = {inputs.primary: Score(None, note=NO_TRUTH), **_estimate(inputs)}
        return Evaluation(scores, warnings=_warnings(inputs, scores), estimates=_estimates(inputs))
    found = measured(inputs)
    values = observed(found.metrics, inputs.clusters.count)
    scores, drawn = _scores(found, values, inputs.clusters, replicates, seed, advance)
    primary = scores.get(inputs.primary, Score(None, note=NO_TRUTH))
    scores = {inputs.primary: primary, **scores, **_estimate(inputs)}
    made = Evaluation(
        scores=scores,
        groups=found.groups,
        curves=found.curves,
        warnings=_warnings(inputs, scores),
        primary_draws=_primary_draws(inputs, found, values, drawn),
        prevalence=inputs.share,
        estimates=_estimates(inputs),
        by_form=found.by_form.recalls(drawn) if found.by_form else {},
    )
    del found, drawn  # the rows as this method ranks them need not stay while the reference's are ranked
    return replace(made, oracle=oracle_scores(inputs, primary.value))


def primary_score(
    task: ScoredTask,
    answers: Answers,
    predictions: pl.DataFrame,
    *,
    replicates: int = 1000,
    checked: bool = False,
) -> Score:
    """Return the primary metric alone, as :func:`evaluate` scores it, without groups and references."""
    inputs = inputs_of(task, answers, predictions, checked)
    if not inputs.known:
        return Score(None, note=NO_TRUTH)
    found = primary_measured(inputs).only([inputs.primary])
    scores, _ = _scores(
        found, observed(found.metrics, inputs.clusters.count), inputs.clusters, replicates, seed=0
    )
    return scores.get(inputs.primary, Score(None, note=NO_TRUTH))


def _estimate(inputs: MetricInputs) -> dict[str, Score]:
    """Return the estimate itself as a result, where a single unit is estimated."""
    found = inputs.answers.kind.results(inputs.predictions)
    if found is None or found.height != 1:
        return {}
    value, low, high = found.row(0)
    return {ESTIMATE.name: Score(value, low, high, note=None if value is not None else NO_ESTIMATE)}


def _estimates(inputs: MetricInputs) -> dict[str, Estimated]:
    """Return what is estimated of each unit of a user's own data: where no truth is known it is all that there is."""
    answers = inputs.answers
    found = answers.kind.results(inputs.predictions)
    if found is None or answers.custom is None:
        return {}
    names = answers.as_written(answers.frame[answers.unit]).cast(pl.String)
    rows = zip(names, found.iter_rows(), answers.frame["truth"], strict=True)
    return {name: Estimated(*values, truth=truth) for name, values, truth in rows}


def _primary_draws(
    inputs: MetricInputs, found: MetricValues, values: dict[str, float], drawn: Metrics
) -> Draws:
    """Return the draws of the primary metric; none where it has no interval for want of clusters."""
    primary = inputs.primary
    value = values.get(primary, np.nan)
    kept = inputs.clusters.enough and primary not in found.without_interval
    return Draws(value, drawn.get(primary, np.empty(0)) if kept else np.empty(0), inputs.clusters.count)


def _scores(
    measured: MetricValues,
    values: dict[str, float],
    clusters: Clusters,
    replicates: int,
    seed: int,
    advance: Advance = no_progress,
) -> tuple[dict[str, Score], Metrics]:
    """Return every metric's score and its draws; draws are made once for all, and only where an interval can come
    of them."""
    bare = {name: _without_interval(measured, clusters, name) for name in values}
    draws: Metrics = {}
    if None in bare.values():
        draws = replicate(partial(_with_forms, measured), clusters.count, replicates, seed, advance)
    scores = {
        name: _score(value, measured.withheld.get(name), bare[name], draws.get(name))
        for name, value in values.items()
    }
    return scores, draws


def _with_forms(measured: MetricValues, drawn: NDArray[np.float64]) -> Metrics:
    """Return all metrics and the recall of each form, so that they share the draws."""
    forms = measured.by_form.metrics(drawn) if measured.by_form else {}
    return measured.metrics(drawn) | forms


def _without_interval(measured: MetricValues, clusters: Clusters, name: str) -> str | None:
    """Return why this metric has no interval; None where it has one."""
    for reasons in (measured.withheld, measured.without_interval):
        if name in reasons:
            return reasons[name]
    return None if clusters.enough else TOO_FEW


def _score(value: float, withheld: str | None, bare: str | None, draws: NDArray[np.float64] | None) -> Score:
    if withheld is not None or np.isnan(value):
        return Score(None, note=withheld or UNDEFINED)
    if bare is not None or draws is None:
        return Score(value, note=bare)
    interval = percentile_interval(draws)
    return (
        Score(value, *interval)
        if interval
        else Score(value, note="undefined in too many bootstrap replicates")
    )


def _unlabelled(answers: Answers) -> int:
    """Return how many test rows have no known label."""
    return int(answers.frame.select((pl.col("part") == "test") & pl.col("label").is_null()).to_series().sum())


def _warnings(inputs: MetricInputs, scores: dict[str, Score]) -> list[str]:
    answers, clusters = inputs.answers, inputs.clusters
    warnings = answers.kind.warnings(answers, inputs.predictions)
    if not clusters.enough and clusters.count:
        counted = (
            f"{clusters.positive} clusters with a positive and {clusters.negative} with a negative"
            if answers.kind.labelled
            else f"{clusters.positive} clusters"
        )
        warnings.append(
            f"no interval: the test part has only {counted}, and {clusters.fewest} are needed; "
            f"{'use a larger release' if answers.custom is None else 'score more data'}"
        )
    if answers.kind.labelled and (unknown := _unlabelled(answers)):
        warnings.append(f"{unknown:,} test rows have no known label and are not scored")
    reasons: dict[str, list[str]] = {}
    for name, score in scores.items():
        if score.value is None and score.note:
            reasons.setdefault(score.note, []).append(name)
    return warnings + [f"no {', '.join(names)}: {reason}" for reason, names in reasons.items()]
