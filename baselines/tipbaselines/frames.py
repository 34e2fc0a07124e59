"""From a fold to the frames that a method learns from, and from scores to the frame it hands back."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MINUTES_A_DAY = 1440
LABEL, SCORE = "label_", "score_"
"""First letters of the columns of several labels, and of their scores."""


def labelled_units(fold: "Fold", part: str) -> pl.DataFrame:
    """Return units of a part that have a label, with their visible columns and ``label``, sorted by unit."""
    unit = fold.task.unit
    return fold.units(part).join(fold.labels(part), on=unit, how="inner").sort(unit).collect()


def to_predict(fold: "Fold") -> pl.DataFrame:
    """Return every unit that the task wants predicted, with its visible columns, sorted by unit."""
    return fold.to_predict().sort(fold.task.unit).collect()


def score_frame(units: pl.Series, scores: np.ndarray) -> pl.DataFrame:
    """Return predictions [unit, score] with the scores as Float64."""
    return pl.DataFrame({units.name: units, "score": pl.Series(np.asarray(scores), dtype=pl.Float64)})


def prevalence(labels: np.ndarray) -> float:
    """Return share of positives, with one pseudo-observation a class so that it is never 0 or 1 (Laplace)."""
    return float((labels.sum() + 1) / (len(labels) + 2))


def logit(scores: np.ndarray) -> np.ndarray:
    """Return log-odds of probabilities, clipped to 1e-6 from either end."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(clipped) - np.log1p(-clipped)


def softmax(logarithms: np.ndarray) -> np.ndarray:
    """Return probabilities [rows, classes] of unnormalised log-probabilities, without overflow; rows add up to 1."""
    shifted = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities of log-odds in nats, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))
