"""The test of class: does an entry that says it learnt from its fold alone keep its score where all words are made up?

A *fold* entry is run once more, with the same seed, on a copy of each of the season's worlds whose words, codes and
categories are made up (:mod:`tipbench.data.disguise`). Both scores are on the same truth. An entry is moved to *worlds*
if it fails on a copy, or if its mean loss over worlds is above 0 by Student's t: what this test cannot see, the ranking
cannot see either. All worlds are tested, since an entry knows its seed and could hide what it knows in some of them.
It is also moved if this holds where a loss above the median counts as the median: else it could ruin one copy, which
widens the interval. By simulation an honest entry with normal losses is moved in 3.5% of seasons of 6 worlds, and in
2.6% of seasons of 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial

import numpy as np
from polars.exceptions import PanicException
from pydantic import Field
from tipbench.data.disguise import disguise
from tipbench.evaluation.comparison import draw_primary
from tipbench.fence.session import CannotFence, Limits
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
from tipcore.errors import MachineFault

from tipboard.seasons.statistics import interval

ROUNDING = 1e-6
"""No loss that counts: columns in another order end an optimiser elsewhere in the last digits."""
FAILED = "it failed, or has no score, on a copy with made-up words"


class ClassTest(Record):
    """How much of its score an entry loses where words and codes are made up; means over the worlds of a season."""

    metric: str = Field(description="the task's primary metric")
    score: float | None = Field(description="on the worlds as they are; null: without one in some world")
    disguised: float | None = Field(default=None, description="on their copies with made-up words")
    loss: float | None = Field(default=None, description="how much worse that is; positive where it is worse")
    low: float | None = Field(default=None, description="lower end of the loss's 95% interval")
    high: float | None = Field(default=None, description="upper end")
    bounded_low: float | None = Field(
        default=None, description="lower end where no loss counts more than the median of the worlds"
    )
    note: str | None = Field(default=None, description="why there is no score on the copies")

    @property
    def lost(self) -> bool:
        """Whether the loss is beyond its interval, or the entry failed: it knows what its fold did not teach it."""
        ends = [one for one in (self.low, self.bounded_low) if one is not None]
        return self.note is not None or max(ends, default=0.0) > ROUNDING

    def entry_class(self, declared: EntryClass) -> EntryClass:
        """Return the class found: ``worlds`` for a *fold* entry that lost, else the one declared."""
        return "worlds" if declared == "fold" and self.lost else declared


def measure_loss(task: Task, plain: Sequence[float | None], disguised: Sequence[float | None]) -> ClassTest:
    """Return the loss of an entry from the worlds as they are to their copies.

    Args:
        plain, disguised: primary score in each world, and on its copy; None where there is none.
    """
    before, after = ([one for one in scores if one is not None] for scores in (plain, disguised))
    if len(before) < len(plain):
        return ClassTest(metric=task.primary, score=None)
    score = float(np.mean(before))
    if len(after) < len(plain):
        return ClassTest(metric=task.primary, score=score, note=FAILED)
    loss = np.subtract(before, after) * (-1.0 if metric_of(task.primary).lower_is_better else 1.0)
    mean, half = interval(loss)
    bounded, width = interval(np.minimum(loss, np.median(loss)))
    return ClassTest(
        metric=task.primary,
        score=score,
        disguised=float(np.mean(after)),
        loss=float(mean),
        low=float(mean - half),
        high=float(mean + half),
        bounded_low=float(bounded - width),
    )


def score_disguised(
    shared: SharedFold, cell: Cell, key: bytes, limits: Limits | None, place: str = ""
) -> float | None:
    """Return the primary score of a cell's method on the copy of its world; None where it fails or has none there.

    Args:
        shared: the fold of the cell as it is.
        key: of the disguise, 32 bytes.
        limits, place: of the fence, as of :class:`tipbench.runs.methods.Methods`.

    Raises:
        MachineFault, CannotFence: for what is the machine's fault and not the entry's.
    """
    task, copy = task_of(cell.task), shared.copy_with(partial(disguise, key=key))
    try:
        with closing(Methods(cell, copy, limits, place)) as methods:
            method = methods.make()
            check_shape(task, method, cell.target)
            prepared = copy.prepared(frozenset(method.needs), False)
            made = fit_and_predict(method, methods.make, prepared, cell, Meter(), [])
        answers = shared.prepared(frozenset(), False).answers_to(made)
        return none_if_nan(draw_primary(make_inputs(task, answers, made), 1).value)
    except (CannotFence, MachineFault):
        raise
    except (Exception, PanicException):  # whatever it is, the run of the others goes on
        return None
