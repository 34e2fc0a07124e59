"""Several labels a unit and urgency: from a fold's labels to binary targets, one model each, and back to predictions.

*Binary relevance*: every label is learnt on its own (Tsoumakas and Katakis 2007). Urgency, levels 0 to 2, is two such
targets, "1 or more" and "2"; their probabilities add up to the expected level (Frank and Hall 2001).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tipbaselines.frames import prevalence

LABEL, SCORE, URGENCY = "label_", "score_", "urgency"
LEVELS = (1, 2)

Target = tuple[np.ndarray, np.ndarray]
"""Rows whose label is known, and these labels: int64 and 0/1 arrays of equal length."""


def targets(frame: pl.DataFrame) -> dict[str, Target]:
    """Return the binary targets of a labelled frame by name: labels first, then ``urgency>=1`` and ``urgency>=2``."""
    found: dict[str, Target] = {}
    for column in frame.columns:
        if column.startswith(LABEL):
            found[column.removeprefix(LABEL)] = _target(frame[column])
    if URGENCY in frame.columns:
        found |= {f"{URGENCY}>={level}": _target(frame[URGENCY] >= level) for level in LEVELS}
    return found


def _target(values: pl.Series) -> Target:
    known = values.is_not_null().to_numpy()
    return np.flatnonzero(known), values.drop_nulls().cast(pl.Int64).to_numpy()


def inputs(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without its labels."""
    return frame.select(c for c in frame.columns if not c.startswith(LABEL) and c != URGENCY)


def labelset_frame(units: pl.Series, scores: dict[str, np.ndarray]) -> pl.DataFrame:
    """Return predictions [unit, score_<label> ..., score_urgency where it was learnt] of targets' probabilities."""
    columns = {f"{SCORE}{n}": s for n, s in scores.items() if not n.startswith(f"{URGENCY}>=")}
    levels = [s for n, s in scores.items() if n.startswith(f"{URGENCY}>=")]
    if levels:
        columns[f"{SCORE}{URGENCY}"] = np.sum(levels, axis=0)
    return pl.DataFrame({units.name: units, **{n: np.asarray(s, np.float64) for n, s in columns.items()}})


Model = Callable[[Any], np.ndarray]
"""Features -> probabilities."""
Classifier = Callable[[str, np.ndarray, np.ndarray], Model]
"""(target, its rows, their 0/1 labels with both classes) -> a fitted model."""


@dataclass(frozen=True)
class OneEach:
    """One fitted model a target; the training prevalence where a target had one class only."""

    models: dict[str, Model]
    priors: dict[str, float]

    @classmethod
    def fit(cls, of: dict[str, Target], classifier: Classifier) -> "OneEach":
        models = {n: classifier(n, rows, y) for n, (rows, y) in of.items() if 0 < y.sum() < len(y)}
        return cls(models, {n: prevalence(y) for n, (_, y) in of.items()})

    def scores(self, features: Any, rows: int) -> dict[str, np.ndarray]:
        """Return probabilities by target, float64 (rows,)."""
        return {
            name: self.models[name](features) if name in self.models else np.full(rows, prior)
            for name, prior in self.priors.items()
        }
