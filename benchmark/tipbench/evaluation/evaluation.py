"""From predictions to scores with intervals: the one way in which tipbench scores anything.

Every metric family of the prediction kind (:mod:`tipbench.metrics`) measures the predictions on the test
part; one set of seeded cluster draws (:mod:`tipbench.metrics.bootstrap`) gives all intervals. Where there are too few
clusters a value stands alone with a note; where a value cannot be given, it is None and its note says why.

The upper reference ``oracle`` ranks by the generator's posterior log-odds given the operation's membership and all its
columns; ``single_unit`` ranks by the posterior from one unit's own cues, which a method may pass. The *share of the
oracle* that a method reaches is (score - prior) / (oracle - prior), where prior is what a constant score gets. Each
kind of prediction knows what the ground truth has of it (``PredictionKind.references``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import polars as pl
from pydantic_core import to_jsonable_python
from tipcore.display import html_table
from tipcore.progress import Advance, no_progress

from tipbench.evaluation.comparison import TOO_OFTEN, Draws
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import ScoreOf
from tipbench.metrics import bootstrap
from tipbench.metrics.bootstrap import Floats, Metrics, compute_observed, replicate
from tipbench.metrics.estimation import ESTIMATE
from tipbench.metrics.metric import NO_TRUTH, MetricInputs, MetricValues, make_inputs
from tipbench.metrics.registry import families_of, measure_all, measure_primary
from tipbench.metrics.scores import Estimate, FormRecall, Score
from tipbench.task import Problem


def scoring_like(inputs: MetricInputs) -> ScoreOf:
    """Return a function that measures other predictions of the same units: metric -> value."""

    def score(predictions: pl.DataFrame) -> dict[str, float]:
        reference = inputs.with_predictions(predictions)
        return compute_observed(measure_primary(reference).metrics, inputs.clusters.count)

    return score


def score_oracle(inputs: MetricInputs, value: float | None) -> dict[str, float | None]:
    """Return ``prior``, ``oracle``, ``single_unit`` in the primary metric, and ``share`` for a method with this value.

    Empty where the ground truth does not hold them, or the primary metric has none; ``share`` is None where the value
    is, or where the oracle does no better than the prior. Estimates have ``oracle`` alone: a share would need an
    estimate that knows nothing.
    """

    if not families_of(inputs.answers.kind, [inputs.primary]):
        return {}
    found = inputs.answers.kind.references(inputs.answers, inputs.primary, scoring_like(inputs))
    prior, best = found.get("prior"), found.get("oracle")
    if prior is not None and math.isnan(prior):
        return {}
    scores: dict[str, float | None] = dict(found)
    if prior is not None and best is not None:
        scores["share"] = (value - prior) / (best - prior) if value is not None and best > prior else None
    return scores


NO_ESTIMATE = "no estimate exists"
UNDEFINED = "undefined: nothing to divide by in the test part"


@dataclass(frozen=True, repr=False)
class Evaluation:
    """All scores of one set of predictions, by metric; the primary metric first.

    ``groups``: group -> metric -> value (:mod:`tipbench.metrics.harm`); ``oracle``: :func:`score_oracle`;
    ``curves``: what figures are drawn from; ``warnings``: one sentence each.
    ``primary_draws``: the primary metric under each draw of the clusters, by which methods are
    compared; None where there is no truth.
    ``prevalence``: the share of positives that headline metrics are at, None where they are at none. ``estimates``: of
    a user's own data, what is estimated of each unit, by the name that the user gave it. ``by_form``: recall of each
    form of exploitation (:mod:`tipbench.metrics.metric`).
    """

    scores: dict[str, Score]
    groups: dict[str, dict[str, float | None]] = field(default_factory=dict)
    oracle: dict[str, float | None] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    primary_draws: Draws | None = field(default=None, compare=False, repr=False)
    prevalence: float | None = None
    estimates: dict[str, Estimate] = field(default_factory=dict)
    by_form: dict[str, FormRecall] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join(f"{name} {score}" for name, score in self.scores.items())

    def _repr_html_(self) -> str:
        rows = [(name, *str(score).split(" ", 1)) for name, score in self.scores.items()]
        return html_table("; ".join(self.warnings), ("metric", "value", "95% interval"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the draws, as a document of JSON."""
        names = [one.name for one in fields(self) if one.name != "primary_draws"]
        return to_jsonable_python({name: getattr(self, name) for name in names})

    def record(self) -> dict[str, Any]:
        """Return what a result keeps of any evaluation, by the names of its fields."""
        kept = ("scores", "groups", "by_form", "oracle", "curves", "warnings")
        return {name: getattr(self, name) for name in kept}


