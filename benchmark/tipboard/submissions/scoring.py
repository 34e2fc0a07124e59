"""The scores of one file of a submission, or a word in their place where the truth is sealed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import Evaluation, check_predictions
from tipbench.metrics.scores import Score
from tipbench.runs.cost import Meter
from tipbench.runs.scoring import evaluate_prepared
from tipbench.task import Task

from tipboard.submissions.truth import SubmissionTruth

SEALED = "sealed: scored at close"
"""In the place of a score whose truth is not known yet."""


@dataclass(frozen=True)
class ScoredPredictions:
    """Scores and the wall seconds that they took."""

    evaluation: Evaluation
    seconds: float | None = None


def scored_predictions(
    truth: SubmissionTruth, task: Task, prepared: Prepared, predictions: pl.DataFrame, replicates: int
) -> ScoredPredictions:
    """Return scores, without a library's remarks about numbers that are too large for it; of a sealed round the keys
    only are checked."""
    if not truth.scored:
        check_predictions(prepared.answers_to(predictions), predictions)
        return ScoredPredictions(Evaluation({task.primary: Score(value=None, note=SEALED)}))
    meter = Meter()
    with meter.part("score"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = evaluate_prepared(task, prepared, predictions, replicates, open_entry=True)
    return ScoredPredictions(found, meter.wall("score"))
