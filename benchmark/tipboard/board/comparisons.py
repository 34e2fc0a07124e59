"""Is a method better than its task's reference method? Paired tests on the default split, from the draws that are kept.

A task names its reference in ``configs/task/<task>.yaml``; it is the reference method of that name, not a submission
called alike. Of a method with several seeds the first is compared. Holm's correction runs over the methods of a task;
oracles, lines and submissions are not compared. See :mod:`tipbench.evaluation.comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tipbench.config.options import config_folder, describe_option, options
from tipbench.evaluation.comparison import Comparison, Draws, corrected, difference
from tipbench.runs.results import Result
from tipbench.tasks import task_of
from tipcore.engines import run_all

from tipboard.board.collection import Run, place_of
from tipboard.board.draws import KeptDraws, draws_of_run
from tipboard.board.entries import Entry

LINES = frozenset({"prevalence/chao_fixed_range"})
"""Lines to beat: reference methods that repeat another one's estimates, with an arbitrary interval. They are listed
without a rank and without a test."""


def reference_of(task: str) -> str | None:
    """Return the method that others of a task are tested against; None where its config names none."""
    return describe_option(options([config_folder()])["task"][task]).get("reference")


def first_draws(entry: Entry, task: str, split: str) -> Draws | None:
    """Return the draws of an entry's first seed on a split, None where it has none."""
    seeds = [result.seed for result in entry.of(task, split)]
    kept = [one for one in entry.draws if (one.task, one.split) == (task, split) and one.seed in seeds]
    return min(kept, key=lambda one: one.seed).draws if kept else None


def compared(entries: Sequence[Entry], task: str, split: str, metric: str) -> dict[str, Comparison]:
    """Return every entry that has draws against the task's reference, by the entry's id; none where that has none."""
    drawn = {
        entry.id: (entry, first_draws(entry, task, split))
        for entry in entries
        if not is_oracle(entry, task) and not is_line(entry, task)
    }
    found = {one: draws for one, (_, draws) in drawn.items() if draws is not None}
    wanted = reference_of(task)
    base = next((one for one in found if drawn[one][0].is_reference and drawn[one][0].method == wanted), None)
    if base is None:
        return {}
    tested = [
        difference(one, base, metric, draws, found[base]) for one, draws in found.items() if one != base
    ]
    return {one.method: one for one in corrected(tested)}


def is_oracle(entry: Entry, task: str) -> bool:
    """Return whether the entry was shown hidden truth in this task."""
    return any(result.oracle_method for result in entry.results if result.task == task)


def is_line(entry: Entry, task: str) -> bool:
    """Return whether the entry is one of :data:`LINES` in this task."""
    return entry.is_reference and f"{task}/{entry.method}" in LINES


def draws_of(runs: Sequence[Run], quiet: bool = False) -> list[KeptDraws]:
    """Return the draws of every method that has predictions, on its task's default split and with its first seed."""
    first: dict[tuple[str, str], Run] = {}
    for run in runs:
        of_task, split, method, _ = place_of(run.result)
        on_default = split == task_of(of_task).splits[0]
        if on_default and not run.result.oracle_method and _has_predictions(run.folder, run):
            first.setdefault((of_task, method), run)
    # A worker may have begun in another working folder.
    there = [(run.result, run.folder.absolute()) for run in first.values()]
    return run_all(_draws, there, label="methods", quiet=quiet)


def _has_predictions(folder: Path, run: Run) -> bool:
    return (folder / run.result.predictions.file).is_file()


def _draws(run: tuple[Result, Path]) -> KeptDraws:
    return draws_of_run(*run)
