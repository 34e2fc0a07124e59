"""A board's lines: an entry on one task and split, with its test and what the other splits say about it.

Methods are tested against their task's reference by paired tests on the default split, from the draws that are kept.
A task names its reference in ``configs/task/<task>.yaml``; it is the reference method of that name, not a submission
called alike. Of a method with several seeds the first is compared. Holm's correction runs over the methods of a task;
oracles, lines and submissions are not compared. See :mod:`tipbench.evaluation.comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from tipbench.config.options import config_folder, describe_option, options
from tipbench.evaluation.comparison import Draws, compare_draws, correct
from tipbench.metrics.registry import metric_of
from tipbench.runs import report
from tipbench.runs.findings import LINES, Finding, findings
from tipbench.runs.frames import frame_of
from tipbench.runs.report import FORWARD, OPERATION, RANDOM, number
from tipbench.tasks import task_of
from tipcore.engines import run_all

from tipboard.board.collection import FinishedRun, KeptDraws, draws_of_run, is_kept, place_of, seat_of
from tipboard.board.entries import REFERENCE_TEAM, RUN_HERE, SELF_REPORTED
from tipboard.board.files import Board, reference_only

NO_SHIFT = (FORWARD, OPERATION, RANDOM, "all")
"""Splits that are not shift: what is lost on any other is a *shift drop*."""

Line = Mapping[str, Any]
"""An entry on a task and split: see :func:`standings`."""
Lines = Sequence[Line]
"""All lines of a task and split: those that were run here, then submissions, each best first; oracles last."""


def reference_of(task: str) -> str | None:
    """Return the method that others of a task are tested against; None where its config names none."""
    return describe_option(options([config_folder()])["task"][task]).get("reference")


def draws_of(runs: Sequence[FinishedRun], quiet: bool = False) -> list[KeptDraws]:
    """Return the draws of every method that has predictions, on its task's default split and with its first seed."""
    first: dict[tuple[str, ...], FinishedRun] = {}
    for run in runs:
        if is_kept(run.result) and (run.folder / run.result.predictions.file).is_file():
            # A worker may have begun in another working folder.
            first.setdefault(place_of(run.result)[:3], run._replace(folder=run.folder.absolute()))
    return run_all(draws_of_run, list(first.values()), label="methods", quiet=quiet)


def standings(board: Board, every_split: bool = False) -> list[Lines]:
    """Return the lines of every task, by name, on its default split or on every one that has results.

    Returns:
        Per task and split a list of lines, each with the values of :func:`tipbench.runs.report.average_seeds` and

        - ``entry``, ``team``, ``method``, ``name``: of its entry, whose id ``entry`` is; tables show ``name``;
        - ``scores``: metric -> value, low, high, note; ``by_split``: split -> mean score;
        - ``leakage``, ``drift``; ``oracle``; ``status``, ``unverified``, ``kind``: who ran it;
        - ``is_contender``: whether it has a score and is neither an oracle nor a line to beat; ``is_run_here``: whether
          it was run here as well; ``is_best``: whether its score reads as the best of these; ``is_tested``: whether it
          was run here and is neither an oracle nor a line, ``against``: its test, None where there is none;
          ``is_reference``;
        - of the task and split: ``usual`` (whether it is the default split), ``splits`` (that any entry has, the
          default first), ``primary``, ``lower_is_better``, ``oracle_score``.
    """
    drawn, by_place = first_draws(board), _by_place(board)
    found: list[Lines] = []
    for name in sorted({name for name, _ in by_place}):
        splits = [split for split in task_of(name).splits if (name, split) in by_place]
        for split in splits if every_split else task_of(name).splits[:1]:
            if lines := by_place.get((name, split)):
                _add_shared(lines, splits)
                _add_tests(lines, drawn)
                found.append(_in_order(lines))
    return found


def open_findings(board: Board) -> list[Finding]:
    """Return what open practice found on each task, by name, from the methods that were run here."""
    return sorted(findings(reference_only(board).results), key=lambda one: one.task)


def first_draws(board: Board) -> dict[tuple[str, str, str], Draws]:
    """Return the draws of each entry's first seed, by its id, task and split."""
    found = {}
    for entry in board.entries:
        there = {seat_of(result) for result in entry.results}
        for one in sorted(entry.draws, key=lambda one: -one.seed):
            if seat_of(one) in there:
                found[entry.id, one.task, one.split] = one.draws
    return found


