"""Prepare a fold once for all cells that use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tipbench.data.access import check_needs
from tipbench.data.custom.config import OwnData, own_data
from tipbench.data.custom.folds import check_own
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.runs.cell import Cell, data_name
from tipbench.tasks import task_of


@dataclass
class SharedFold:
    """The fold of cells with one key, prepared when first asked for and then kept."""

    cell: Cell
    _kept: dict[bool, Prepared] = field(default_factory=dict)

    def prepared(self, needs: frozenset[str], oracle: bool) -> Prepared:
        """Return the fold, after a check that this method may see what it needs.

        Raises UsageError as ``prepare`` does.
        """
        if oracle not in self._kept:
            self._kept[oracle] = prepare_cell(self.cell.config, needs, oracle)
        else:
            self._check(needs, oracle)
        return self._kept[oracle]

    def folder(self, fold: int) -> Path:
        """Return the folder for the files of a fold, by its number; it is there as long as this object."""
        place = Path(self._folders.name, str(fold))
        place.mkdir(exist_ok=True)
        return place

    @cached_property
    def _folders(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(prefix="tipbench-fence-")

    def _check(self, needs: frozenset[str], oracle: bool) -> None:
        task = task_of(self.cell.task)
        if self.own is None:
            check_needs(task, needs, self._kept[oracle].access, oracle)
        else:
            check_own(task, self.own, self.cell.config["labels"], needs, oracle)

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
    )
