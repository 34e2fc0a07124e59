"""Prepare a fold once for all cells that use it, and predict it: whole, by batches of regions or step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tipbench.data.access import check_needs
from tipbench.data.custom.config import OwnData, own_data
from tipbench.data.custom.folds import check_own
from tipbench.data.fold import Fold, Prepared
from tipbench.data.further_worlds import FOLD_ALONE
from tipbench.data.relabelling import relabel
from tipbench.data.releases import REGIONS_AT_ONCE
from tipbench.loading import prepare
from tipbench.method import works_in_batches
from tipbench.runs.cells import Cell, data_name
from tipbench.runs.cost import Meter
from tipbench.runs.streams import streamed_predictions
from tipbench.tasks import task_of


@dataclass
class SharedFold:
    """The fold of cells with one key, prepared when first asked for and then kept.

    ``ids``: 32 bytes from which the ids that methods see follow; None leaves those of the data. An oracle sees these
    always.
    """

    cell: Cell
    _kept: dict[bool, Prepared] = field(default_factory=dict)
    ids: bytes | None = None

    def prepared(self, needs: frozenset[str], oracle: bool) -> Prepared:
        """Return the fold, after a check that this method may see what it needs.

        Raises UsageError as ``prepare`` does.
        """
        if oracle not in self._kept:
            made = prepare_cell(self.cell.config, needs, oracle)
            self._kept[oracle] = made if self.ids is None or oracle else relabel(made, self.ids)
        elif self.own is None:
            check_needs(task_of(self.cell.task), needs, self._kept[oracle].access, oracle)
        else:
            check_own(task_of(self.cell.task), self.own, self.cell.config["labels"], needs, oracle)
        return self._kept[oracle]

    def copy_with(self, change: Callable[[Prepared], Prepared]) -> SharedFold:
        """Return the same with what ``change`` makes of the fold; for methods that are shown no hidden truth."""
        return replace(self, _kept={False: change(self.prepared(frozenset(), False))})

    def folder(self, fold: int) -> Path:
        """Return the folder for the files of a fold, by its number; it is there as long as this object."""
        place = Path(self._folders.name, str(fold))
        place.mkdir(exist_ok=True)
        return place

    @cached_property
    def _folders(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(prefix="tipbench-fence-")

    @cached_property
    def own(self) -> OwnData | None:
        return None if self.cell.config["data"] is None else own_data(self.cell.config["data"])


def prepare_cell(
    config: dict[str, Any], needs: frozenset[str] = frozenset(), oracle: bool = False
) -> Prepared:
    """Return the folds and answers that a cell's config asks for."""
    return prepare(
        task_of(config["task"]),
        release=None if config["release"] is None else data_name(config),
        own=config["data"],
        split=config["split"],
        labels=config["labels"],
        access=config["access"],
        needs=needs,
        oracle=oracle,
        train=config.get("train", FOLD_ALONE),
    )


def fit_and_predict(
    method: Any, make: Callable[[int], Any], prepared: Prepared, cell: Cell, meter: Meter, notes: list[str]
) -> pl.DataFrame:
    """Return predictions pooled over the folds, each by a new method.

    ``method``: that of the first fold, not fitted; ``make`` makes the others by the number of their fold. ``meter``
    records the seconds of ``fit`` and ``predict``; what a method notes is added to ``notes``.
    """
    pooled = []
    for number, fold in enumerate(prepared.folds):
        one = method if number == 0 else make(number)
        with meter.part("fit"):
            one.fit(fold, cell.seed)
        with meter.part("predict"):
            pooled.append(predict_fold(one, prepared, number, cell.target))
        notes += [note for note in getattr(one, "notes", ()) if note not in notes]
    return pooled[0] if len(pooled) == 1 else pl.concat(pooled)


def predict_fold(method: Any, prepared: Prepared, number: int, name: str) -> pl.DataFrame:
    """Return the predictions of a fitted method for one fold; ``name`` is what errors call it."""
    fold = prepared.folds[number]
    if not fold.task.stream:
        made = predict_by_regions(method, fold) if works_in_batches(method) else method.predict(fold)
        return prepared.back(made)
    made = prepared.back(streamed_predictions(method, fold, prepared.streams[number], name))
    return prepared.answers.keep_answered(made) if fold.task.forecast else made


def predict_by_regions(method: Any, fold: Fold, most: int = REGIONS_AT_ONCE) -> pl.DataFrame:
    """Return the predictions of a fitted method, asked for so many regions at a time as have something to predict."""
    asked = pl.col("part").is_in(list(fold.task.predicted_parts))
    made = [
        method.predict(part)
        for part in fold.by_regions(most)
        if part is fold or part.parts.filter(asked).height
    ]
    return made[0] if len(made) == 1 else pl.concat(made)