def evaluate(
    task: Problem,
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
    predictions of scores, for labelled pairs (:mod:`tipbench.metrics.clustering`), and a task of scores those of
    classes (:mod:`tipbench.metrics.labelsets`), whose accuracy then leads.

    ``replicates`` and ``seed`` are those of the cluster bootstrap; with 0 replicates no interval is given. ``checked``:
    the predictions come from :func:`check_predictions`, and are not checked again. ``open_entry``: they were handed in,
    so that no threshold is fixed on their valid part (:class:`tipbench.metrics.metric.MetricInputs`).
    ``advance`` is called with the number of replicates done since the last call.
    Raises :class:`UsageError` for predictions that are malformed (see :func:`check_predictions`), answers of
    another kind than the task's, and answers without a test part.
    """
    inputs = make_inputs(task, answers, predictions, checked, open_entry)
    if not inputs.known:
        scores = {inputs.primary: Score(value=None, note=NO_TRUTH), **_score_estimate(inputs)}
        warnings = _collect_warnings(inputs, scores)
        return Evaluation(scores, warnings=warnings, estimates=_list_estimates(inputs))
    found = measure_all(inputs)
    values = compute_observed(found.metrics, inputs.clusters.count)
    scores, drawn = _score_all(found, values, inputs.clusters, replicates, seed, advance)
    primary = scores.get(inputs.primary, Score(value=None, note=NO_TRUTH))
    scores = {inputs.primary: primary, **scores, **_score_estimate(inputs)}
    draws = np.empty(0)
    if inputs.clusters.enough and inputs.primary not in found.without_interval:
        draws = drawn.get(inputs.primary, draws)
    made = Evaluation(
        scores=scores,
        groups=found.groups,
        curves=found.curves,
        warnings=_collect_warnings(inputs, scores),
        primary_draws=Draws(values.get(inputs.primary, np.nan), draws, inputs.clusters.count),
        prevalence=inputs.share,
        estimates=_list_estimates(inputs),
        by_form=found.by_form.recalls(drawn) if found.by_form else {},
    )
    del found, drawn  # the rows as this method ranks them need not stay while the reference's are ranked
    return replace(made, oracle=score_oracle(inputs, primary.value))


def primary_score(
    task: Problem,
    answers: Answers,
    predictions: pl.DataFrame,
    *,
    replicates: int = 1000,
    checked: bool = False,
) -> Score:
    """Return the primary metric alone, as :func:`evaluate` scores it, without groups and references."""
    inputs = make_inputs(task, answers, predictions, checked)
    if not inputs.known:
        return Score(value=None, note=NO_TRUTH)
    found = measure_primary(inputs).only([inputs.primary])
    values = compute_observed(found.metrics, inputs.clusters.count)
    scores, _ = _score_all(found, values, inputs.clusters, replicates, seed=0)
    return scores.get(inputs.primary, Score(value=None, note=NO_TRUTH))


def _score_estimate(inputs: MetricInputs) -> dict[str, Score]:
    """Return the estimate itself as a result, where a single unit is estimated."""
    found = inputs.answers.kind.results(inputs.predictions)
    if found is None or found.height != 1:
        return {}
    value, low, high = found.row(0)
    note = None if value is not None else NO_ESTIMATE
    return {ESTIMATE.name: Score.model_construct(value=value, low=low, high=high, note=note)}


def _list_estimates(inputs: MetricInputs) -> dict[str, Estimate]:
    """Return what is estimated of each unit of a user's own data: where no truth is known it is all that there is."""
    answers = inputs.answers
    found = answers.kind.results(inputs.predictions)
    if found is None or answers.custom is None:
        return {}
    names = answers.as_written(answers.frame[answers.unit]).cast(pl.String)
    rows = zip(names, found.iter_rows(), answers.frame["truth"], strict=True)
    return {
        name: Estimate.model_construct(value=value, low=low, high=high, truth=truth)
        for name, (value, low, high), truth in rows
    }


def _score_all(
    measured: MetricValues,
    values: dict[str, float],
    clusters: bootstrap.ResamplingClusters,
    replicates: int,
    seed: int,
    advance: Advance = no_progress,
) -> tuple[dict[str, Score], Metrics]:
    """Return every metric's score and its draws; draws are made once for all, and only where an interval can come
    of them."""
    few = {} if clusters.enough else dict.fromkeys(values, bootstrap.TOO_FEW)
    bare = few | measured.without_interval | measured.withheld
    draws: Metrics = {}

    def measure(drawn: Floats) -> Metrics:
        forms = measured.by_form.metrics(drawn) if measured.by_form else {}
        return measured.metrics(drawn) | forms

    if not values.keys() <= bare.keys():
        draws = replicate(measure, clusters.count, replicates, seed, advance)
    scores = {
        name: _score(value, measured.withheld.get(name), bare.get(name), draws.get(name))
        for name, value in values.items()
    }
    return scores, draws


def _score(value: float, withheld: str | None, bare: str | None, draws: Floats | None) -> Score:
    """Return a score that may be infinite: a result refuses it when it is recorded."""
    if withheld is not None or np.isnan(value):
        return Score(value=None, note=withheld or UNDEFINED)
    if bare is not None or draws is None:
        return Score.model_construct(value=value, note=bare)
    interval = bootstrap.percentile_interval(draws)
    if interval is None:
        return Score.model_construct(value=value, note=TOO_OFTEN)
    return Score.model_construct(value=value, low=interval[0], high=interval[1])


def _collect_warnings(inputs: MetricInputs, scores: dict[str, Score]) -> list[str]:
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
    if answers.kind.labelled and (unknown := answers.frame.filter(part="test")["label"].null_count()):
        warnings.append(f"{unknown:,} test rows have no known label and are not scored")
    reasons: dict[str, list[str]] = {}
    for name, score in scores.items():
        if score.value is None and score.note:
            reasons.setdefault(score.note, []).append(name)
    return warnings + [f"no {', '.join(names)}: {reason}" for reason, names in reasons.items()]