def _by_place(board: Board) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return a line per entry, by task and split, with what its own results say."""
    here = [
        (entry.id, result, variant)
        for entry in board.entries
        for result, variant in zip(entry.results, report.variant_names(entry.results), strict=True)
        if result.split in task_of(result.task).splits
    ]
    ids, results, variants = zip(*here, strict=True) if here else ((), (), ())
    frame = frame_of(results, report.READ).with_columns(
        entry=pl.Series(ids, dtype=pl.String), variant=pl.Series(variants, dtype=pl.String)
    )
    place = ["entry", "task", "split"]
    averages = report.average_seeds(frame, [*place, "variant"])
    averages = averages.unique(place, keep="last", maintain_order=True)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    by_split: dict[tuple[str, str], dict[str, float | None]] = {}
    entries = {entry.id: entry for entry in board.entries}
    oracles = {(entry, result.task) for entry, result, _ in here if result.oracle_method}
    for line in report.add_gaps(averages, ["entry", "task", "variant"]).rows(named=True):
        entry, task, split = entries[line["entry"]], task_of(line["task"]), line["split"]
        found.setdefault((task.name, split), []).append(line)
        scores = by_split.setdefault((entry.id, task.name), {})
        scores[split] = line["score"]
        oracle, status = (entry.id, task.name) in oracles, entry.status(line["verified"])
        is_line = entry.is_reference and f"{task.name}/{entry.method}" in LINES
        may_lead = not oracle and not is_line
        line |= {"team": entry.team, "method": entry.method, "name": entry.name, "by_split": scores}
        line |= {"oracle": oracle, "status": status, "is_tested": may_lead and status == RUN_HERE}
        line["unverified"] = bool(task.stream) and not line["verified"]
        line["scores"] = {one["name"]: one for one in line["scores"]}
        line["is_contender"] = may_lead and line["score"] is not None
        line["is_run_here"] = line["is_contender"] and line["is_tested"]
    return found


def _add_shared(lines: Sequence[dict[str, Any]], splits: Sequence[str]) -> None:
    """Add what all lines of a task and split share."""
    first = lines[0]
    oracles = (line["score"] for line in lines if line["oracle"])
    known = (*oracles, *(line["oracle_score"] for line in lines))
    shared = {
        "usual": first["split"] == task_of(first["task"]).splits[0],
        "splits": splits,
        "primary": first["primary"],
        "lower_is_better": metric_of(first["primary"]).lower_is_better,
        "oracle_score": next((one for one in known if one is not None), None),
    }
    for line in lines:
        line |= shared


def _in_order(lines: list[dict[str, Any]]) -> Lines:
    """Return the lines of a task and split in their order, each with its kind."""
    best, worse = best_score(lines, lines[0]["split"]), 1 if lines[0]["lower_is_better"] else -1
    for line in lines:
        line["is_best"] = reads_as_best(line, line["score"], best)
        line["kind"] = _kind(line)

    def place(line: Line) -> tuple:
        loss = math.inf if line["score"] is None else worse * line["score"]
        return line["oracle"], not line["is_run_here"], loss, line["name"]

    return sorted(lines, key=place)


def _add_tests(lines: list[dict[str, Any]], drawn: Mapping[tuple[str, str, str], Draws]) -> None:
    """Add each line's test against the reference; none has one where the reference has no draws."""
    task, split, primary = (lines[0][name] for name in ("task", "split", "primary"))
    there = {line["entry"]: drawn.get((line["entry"], task, split)) for line in lines if line["is_tested"]}
    tested = {entry: draws for entry, draws in there.items() if draws is not None}
    reference = f"{REFERENCE_TEAM}--{reference_of(task)}" if tested else ""  # which lists all configs
    base = tested.pop(reference, None)
    compared = []
    if base is not None:
        compared = [compare_draws(one, reference, primary, draws, base) for one, draws in tested.items()]
    against = {one.method: one for one in correct(compared)}
    for line in lines:
        line["against"] = against.get(line["entry"])
        line["is_reference"] = bool(compared) and line["entry"] == reference


def best_score(lines: Lines, split: str) -> float | None:
    """Return the best score on a split of the methods that were run here; None where none has one."""
    found = [
        score for line in lines if line["is_run_here"] and (score := line["by_split"].get(split)) is not None
    ]
    return (min if lines[0]["lower_is_better"] else max)(found, default=None)


def reads_as_best(line: Line, score: float | None, best: float | None) -> bool:
    """Return whether the score of a method that was run here reads as the best; scores that round alike share it."""
    return line["is_run_here"] and best is not None and number(score) == number(best)


def _kind(line: Line) -> str:
    """Return ``oracle``, ``reference``, ``reproduced``, ``claimed`` (self-reported) or ''."""
    if line["oracle"]:
        return "oracle"
    if line["is_reference"]:
        return "reference"
    if line["status"] == SELF_REPORTED:
        return "claimed"
    return "" if line["status"] == RUN_HERE else "reproduced"


def shift_drops(line: Line) -> dict[str, float | None]:
    """Return what is lost on each shifted split, from the operation-disjoint one or else the task's default."""
    known, usual = line["by_split"], task_of(line["task"]).splits
    base = known.get(OPERATION if OPERATION in usual else usual[0])
    return {
        split: None if base is None or (score := known.get(split)) is None else base - score
        for split in line["splits"]
        if split not in NO_SHIFT
    }
