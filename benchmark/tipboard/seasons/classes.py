"""The test of class: does an entry that says it learnt from its fold alone keep its score where all words are made up?

A *fold* entry is run once more on a copy of a season's world whose words, codes and categories are made up
(:mod:`tipbench.data.disguise`). Both sets of predictions are scored on the same truth, so the loss has a paired cluster
bootstrap. A loss whose 95% interval lies above 0 moves the entry to *worlds*.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial

import polars as pl
from pydantic import Field
from tipbench.data.disguise import disguise
from tipbench.evaluation.comparison import compare_draws, draw_primary
from tipbench.fence.session import Limits
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


class ClassTest(Record):
    """How much of its score an entry loses where words and codes are made up."""

    metric: str = Field(description="the task's primary metric")
    score: float | None = Field(description="on the world as it is")
    disguised: float | None = Field(description="on its copy with made-up words")
    loss: float | None = Field(
        description="how much worse the copy's is, positive in both directions of a metric"
    )
    low: float | None = Field(description="lower end of the loss's 95% interval; null for too few clusters")
    high: float | None = Field(description="upper end")

    @property
    def lost(self) -> bool:
        """Whether the loss is beyond its interval: the entry knows words or codes that its fold did not teach it."""
        return self.low is not None and self.low > 0

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
        loss=None if found.difference is None else -better * found.difference,
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
