"""Is a method better than its task's reference method? Paired tests on the default split, kept beside the results.

A task names its reference in ``configs/task/<task>.yaml``. Of a method with several seeds the first is compared. Holm's
correction runs over the methods of a task; oracles are not compared. See :mod:`tipbench.comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict

from tipbench.board.collection import Run, place_of


class Compared(BaseModel):
    """A method against its task's reference: the fields of :class:`tipbench.comparison.Comparison`, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    task: str
    split: str
    method: str
    reference: str
    metric: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    significant: bool
    note: str | None


def reference_of(task: str) -> str | None:
    """The method that others of a task are tested against; None where its config names none."""
    from tipbench.choices import describe_option, options
    from tipbench.paths import config_folder

    return describe_option(options([config_folder()])["task"][task]).get("reference")


def compared(runs: Sequence[Run], replicates: int = 1000) -> list[Compared]:
    """Every method that has predictions against its task's reference, on the task's default split.

    Nothing of a task whose reference is not named, was not run or has no predictions.
    """
    from tipbench.task import task_of

    found: list[Compared] = []
    for task in dict.fromkeys(run.result.task for run in runs):
        split, reference = task_of(task).splits[0], reference_of(task)
        first: dict[str, Run] = {}
        for run in runs:
            of_task, of_split, method, _ = place_of(run.result)
            if (
                (of_task, of_split) == (task, split)
                and not run.result.oracle_method
                and _has_predictions(run)
            ):
                first.setdefault(method, run)
        if reference in first and len(first) > 1:
            found += _of_task(task, split, first, reference, replicates)
    return found


def _has_predictions(run: Run) -> bool:
    return (run.folder / run.result.predictions.file).is_file()


def _of_task(task: str, split: str, runs: dict[str, Run], reference: str, replicates: int) -> list[Compared]:
    from tipbench.comparison import compare
    from tipbench.results import read_predictions
    from tipbench.runner import prepare_cell
    from tipbench.task import task_of

    predictions = {method: read_predictions(run.folder, run.result) for method, run in runs.items()}
    answers = prepare_cell(dict(runs[reference].result.config)).answers_to(predictions[reference])
    tested = compare(task_of(task), answers, predictions, reference, replicates=replicates)
    return [Compared(task=task, split=split, **asdict(one)) for one in tested]
