"""The upper reference: what the generator's own posterior scores on the same units.

``oracle`` ranks by the posterior log-odds given the operation's membership and all its columns,
``single_unit`` by the posterior from one unit's own cues, which a method may pass. The *share of the oracle*
that a method reaches is (score - prior) / (oracle - prior), where prior is what a constant score gets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.predictions import MOST_CANDIDATES
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.case import Case
from tipbench.metrics.estimation import errors
from tipbench.metrics.forecast import CONSTANT, PRIMARY, mean_over_queries
from tipbench.metrics.labelset import MACRO, label_rankings, macro_mean
from tipbench.metrics.ranking import ranking

RANK = "oracle_reciprocal_rank"
COLUMNS = {"oracle": "oracle_log_odds", "single_unit": "unit_log_odds"}


def oracle_scores(case: Case, value: float | None) -> dict[str, float | None]:
    """Of the task's primary metric, a ranking metric: ``prior``, ``oracle``, ``single_unit``, and ``share``
    for a method that scored ``value``; beside them ``oracle_auroc`` and ``single_unit_auroc``.

    Labelsets have ``prior``, ``oracle`` and ``share`` from columns ``oracle_log_odds_<label>``, forecasts from
    ``oracle_reciprocal_rank``, that of the right candidate by its true distribution. Empty where the answers hold
    no complete log-odds or ranks, or the primary is none of these metrics; ``share`` is None where the value is, or
    where the oracle does no better than the prior. Estimates have ``oracle`` alone, the primary metric of the
    column ``oracle_estimate``: a share would need an estimate that knows nothing.
    """
    if case.answers.kind == "estimates":
        return _of_estimates(case)
    if case.answers.kind == "labelsets":
        return _of_labelsets(case, value)
    if case.answers.kind == "forecasts":
        return _of_forecasts(case, value)
    primary, count = case.task.primary, case.clusters.count
    known = [
        name
        for name, column in COLUMNS.items()
        if column in case.test.columns and not case.test[column].null_count()
    ]
    prior = _of(case, np.zeros(case.test.height), count).get(primary) if known else None
    if prior is None:
        return {}
    scores: dict[str, float | None] = {"prior": prior}
    for name in known:
        metrics = _of(case, case.test[COLUMNS[name]].to_numpy(), count)
        scores[name] = metrics[primary]
        scores[f"{name}_auroc"] = metrics["auroc"]
    best = scores.get("oracle")
    if best is not None:
        scores["share"] = _share(value, prior, best)
    return scores


def _share(value: float | None, prior: float, best: float) -> float | None:
    return (value - prior) / (best - prior) if value is not None and best > prior else None


def _of_labelsets(case: Case, value: float | None) -> dict[str, float | None]:
    """``prior``, ``oracle`` and ``share`` of macro average precision, where every label has its log-odds."""
    odds = {name: f"{COLUMNS['oracle']}_{name}" for name in case.answers.label_names}
    test = case.answers.scored()
    if case.task.primary != MACRO or any(
        c not in test.columns or test[c].null_count() for c in odds.values()
    ):
        return {}
    alike = label_rankings(case, {name: np.zeros(test.height) for name in odds})
    exact = label_rankings(case, {name: test[column].to_numpy() for name, column in odds.items()})
    prior, best = (observed(macro_mean(r), case.clusters.count)[MACRO] for r in (alike, exact))
    if np.isnan(prior):
        return {}
    return {"prior": prior, "oracle": best, "share": _share(value, prior, best)}


def _of_forecasts(case: Case, value: float | None) -> dict[str, float | None]:
    """``prior``, ``oracle`` and ``share`` of the mean reciprocal rank, where every query's true one is known."""
    queries = case.answers.scored()
    if case.task.primary != PRIMARY or RANK not in queries.columns or queries[RANK].null_count():
        return {}
    among = queries.join(
        case.answers.candidates.group_by("region").len("among"), on="region", maintain_order="left"
    )
    prior = mean_over_queries(queries, CONSTANT / np.maximum(among["among"].to_numpy(), MOST_CANDIDATES))
    best = mean_over_queries(queries, queries[RANK].to_numpy())
    return {"prior": prior, "oracle": best, "share": _share(value, prior, best)}


def _of_estimates(case: Case) -> dict[str, float | None]:
    rows = case.answers.scored()
    if "oracle_estimate" not in rows.columns:
        return {}
    values = observed(errors(case, rows["oracle_estimate"]), case.clusters.count)
    return {"oracle": values.get(case.task.primary)}


def _of(case: Case, scores: NDArray, count: int) -> dict[str, float]:
    """The defined ranking metrics of these scores."""
    values = observed(ranking(case, scores), count)
    return {name: value for name, value in values.items() if not np.isnan(value)}
