"""From a fold to the frames and labels that a method learns from, and from scores to the frame that it returns."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

MINUTES_A_DAY = 1440
MILLI_NATS = 1000.0  # Hidden log-odds are integers of this part of a nat
LABEL, SCORE = "label_", "score_"  # First letters of the columns of several labels, and of their scores


FEW_LEVELS = 40  # a column of text with more distinct values than this is not a category


class Untrained:
    """Base of methods that learn nothing from a fold."""

    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn nothing."""


class Seeded:
    """Base of methods that learn nothing from a fold but draw by a seed."""

    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        """Keep the seed."""
        self.seed = seed


class LabelledUnits(NamedTuple):
    """Units with a label, and their labels (0 or 1, int64)."""

    units: pl.Series
    label: np.ndarray

    @property
    def both(self) -> bool:
        """Whether there are positives and negatives."""
        return bool(len(self.label)) and 0 < int(self.label.sum()) < len(self.label)

    def thin(self, times: int) -> tuple["LabelledUnits", np.ndarray]:
        """Return every positive and one negative of ``times``, and how many units each stands for. No seed decides
        which: it is every ``times``-th."""
        kept = (self.label == 1) | (np.arange(len(self.label)) % times == 0)
        label = self.label[kept]
        return LabelledUnits(self.units.filter(kept), label), np.where(label == 1, 1.0, times)


def labels_of(fold: Fold, part: str) -> LabelledUnits:
    """Return the labelled units of train or valid."""
    frame = fold.labels(part).collect()
    return LabelledUnits(frame[fold.task.unit], frame["label"].cast(int).to_numpy())


def training_labels(fold: Fold, method: str, others: str) -> LabelledUnits:
    """Return the labelled units of train. Raises UsageError, naming ``others`` to choose, where there are none."""
    labels = labels_of(fold, "train")
    if not len(labels.label):
        raise UsageError(
            f"{method} learns from labels and this fold gives none to fit: "
            f"choose a split with a train part, or {others}."
        )
    return labels


def labelled_units(fold: Fold, part: str) -> pl.DataFrame:
    """Return units of a part that have a label, with their visible columns and ``label``, sorted by unit."""
    unit = fold.task.unit
    return fold.units(part).join(fold.labels(part), on=unit, how="inner").sort(unit).collect()


def to_predict(fold: Fold) -> pl.DataFrame:
    """Return every unit that the task wants predicted, with its visible columns, sorted by unit."""
    return fold.to_predict().sort(fold.task.unit).collect()


def score_frame(units: pl.Series, scores: np.ndarray) -> pl.DataFrame:
    """Return predictions [unit, score] with the scores as Float64."""
    return pl.DataFrame({units.name: units, "score": pl.Series(np.asarray(scores), dtype=pl.Float64)})


class LogOddsOracle(Untrained):
    """Base of references that are shown the log-odds of each unit, integer milli-nats in a column ``log_odds``."""

    oracle = True
    log_odds = "log_odds"

    def table(self, fold: Fold) -> pl.LazyFrame:
        """Return ``[unit, log_odds, ...]``: the table of units, if a subclass has no other."""
        return fold.tables[fold.task.table]

    def predict(self, fold: Fold) -> pl.DataFrame:
        unit = fold.task.unit
        odds = self.table(fold).select(unit, self.log_odds)
        frame = fold.to_predict().select(unit).join(odds, on=unit, how="left").sort(unit).collect()
        log_odds = frame[self.log_odds].cast(pl.Float64).to_numpy() / MILLI_NATS
        return score_frame(frame[unit], sigmoid(log_odds))


def few_levels(values: pl.Series) -> list[Any]:
    """Return the distinct values of a categorical column, sorted; none of one with more than :data:`FEW_LEVELS`."""
    levels = values.drop_nulls().unique().sort().to_list()
    return levels if len(levels) <= FEW_LEVELS else []


def level_columns(name: str, levels: Sequence[Any]) -> list[pl.Expr]:
    """Return whether a column has each of these values, Float32 named ``<name> <level>``; 0 for null."""
    equal = ((level, pl.col(name) == level) for level in levels)
    return [one.fill_null(False).cast(pl.Float32).alias(f"{name} {level}") for level, one in equal]


def shares(weights: np.ndarray) -> np.ndarray:
    """Return weights [...] over their sum along the last axis."""
    return weights / weights.sum(axis=-1, keepdims=True)


def prevalence(labels: np.ndarray) -> float:
    """Return share of positives, with one pseudo-observation a class so that it is never 0 or 1 (Laplace)."""
    return float((labels.sum() + 1) / (len(labels) + 2))


def logit(scores: np.ndarray) -> np.ndarray:
    """Return log-odds of probabilities, clipped to 1e-6 from either end."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(clipped) - np.log1p(-clipped)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities of log-odds in nats, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))
