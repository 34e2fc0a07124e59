"""Make a method of its config, and predictions of a method: over folds, whole or step by step."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipcore.errors import UsageError

from tipbench.config.method_class import why_missing
from tipbench.data.prepared import Prepared
from tipbench.method import lacking
from tipbench.runs.cell import Cell
from tipbench.runs.cost import Meter
from tipbench.runs.streamed.forecasts import asked
from tipbench.runs.streamed.predictions import streamed_predictions


def instantiate(method: dict[str, Any]) -> Any:
    """Return a method made as :func:`make` does. Raises UsageError as it does, and where the object is not a method."""
    target, made = method["_target_"], make(method)
    if lacks := lacking(made):
        raise UsageError(
            f"{target} is not a method: it lacks {', '.join(lacks)}; see tipbench.method.Method."
        )
    return made


def make(method: dict[str, Any]) -> Any:
    """Return an object of the class named by ``_target_``, with the other keys as its arguments.

    Raises UsageError where the class cannot be imported or does not take the arguments.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate as hydra_instantiate

    target = method["_target_"]
    try:
        return hydra_instantiate(method, _convert_="all")
    except InstantiationException as error:
        missing = why_missing(target) if "locating target" in str(error) else None
        said = missing or " ".join(str(error.__cause__ or error).split())
        end = "" if said.endswith("?") else "."
        raise UsageError(
            f"baseline.method._target_={target} cannot be made: {said.rstrip('.')}{end}"
        ) from error


def predictions_of(
    method: Any, prepared: Prepared, cell: Cell, meter: Meter, notes: list[str]
) -> pl.DataFrame:
    """Return predictions pooled over the folds, each by a method that is made again.

    Args:
        method: not fitted; the one of the first fold, which it is fitted on.
        prepared: the folds.
        cell: what method and seed are read of.
        meter: told the seconds of ``fit`` and ``predict``.
        notes: what a method notes is added to it.
    """
    pooled = []
    for number, fold in enumerate(prepared.folds):
        one = method if number == 0 else instantiate(cell.config["baseline"]["method"])
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
        return method.predict(fold)
    made = streamed_predictions(method, fold, prepared.streams[number], name)
    return asked(prepared.answers, made) if fold.task.forecast else made
