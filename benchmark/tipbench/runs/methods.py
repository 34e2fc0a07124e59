"""Make the methods of cells: in this process, or each fold's behind a fence of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError
from tipcore.sources import imported_names

from tipbench.config.methods import instantiate, is_shipped, method_class
from tipbench.config.settings import Settings
from tipbench.fence import FILE_BYTES
from tipbench.fence.method import FencedMethod
from tipbench.fence.session import Limits, Session, visible_paths
from tipbench.method import is_oracle
from tipbench.runs.cells import Cell
from tipbench.runs.digests import method_sources, targets_of
from tipbench.runs.folds import SharedFold
from tipbench.runs.results import Fence

LIBRARIES = {
    **dict.fromkeys(("duckdb", "lightgbm", "rustworkx", "scipy", "sklearn", "splink", "statsmodels"), ()),
    "torch": ("torch._dynamo",),
}
"""Loaded once for all fences of a process, where a method that comes with tipbench uses them; with what each of them
loads by itself when it is first used (an optimiser of torch loads its compiler)."""


@dataclass
class Methods:
    """Makes the method of a cell, once per fold, and of further cells that differ in their seed; to be closed.

    Until it is closed, further seeds go on behind the same fences, so that what no seed changes is made once. Where
    rows are handed over step by step it is closed after each cell: a fence that saw them knows how each unit goes on.

    ``limits``: of the fence; None makes methods in this process, as an oracle always is: it is shown hidden truth,
    which no fold holds, and is marked and never ranked. ``place``: a folder of further packages, which are found behind
    the fence before this environment's.
    """

    cell: Cell
    shared: SharedFold
    limits: Limits | None
    place: str = ""
    _fenced: dict[int, FencedMethod] = field(default_factory=dict)

    def __post_init__(self) -> None:
        target = self.cell.target
        if self.limits is not None and is_shipped(target) and is_oracle(method_class(target)):
            self.limits = None

    @property
    def fence(self) -> Fence | None:
        """What the fence kept the method from; None where it had none."""
        return None if self.limits is None else Fence(files=True, network=True, memory=True, processes=True)

    def make(self, fold: int = 0) -> Any:
        """Return a new method for a fold, by its number. Raises UsageError as :func:`fenced_method` does."""
        config = self.cell.config["baseline"]["method"]
        if self.limits is None:
            return instantiate(config)
        if fold in self._fenced:
            self._fenced[fold] = self._fenced[fold].again()
        else:
            folder, hidden = self.shared.folder(fold), [self.cell.runs]
            size = FILE_BYTES[(self.cell.config["release"] or {"size": "xl"})["size"]]
            made = fenced_method(config, folder, self.limits, hidden, self.place, size)
            self._fenced[fold] = made
        return self._fenced[fold]

    def cost(self) -> tuple[float, int]:
        """Return the CPU seconds that fences took so far, and the most bytes that one of them had over its start."""
        costs = [one.cost() for one in self._fenced.values()]
        return sum(cpu for cpu, _ in costs), max((peak for _, peak in costs), default=0)

    def close(self) -> None:
        """End all fences."""
        while self._fenced:
            self._fenced.popitem()[1].close()


def limits_of(settings: Settings) -> Limits | None:
    """Return the limits of the fence that settings ask for; None where they ask for none."""
    return Limits(**settings.limits.model_dump()) if settings.fence == "on" else None


def fenced_method(
    config: dict[str, Any],
    folder: Path,
    limits: Limits,
    hidden: Sequence[Path] = (),
    place: str = "",
    size: int = FILE_BYTES["full"],
) -> FencedMethod:
    """Return a method behind a fence of its own; to be closed.

    ``config``: ``_target_`` and its parameters. ``folder``: for the files of its fold. ``hidden``: folders that it must
    not see although they are within what it sees. ``place``: as of :class:`Methods`. ``size``: the most bytes of its
    predictions. Raises UsageError for what is not a method, an oracle, and where no fence can be built.
    """
    target = str(config["_target_"])
    sight = visible_paths(targets_of(config), method_sources(config).values(), list(hidden), place)
    preload = _libraries(config) if is_shipped(target) else []
    session = Session(sight, folder, limits, preload)
    try:
        made = FencedMethod(session, folder, config, size)
    except BaseException:  # an interruption too: the fence would go on until its time limit
        session.close()
        raise
    if made.oracle:
        made.close()
        raise UsageError(f"{target} is an oracle, and a fence holds no hidden truth: set fence=off.")
    return made


def _libraries(config: dict[str, Any]) -> list[str]:
    """Return what a shipped method imports of libraries that are slow to import and start no thread when they are."""
    found = {name for name in imported_names(method_sources(config)) if name.partition(".")[0] in LIBRARIES}
    return sorted(found.union(*(LIBRARIES[name.partition(".")[0]] for name in found)))
