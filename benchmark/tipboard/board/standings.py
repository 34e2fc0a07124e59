"""A board's lines: an entry on one task and split, with its rank, its test and what the other splits say about it.

Methods are tested against their task's reference by paired tests on the default split, from the draws that are kept.
A task names its reference in ``configs/task/<task>.yaml``; it is the reference method of that name, not a submission
called alike. Of a method with several seeds the first is compared. Holm's correction runs over the methods of a task;
oracles, lines and submissions are not compared. See :mod:`tipbench.evaluation.comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tipbench.config.options import config_folder, describe_option, options
from tipbench.evaluation.comparison import Comparison, Draws, compare_draws, correct
from tipbench.metrics.registry import metric_of
from tipbench.metrics.scores import Score
from tipbench.runs.report import FORWARD, OPERATION, RANDOM, Row, mean, mean_over_seeds, rows
from tipbench.runs.results import Result
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.engines import run_all

from tipboard.board.collection import FinishedRun, KeptDraws, draws_of_run, place_of
from tipboard.board.entries import RUN_HERE, Entry
from tipboard.board.files import Board
from tipboard.board.fresh import Bounded, Fresh, fresh_of
from tipboard.board.ranks import rank_intervals, ranks

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


def compare_entries(entries: Sequence[Entry], task: str, split: str, metric: str) -> dict[str, Comparison]:
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
        compare_draws(one, base, metric, draws, found[base]) for one, draws in found.items() if one != base
    ]
    return {one.method: one for one in correct(tested)}


def is_oracle(entry: Entry, task: str) -> bool:
    """Return whether the entry was shown hidden truth in this task."""
    return any(result.oracle_method for result in entry.results if result.task == task)


def is_line(entry: Entry, task: str) -> bool:
    """Return whether the entry is one of :data:`LINES` in this task."""
    return entry.is_reference and f"{task}/{entry.method}" in LINES


def draws_of(runs: Sequence[FinishedRun], quiet: bool = False) -> list[KeptDraws]:
    """Return the draws of every method that has predictions, on its task's default split and with its first seed."""
    first: dict[tuple[str, str], FinishedRun] = {}
    for run in runs:
        of_task, split, method, _ = place_of(run.result)
        on_default = split == task_of(of_task).splits[0]
        if on_default and not run.result.oracle_method and _has_predictions(run.folder, run):
            first.setdefault((of_task, method), run)
    # A worker may have begun in another working folder.
    there = [(run.result, run.folder.absolute()) for run in first.values()]
    return run_all(_draws, there, label="methods", quiet=quiet)


def _has_predictions(folder: Path, run: FinishedRun) -> bool:
    return (folder / run.result.predictions.file).is_file()


def _draws(run: tuple[Result, Path]) -> KeptDraws:
    return draws_of_run(*run)


NO_SHIFT = (FORWARD, OPERATION, RANDOM, "all")
"""Splits that are not shift: what is lost on any other is a *shift drop*."""


