"""Make predictions of a method: over folds, whole, by batches of regions or step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from tipbench.data.fold import Fold, Prepared
from tipbench.data.releases import REGIONS_AT_ONCE
from tipbench.method import in_batches
from tipbench.runs.cell import Cell
from tipbench.runs.cost import Meter
from tipbench.runs.streamed.forecasts import asked
from tipbench.runs.streamed.predictions import streamed_predictions


def predictions_of(
    method: Any,
    make: Callable[[int], Any],
    prepared: Prepared,
    cell: Cell,
    meter: Meter,
    notes: list[str],
) -> pl.DataFrame:
    """Return predictions pooled over the folds, each by a method that is made again.

    Args:
        method: not fitted; the one of the first fold, which it is fitted on.
        make: makes the others, by the number of their fold.
        prepared: the folds.
        cell: what method and seed are read of.
        meter: told the seconds of ``fit`` and ``predict``.
        notes: what a method notes is added to it.
    """
    pooled = []
    for number, fold in enumerate(prepared.folds):
        one = method if number == 0 else make(number)
        with meter.part("fit"):
            one.fit(fold, cell.seed)
        with meter.part("predict"):
            pooled.append(predicted(one, prepared, number, cell.target))
        notes += [note for note in getattr(one, "notes", ()) if note not in notes]
    return pooled[0] if len(pooled) == 1 else pl.concat(pooled)


def predicted(method: Any, prepared: Prepared, number: int, name: str) -> pl.DataFrame:
    """Return what a fitted method predicts of one fold; ``name`` is what errors call it."""
    fold = prepared.folds[number]
    if not fold.task.stream:
        made = predicted_by_regions(method, fold) if in_batches(method) else method.predict(fold)
        return prepared.back(made)
    made = prepared.back(streamed_predictions(method, fold, prepared.streams[number], name))
    return asked(prepared.answers, made) if fold.task.forecast else made


def predicted_by_regions(method: Any, fold: Fold, most: int = REGIONS_AT_ONCE) -> pl.DataFrame:
    """Return what a fitted method predicts of a fold, asked for so many regions at a time that have something to
    predict."""
    asked = pl.col("part").is_in(list(fold.task.predicted_parts))
    made = [
        method.predict(part)
        for part in fold.by_regions(most)
        if part is fold or part.parts.filter(asked).height
    ]
    return made[0] if len(made) == 1 else pl.concat(made)
