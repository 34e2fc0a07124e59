"""Score the upper reference: what the generator's own posterior scores on the same units.

``oracle`` ranks by the posterior log-odds given the operation's membership and all its columns,
``single_unit`` by the posterior from one unit's own cues, which a method may pass. The *share of the oracle*
that a method reaches is (score - prior) / (oracle - prior), where prior is what a constant score gets.
Each kind of prediction knows what the ground truth holds of it (``PredictionKind.references``).
"""

from __future__ import annotations

import math

import polars as pl

from tipbench.metrics.bootstrap import observed
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.registry import families_of, primary_measured


def oracle_scores(inputs: MetricInputs, value: float | None) -> dict[str, float | None]:
    """Return ``prior``, ``oracle``, ``single_unit`` in the primary metric, and ``share`` for a method with this value.

    Empty where the ground truth does not hold them, or the primary metric has none; ``share`` is None where the value
    is, or where the oracle does no better than the prior. Estimates have ``oracle`` alone: a share would need an
    estimate that knows nothing.
    """

    def score(predictions: pl.DataFrame) -> dict[str, float]:
        reference = inputs.with_predictions(predictions)
        return observed(primary_measured(reference).metrics, inputs.clusters.count)

    if not families_of(inputs.answers.kind, [inputs.primary]):
        return {}
    found = inputs.answers.kind.references(inputs.answers, inputs.primary, score)
    prior, best = found.get("prior"), found.get("oracle")
    if prior is not None and math.isnan(prior):
        return {}
    scores: dict[str, float | None] = dict(found)
    if prior is not None and best is not None:
        scores["share"] = (value - prior) / (best - prior) if value is not None and best > prior else None
    return scores
