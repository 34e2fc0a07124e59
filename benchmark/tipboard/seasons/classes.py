"""The test of class: does an entry that says it learnt from its fold alone keep its score where all words are made up?

A *fold* entry is run once more on a copy of a season's world whose words, codes and categories are made up
(:mod:`tipbench.data.disguise`). Both sets of predictions are scored on the same truth, so the loss has a paired cluster
bootstrap. A loss whose 95% interval lies above 0 may also come of chance in fitting: codes in another order start EM
elsewhere, and a lucky run has something to lose. So an entry that loses is run again with other seeds and keys, and
one that loses in all :data:`PAIRS` pairs of runs, or fails on a copy, is moved to *worlds*.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from functools import partial

import polars as pl
from pydantic import Field
from tipbench.data.disguise import disguise
from tipbench.evaluation.comparison import compare_draws, draw_primary
from tipbench.fence.method import MethodError
from tipbench.fence.session import CannotFence, Limits
from tipbench.kinds.answers import Answers
from tipbench.method import EntryClass, check_shape
from tipbench.metrics.bootstrap import none_if_nan
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.registry import metric_of
from tipbench.metrics.scores import Record
from tipbench.runs.cells import Cell
from tipbench.runs.cost import Meter
from tipbench.runs.folds import SharedFold, fit_and_predict
from tipbench.runs.methods import Methods
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

PAIRS = 3
"""Pairs of runs, on a world and on a copy, in all of which an entry must lose to be moved."""
ROUNDING = 1e-6
"""No loss that counts: columns in another order end an optimiser elsewhere in the last digits."""
FAILED = "it failed on a copy with made-up words"
NEXT_SEED = 1000
"""From the seed of one pair to that of the next; seeds of a season are the numbers of its worlds."""


class ClassTest(Record):
    """How much of its score an entry loses where words and codes are made up."""

    metric: str = Field(description="the task's primary metric")
    score: float | None = Field(description="on the world as it is")
    disguised: float | None = Field(default=None, description="on its copy with made-up words")
    loss: float | None = Field(default=None, description="how much worse that is; positive where it is worse")
    low: float | None = Field(
        default=None, description="lower end of the loss's 95% interval; null for too few clusters"
    )
    high: float | None = Field(default=None, description="upper end")
    note: str | None = Field(default=None, description="why there is no score on the copy")

    @property
    def lost(self) -> bool:
        """Whether the loss is beyond its interval, or the entry failed: it knows what its fold did not teach it."""
        return self.note is not None or (self.low is not None and self.low > ROUNDING)

    def entry_class(self, declared: EntryClass) -> EntryClass:
        """Return the class found: ``worlds`` for a *fold* entry that lost, else the one declared."""
        return "worlds" if declared == "fold" and self.lost else declared


def measure_loss(
    task: Task,
    answers: Answers,
    plain: pl.DataFrame,
    disguised: pl.DataFrame,
    replicates: int = 1000,
    seed: int = 0,
) -> ClassTest:
    """Return the loss of one method from a world as it is to its copy in disguise.

    Args:
        answers: of the world; those of the copy are the same.
        plain, disguised: predictions on the world and on its copy, with the ids of the answers.
        replicates, seed: of the paired cluster bootstrap.

    Raises:
        UsageError: for malformed predictions.
    """
    base, copy = (
        draw_primary(make_inputs(task, answers, frame), replicates, seed) for frame in (plain, disguised)
    )
    found = compare_draws("disguised", "plain", task.primary, copy, base)
    better = -1.0 if metric_of(task.primary).lower_is_better else 1.0
    low, high = (
        None if end is None else -better * end + 0.0 for end in (found.high, found.low)[:: int(better)]
    )
    return ClassTest(
        metric=task.primary,
        score=none_if_nan(base.value),
        disguised=none_if_nan(copy.value),
        loss=None if found.difference is None else -better * found.difference + 0.0,
        low=low,
        high=high,
    )


def predict(
    shared: SharedFold, cell: Cell, limits: Limits | None, python: str = "", place: str = ""
) -> pl.DataFrame:
    """Return the predictions of a cell's method, made anew, on a fold, with the world's ids.

    ``limits``, ``python``, ``place``: of the fence, as of :class:`tipbench.runs.methods.Methods`.

    Raises:
        UsageError, tipbench.fence.method.MethodError: as a run of the cell does.
    """
    with closing(Methods(cell, shared, limits, python, place)) as methods:
        method = methods.make()
        check_shape(task_of(cell.task), method, cell.target)
        prepared = shared.prepared(frozenset(method.needs), False)
        return fit_and_predict(method, methods.make, prepared, cell, Meter(), [])


def check_class(
    shared: SharedFold,
    cell: Cell,
    plain: pl.DataFrame,
    key: bytes,
    limits: Limits | None,
    python: str = "",
    place: str = "",
    replicates: int = 1000,
) -> ClassTest:
    """Return the test of a *fold* entry's class: of its first pair of runs, or of the first in which it does not lose.

    Args:
        shared: the fold as it is of the entry's cell in one world.
        cell, plain: that cell and its predictions, with the ids of the truth.
        key: of the disguise, 32 bytes.
        limits, python, place: of the fence, as of :class:`tipbench.runs.methods.Methods`.
        replicates: of the paired bootstrap.

    Raises:
        MachineFault, CannotFence: for what is the machine's fault and not the entry's.
    """
    task, answers = task_of(cell.task), shared.prepared(frozenset(), False).answers_to(plain)
    found: list[ClassTest] = []
    for pair in range(PAIRS):
        here, words = replace(cell, config={**cell.config, "seed": cell.seed + pair * NEXT_SEED}), key
        try:
            if pair:
                words = hashlib.sha256(key + bytes([pair])).digest()
                plain = predict(shared, here, limits, python, place)
            copy = shared.copy_with(partial(disguise, key=words))
            made = predict(copy, here, limits, python, place)
            found.append(measure_loss(task, answers, plain, made, replicates))
        except CannotFence:
            raise
        except (UsageError, MethodError):
            score = measure_loss(task, answers, plain, plain, 1).score
            return ClassTest(metric=task.primary, score=score, note=FAILED)
        if not found[-1].lost:
            return found[-1]
    return found[0]
