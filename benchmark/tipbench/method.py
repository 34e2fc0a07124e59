"""The two contracts of a method: any class of this shape can be run, and is named by ``_target_``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import polars as pl

if TYPE_CHECKING:
    from tipbench.fold import Fold


@runtime_checkable
class Method(Protocol):
    """A method that sees a whole fold at once.

    ``needs``: columns as ``table.column``; they decide on which data and at which access it can run.
    ``stochastic``: whether the seed changes anything; one seed is run where it does not.
    A class attribute ``oracle = True`` marks a method that is shown hidden truth; it is never ranked.
    """

    needs: frozenset[str]
    stochastic: bool

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn from the units and labels of train, tune on valid."""
        ...

    def predict(self, fold: Fold) -> pl.DataFrame:
        """Predictions for :meth:`tipbench.fold.Fold.to_predict` in the columns of the task's kind."""
        ...


@runtime_checkable
class StreamMethod(Protocol):
    """A method that is handed the test one step at a time, batched across units."""

    needs: frozenset[str]
    stochastic: bool

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn from the units and labels of train, tune on valid."""
        ...

    def begin(self, units: pl.DataFrame) -> None:
        """Start over with these units, of which nothing has been seen."""
        ...

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The next row of each unit -> ``[unit, score]``; the harness makes alarms or candidates of it."""
        ...


def is_oracle(method: object) -> bool:
    """Whether a method is marked as one that is shown hidden truth."""
    return bool(getattr(method, "oracle", False))