@dataclass(frozen=True)
class BoardRow:
    """An entry on a task and split. ``row``: its scores (:class:`tipbench.runs.report.Row`).

    ``results``: of its seeds. ``cpu_s``: CPU seconds per cell, mean over seeds, None where an author did not say.
    ``peak_mib``: the largest of the seeds. ``against``: its test against the reference, None where there is none.
    ``by_split``: the mean score by split. ``shift_drops``: the loss by shifted split. ``status``: who ran it
    (:mod:`tipboard.board.entries`). ``fresh_by_split``: what a fresh world says (:mod:`tipboard.board.fresh`).
    ``rank`` and ``rank_interval``: among the lines that are ranked, None for the others.
    """

    entry: Entry
    row: Row
    results: Sequence[Result] = field(repr=False)
    cpu_s: float | None
    peak_mib: float | None
    access: str
    labels: str
    against: Comparison | None
    is_reference: bool
    by_split: dict[str, float | None]
    shift_drops: dict[str, float | None]
    status: str
    unverified: bool
    fresh_by_split: Mapping[str, Fresh]
    rank: float | None = None
    rank_interval: tuple[int, int] | None = None

    @property
    def method(self) -> str:
        """As a table names it."""
        return self.entry.name

    @property
    def is_ranked(self) -> bool:
        """Whether it was run here, has a score, and is neither an oracle nor a line; no submission is ranked."""
        return self.is_contender and self.status == RUN_HERE

    @property
    def fresh(self) -> Fresh | None:
        """What a fresh world says of its score; None where it was run on none."""
        return self.fresh_by_split.get(self.row.split)

    def is_supported(self, split: str | None = None) -> bool:
        """Return whether no fresh world speaks against its score on a split, its own by default."""
        found = self.fresh_by_split.get(split or self.row.split)
        return found is None or found.supports

    @property
    def placed_by(self) -> Bounded:
        """The score that says where it stands: its own or, where that is not supported, the fresh one."""
        if self.fresh is not None and not self.fresh.supports:
            return self.fresh.score
        return Bounded(self.row.score, self.row.low, self.row.high)

    @property
    def is_contender(self) -> bool:
        """Whether it has a score and is neither an oracle nor a line to beat."""
        return self.row.score is not None and not self.row.oracle and not is_line(self.entry, self.row.task)

    def beside(self, metric: str) -> Score | None:
        """Return a metric's mean over seeds, or why there is none; None where no seed has it."""
        return mean_over_seeds(self.results, metric)

    def mean(self, metric: str) -> float | None:
        """Return a metric's mean over seeds, None where no seed has it."""
        found = self.beside(metric)
        return None if found is None else found.value


@dataclass(frozen=True)
class Standing:
    """The lines of a task on one split: ranked ones, then submissions, each best first; oracles last.

    ``splits``: those that any entry has, the task's default first. ``oracle``: what the generator's own posterior
    scores, if known.
    """

    task: Task
    split: str
    splits: tuple[str, ...]
    metric: str
    lines: list[BoardRow]
    oracle: float | None

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return metric_of(self.metric).lower_is_better

    @cached_property
    def best(self) -> float | None:
        """The best score of the ranked methods; None where none is ranked."""
        return self.best_on(self.split)

    def best_on(self, split: str) -> float | None:
        """Return the best score of the ranked methods on a split; None where none has one."""
        scores = [line.by_split[split] for line in self.lines if line.rank is not None]
        found = [score for score in scores if score is not None]
        return (min(found) if self.lower_is_better else max(found)) if found else None

    @property
    def reference(self) -> str | None:
        """The method that the others are tested against."""
        return next((line.method for line in self.lines if line.is_reference), None)

    @property
    def shifts(self) -> tuple[str, ...]:
        """Its splits that are a shift."""
        return tuple(split for split in self.splits if split not in NO_SHIFT)


def standings(board: Board, every_split: bool = False) -> list[Standing]:
    """Return what there is to show of every task, by name, on its default split or on every one that has results.

    Nothing of a task without results on the split.
    """
    found = []
    for name in sorted({result.task for entry in board.entries for result in entry.results}):
        task = task_of(name)
        there = {r.split for entry in board.entries for r in entry.results if r.task == name}
        splits = tuple(split for split in task.splits if split in there)
        wanted = splits if every_split else [split for split in splits if split == task.splits[0]]
        found += [_standing(board, task, split, splits) for split in wanted]
    return found


def _standing(board: Board, task: Task, split: str, splits: tuple[str, ...]) -> Standing:
    there = [entry for entry in board.entries if entry.of(task.name, split)]
    metric = there[0].of(task.name, split)[0].primary
    fresh = {entry.id: _fresh(entry, task, splits, metric) for entry in there}
    run_here = [entry for entry in there if entry.status(entry.of(task.name, split)) == RUN_HERE]
    tested = compare_entries(run_here, task.name, split, metric)
    references = {one.reference for one in tested.values()}
    lines = [_line(entry, task, split, splits, tested, references, fresh[entry.id]) for entry in there]
    lower_is_better = metric_of(metric).lower_is_better
    return Standing(
        task=task,
        split=split,
        splits=splits,
        metric=metric,
        lines=sorted(
            _add_ranks(lines, task, split, lower_is_better), key=lambda line: _place(line, lower_is_better)
        ),
        oracle=_oracle(lines, [result for entry in there for result in entry.of(task.name, split)]),
    )


