"""Run a method on a small fold, as often as its promises have to be looked at; each run of one kind is made once."""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.release import Release

from tipbench.data.fold import Fold, Prepared, StepStream
from tipbench.data.further_worlds import FOLD_ALONE
from tipbench.data.releases import Regions
from tipbench.loading import prepare
from tipbench.method import is_oracle
from tipbench.runs.streams import streamed_predictions
from tipbench.task import Task

REGIONS = 2
"""How many regions of the release a trial sees."""


class Broken(Exception):
    """A promise is broken. The message is one sentence: what, where, what to do."""


@dataclass(frozen=True)
class TrialRun:
    """One fit and predict of ``method``.

    ``given``: what it predicted, None where it did not come so far. ``written``: what it wrote to its fold, one
    sentence each. ``refused``: what was wrong with the answer to a step, or ''.
    """

    method: Any
    given: pl.DataFrame | None
    written: tuple[str, ...] = ()
    refused: str = ""

    @property
    def predictions(self) -> pl.DataFrame:
        """What was predicted. Raises Broken where that is not a frame."""
        if self.refused:
            raise Broken(self.refused)
        if not isinstance(self.given, pl.DataFrame):
            raise Broken(f"it predicts a {type(self.given).__name__}: return a polars DataFrame.")
        return self.given


@dataclass(frozen=True)
class Trial:
    """A method under trial.

    ``name``: what sentences call it; ``make``: a new object of it; ``source``: where the data come from;
    both are pickled for another process.
    ``labels``, ``access``, ``train``: as of a run. ``kept``: runs by seed and state of the global generators.
    """

    name: str
    task: Task
    make: Callable[[], Any]
    source: Release
    labels: str = "auto"
    access: str = "auto"
    train: str = FOLD_ALONE
    kept: dict[tuple[int, int], TrialRun] = field(default_factory=dict, repr=False)

    @cached_property
    def oracle(self) -> bool:
        return is_oracle(self.make())

    @cached_property
    def prepared(self) -> Prepared:
        """The fold of two regions, on the operation split where the task has it."""
        split = "operation" if "operation" in self.task.splits else self.task.splits[0]
        few = Regions(self.source, range(REGIONS))
        return prepare(
            self.task,
            release=few,
            split=split,
            labels=self.labels,
            access=self.access,
            oracle=self.oracle,
            train=self.train,
        )

    @property
    def fold(self) -> Fold:
        return self.prepared.folds[0]

    @property
    def stream(self) -> StepStream | None:
        return self.prepared.streams[0] if self.prepared.streams else None

    def on(self, prepared: Prepared) -> Trial:
        """Return the same trial on a copy of its fold."""
        other = replace(self, kept={})
        vars(other)["prepared"] = prepared  # sets the cached property
        return other

    def run(self, seed: int = 0, state: int = 0) -> TrialRun:
        """Return the run of a new object with this seed, while the global generators start from ``state``."""
        if (seed, state) not in self.kept:
            self.kept[seed, state] = self.run_again(self.make(), seed, state)
        return self.kept[seed, state]

    def run_again(self, method: Any, seed: int = 0, state: int = 0, fold: Fold | None = None) -> TrialRun:
        """Fit this object and predict, with a copy of the fold. Raises Broken for any error."""
        given = _copy_fold(self.fold if fold is None else fold)
        before = _copy_contents(given)
        with global_generators(state):
            try:
                method.fit(given, seed)
                predictions = None if self.stream else method.predict(given)
                refused = ""
                if self.stream:
                    predictions, refused = self.hand_over(method, given, self.stream)
            except FrozenInstanceError as error:
                return TrialRun(method, None, (f"{error}{_locate(error, method)}",))
            except (Exception, SystemExit, pl.exceptions.PanicException) as error:
                raise Broken(
                    f"it raises {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
                    f"{_locate(error, method)}; correct {'fit, begin or step' if self.stream else 'fit or predict'}."
                ) from error
        return TrialRun(method, predictions, _find_changes(before, given), refused)

    def hand_over(self, method: Any, fold: Fold, stream: StepStream) -> tuple[pl.DataFrame | None, str]:
        """Return what a fitted method predicts of a stream, or None and what was wrong with the answer to a step."""
        try:
            return streamed_predictions(method, fold, stream, self.name), ""
        except UsageError as error:
            return None, str(error)


@contextmanager
def global_generators(state: int) -> Iterator[None]:
    """Let the global generators of Python, numpy and torch start from ``state``, and set them back afterwards."""
    torch = sys.modules.get("torch")
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state() if torch else None
    random.seed(state)
    np.random.seed(state)  # noqa: NPY002
    if torch:
        torch.manual_seed(state)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch and torch_state is not None:
            torch.set_rng_state(torch_state)


def _copy_fold(fold: Fold) -> Fold:
    parts, supervision = fold.parts.clone(), fold.supervision.clone()
    worlds = tuple(map(_copy_fold, fold.worlds))
    return replace(fold, tables=dict(fold.tables), parts=parts, supervision=supervision, worlds=worlds)


def _copy_contents(fold: Fold) -> dict[str, Any]:
    """Return every frame of a fold, and each fact of its task as text, by the name by which a method reaches it."""
    found = {f'tables["{name}"]': table.collect() for name, table in fold.tables.items()}
    found |= {f"task.{name}": repr(value) for name, value in vars(fold.task).items()}
    found |= {"parts": fold.parts.clone(), "supervision": fold.supervision.clone()}
    for number, world in enumerate(fold.worlds):
        found |= {f"worlds[{number}].{name}": value for name, value in _copy_contents(world).items()}
    return found


def _find_changes(before: dict[str, Any], fold: Fold) -> tuple[str, ...]:
    """Return a sentence for each thing of a fold that is no longer what it was; all methods share its task."""
    after = _copy_contents(fold)
    names = sorted(before.keys() | after.keys())
    return tuple(f"fold.{n} was changed" for n in names if not _is_same(before.get(n), after.get(n)))


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, pl.DataFrame) and isinstance(other, pl.DataFrame):
        return one.equals(other)
    return type(one) is type(other) and bool(one == other)


def _locate(error: BaseException, method: object) -> str:
    """Return the last line of the method's own file that the error passed; '' where it passed none."""
    module = sys.modules.get(type(method).__module__)
    file = getattr(module, "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" ({Path(str(file)).name}, line {lines[-1]})" if lines else ""
