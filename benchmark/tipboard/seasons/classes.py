"""The test of class: does an entry that says it learnt from its fold alone keep its score where all words are made up?

A *fold* entry is run once more on a copy of a season's world whose words, codes and categories are made up
(:mod:`tipbench.data.disguise`). Both sets of predictions are scored on the same truth, so the loss has a paired cluster
bootstrap. An entry with a loss whose 95% interval lies above 0 is run on a second copy, under another key; where it
loses there too, or fails on a copy, it is moved to *worlds*. With one copy alone one honest entry in forty would be.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
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
        return self.note is not None or (self.low is not None and self.low > 0)

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
    low, high = (None if end is None else -better * end for end in (found.high, found.low)[:: int(better)])
    return ClassTest(
        metric=task.primary,
        score=none_if_nan(base.value),
        disguised=none_if_nan(copy.value),
        loss=None if found.difference is None else -better * found.difference + 0.0,
        low=low,
        high=high,
    )


def predict_disguised(
    shared: SharedFold, cell: Cell, key: bytes, limits: Limits | None, python: str = "", place: str = ""
) -> pl.DataFrame:
    """Return the predictions of a cell's method, made anew, on the disguised copy of its fold, with the world's ids.

    Args:
        shared: the cell's fold as it is, which is prepared where it was not yet.
        key: of the disguise, 32 bytes.
        limits, python, place: of the fence, as of :class:`tipbench.runs.methods.Methods`.

    Raises:
        UsageError, tipbench.fence.method.MethodError: as a run of the cell does.
    """
    copy = shared.copy_with(partial(disguise, key=key))
    with closing(Methods(cell, copy, limits, python, place)) as methods:
        method = methods.make()
        check_shape(task_of(cell.task), method, cell.target)
        prepared = copy.prepared(frozenset(method.needs), False)
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
    """Return the test of a *fold* entry's class, by its cell in one world and what it predicted there.

    Args:
        shared, cell, key, limits, python, place: as of :func:`predict_disguised`.
        plain: the cell's predictions, with the ids of the truth.
        replicates: of the paired bootstrap.

    Raises:
        MachineFault, CannotFence: for what is the machine's fault and not the entry's.
    """
    task, answers = task_of(cell.task), shared.prepared(frozenset(), False).answers_to(plain)
    found = None
    for one in (key, hashlib.sha256(key).digest()):
        try:
            made = predict_disguised(shared, cell, one, limits, python, place)
            found = measure_loss(task, answers, plain, made, replicates)
        except CannotFence:
            raise
        except (UsageError, MethodError) as error:
            score = measure_loss(task, answers, plain, plain, 1).score
            return ClassTest(metric=task.primary, score=score, note=f"failed on the copy: {error}"[:300])
        if not found.lost:
            break
    assert found is not None
    return found