def _line(
    entry: Entry,
    task: Task,
    split: str,
    splits: tuple[str, ...],
    tested: dict[str, Comparison],
    references: set[str],
    fresh: Mapping[str, Fresh],
) -> BoardRow:
    of_task = [result for result in entry.results if result.task == task.name]
    all_rows = {row.split: row for row in rows(of_task)}
    unsupported = {name for name, one in fresh.items() if not one.supports}
    known = {row.split: row for row in rows([one for one in of_task if one.split not in unsupported])}
    gaps = known.get(split)
    results = entry.of(task.name, split)
    peaks = [result.cost.peak_mib for result in results if result.cost.peak_mib is not None]
    by_split = {name: all_rows[name].score if name in all_rows else None for name in splits}
    return BoardRow(
        entry=entry,
        row=replace(
            all_rows[split],
            oracle=is_oracle(entry, task.name),
            leakage=None if gaps is None else gaps.leakage,
            drift=None if gaps is None else gaps.drift,
        ),
        results=results,
        cpu_s=mean([result.cost.cpu_s for result in results]),
        peak_mib=max(peaks) if len(peaks) == len(results) else None,
        access=results[0].access,
        labels=results[0].labels,
        against=tested.get(entry.id),
        is_reference=entry.id in references,
        by_split=by_split,
        shift_drops=_drops({name: known[name].score if name in known else None for name in by_split}, task),
        status=entry.status(results),
        unverified=bool(task.stream) and not all(result.verified for result in results),
        fresh_by_split=fresh,
    )


def _fresh(entry: Entry, task: Task, splits: Sequence[str], metric: str) -> dict[str, Fresh]:
    """Return what fresh worlds say of an entry, by split."""
    found = {split: fresh_of(entry.of(task.name, split), entry.fresh, metric) for split in splits}
    return {split: one for split, one in found.items() if one is not None}


def _drops(by_split: dict[str, float | None], task: Task) -> dict[str, float | None]:
    """Return what is lost on each shifted split, from the operation-disjoint one or else the task's default."""
    base = by_split.get(OPERATION if OPERATION in task.splits else task.splits[0])
    return {
        name: None if base is None or score is None else base - score
        for name, score in by_split.items()
        if name not in NO_SHIFT
    }


def _add_ranks(lines: Sequence[BoardRow], task: Task, split: str, lower_is_better: bool) -> list[BoardRow]:
    """Return the lines, those that are ranked with their ranks."""

    def draws_of(line: BoardRow) -> NDArray[np.float64]:
        found = first_draws(line.entry, task.name, split)
        return np.empty(0) if found is None else found.draws

    there = [line for line in lines if line.is_ranked]
    scores = np.array([line.row.score for line in there], dtype=np.float64)
    draws = [draws_of(line) for line in there]
    placed = zip(there, ranks(scores, lower_is_better), rank_intervals(draws, lower_is_better), strict=True)
    ranked = [replace(line, rank=float(rank), rank_interval=bounds) for line, rank, bounds in placed]
    return [*ranked, *(line for line in lines if not line.is_ranked)]


def _place(line: BoardRow, lower_is_better: bool) -> tuple[bool, bool, float, str]:
    score = line.placed_by.score
    worse = math.inf if score is None else score * (1 if lower_is_better else -1)
    return line.row.oracle, line.rank is None, worse, line.method


def _oracle(lines: list[BoardRow], results: list[Result]) -> float | None:
    """Return the oracle's score: of the method that is one, else what the evaluator says beside any score."""
    own = [line.row.score for line in lines if line.row.oracle]
    said = [result.oracle.get("oracle") for result in results]
    return next((value for value in (*own, *said) if value is not None), None)
