"""A board's lines: an entry on one task and split, with its test and what the other splits say about it.

Methods are tested against their task's reference by paired tests on the default split, from the draws that are kept.
A task names its reference in ``configs/task/<task>.yaml``; it is the reference method of that name, not a submission
called alike. Of a method with several seeds the first is compared. Holm's correction runs over the methods of a task;
oracles, lines and submissions are not compared. See :mod:`tipbench.evaluation.comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.config.options import config_folder, describe_option, options
from tipbench.evaluation.comparison import Draws, compare_draws, correct
from tipbench.metrics.registry import metric_of
from tipbench.runs.findings import LINES, Finding, findings
from tipbench.runs.frames import frame_of
from tipbench.runs.report import (
    FORWARD,
    OPERATION,
    RANDOM,
    READ,
    add_gaps,
    average_seeds,
    number,
    variant_names,
)
from tipbench.runs.results import Result
from tipbench.tasks import task_of
from tipcore.engines import run_all

from tipboard.board.collection import FinishedRun, KeptDraws, draws_of_run, place_of, seat_of
from tipboard.board.entries import REFERENCE_TEAM, REPRODUCED, RUN_HERE, SELF_REPORTED
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
    first: dict[tuple[str, str], FinishedRun] = {}
    for run in runs:
        of_task, split, method, _ = place_of(run.result)
        on_default = split == task_of(of_task).splits[0]
        if (
            on_default
            and not run.result.oracle_method
            and (run.folder / run.result.predictions.file).is_file()
        ):
            first.setdefault((of_task, method), run)
    # A worker may have begun in another working folder.
    there = [(run.result, run.folder.absolute()) for run in first.values()]
    return run_all(_draws, there, label="methods", quiet=quiet)


def _draws(run: tuple[Result, Path]) -> KeptDraws:
    return draws_of_run(*run)


def standings(board: Board, every_split: bool = False) -> list[Lines]:
    """Return the lines of every task, by name, on its default split or on every one that has results.

    Returns:
        Per task and split a list of lines, each with the values of :func:`tipbench.runs.report.average_seeds` and

        - ``entry``, ``team``, ``method``, ``name``: of its entry, whose id ``entry`` is; tables show ``name``;
        - ``scores``: metric -> value, low, high, note; ``by_split``: split -> mean score;
        - ``leakage``, ``drift``; ``oracle``; ``status``, ``unverified``, ``kind``: who ran it;
        - ``is_contender``: whether it has a score and is neither an oracle nor a line to beat; ``is_run_here``: whether
          it was run here as well; ``is_best``: whether its score reads as the best of these; ``against``: its test,
          None where there is none; ``is_reference``;
        - of the task and split: ``usual`` (whether it is the default split), ``splits`` (that any entry has, the
          default first), ``primary``, ``lower_is_better``, ``oracle_score``.
    """
    found = _frame(board)
    if not every_split:
        found = found.filter("usual")
    drawn = first_draws(board)
    return [
        _standing([dict(line) for line in lines], drawn)
        for _, lines in groupby(found.iter_rows(named=True), lambda line: (line["task"], line["split"]))
    ]


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


def _frame(board: Board) -> pl.DataFrame:
    """Return a row per entry, task and split, by task and split, entries in the order of the board."""
    here = [
        (entry, result, variant)
        for entry in board.entries
        for result, variant in zip(entry.results, variant_names(entry.results), strict=True)
        if result.split in task_of(result.task).splits
    ]
    place = ["entry", "task", "split"]
    averages = average_seeds(
        frame_of((result for _, result, _ in here), READ).with_columns(
            entry=pl.Series([entry.id for entry, *_ in here], dtype=pl.String),
            variant=pl.Series([variant for *_, variant in here], dtype=pl.String),
        ),
        [*place, "variant"],
    ).unique(place, keep="last", maintain_order=True)
    found = _add_roles(
        averages.drop("method")
        .join(_entries(board), on="entry", how="left", maintain_order="left")
        .join(_places(averages), on=["task", "split"], how="left", maintain_order="left")
    )
    by_split = found.group_by("entry", "task").agg(by_split=pl.struct("split", "score"))
    return (
        add_gaps(found, ["entry", "task", "variant"])
        .join(by_split, on=["entry", "task"], how="left", maintain_order="left")
        .sort("task", "split_order", maintain_order=True)
    )


def _add_roles(found: pl.DataFrame) -> pl.DataFrame:
    """Add who ran each entry, and what it counts as on its task and split."""
    name, score, oracle_score = (
        pl.col("task") + "/" + pl.col("method"),
        pl.col("score"),
        pl.col("oracle_score"),
    )
    reported = pl.when(~pl.col("verified")).then(pl.lit(SELF_REPORTED))
    return (
        found.with_columns(
            pl.col("primary").first().over("task", "split"),
            oracle=pl.col("oracle_method").any().over("entry", "task"),
            status=reported.when("submitted").then(pl.lit(REPRODUCED)).otherwise(pl.lit(RUN_HERE)),
            unverified=~pl.col("verified") & pl.col("streamed"),
            is_line=name.is_in(list(LINES)) & (pl.col("team") == REFERENCE_TEAM),
        )
        .with_columns(
            pl.coalesce(
                one.drop_nulls().first().over("task", "split")
                for one in (score.filter(pl.col("oracle")), oracle_score)
            ).alias("oracle_score"),
            is_contender=score.is_not_null() & ~pl.col("oracle") & ~pl.col("is_line"),
        )
        .with_columns(is_run_here=pl.col("is_contender") & (pl.col("status") == RUN_HERE))
    )


def _places(averages: pl.DataFrame) -> pl.DataFrame:
    """Return the tasks and splits that have results."""
    there = set(averages.select("task", "split").iter_rows())
    found = []
    for name in sorted({name for name, _ in there}):
        task = task_of(name)
        splits = [split for split in task.splits if (name, split) in there]
        found += [
            (name, split, at, split == task.splits[0], splits, bool(task.stream))
            for at, split in enumerate(splits)
        ]
    schema = {"task": pl.String, "split": pl.String, "split_order": pl.Int64, "usual": pl.Boolean}
    schema |= {"splits": pl.List(pl.String), "streamed": pl.Boolean}
    return pl.DataFrame(found, schema=schema, orient="row")


def _entries(board: Board) -> pl.DataFrame:
    found = [(one.id, one.team, one.method, one.name, one.record is not None) for one in board.entries]
    kinds = dict.fromkeys(("entry", "team", "method", "name"), pl.String)
    return pl.DataFrame(found, schema={**kinds, "submitted": pl.Boolean}, orient="row")


def _standing(lines: list[dict[str, Any]], drawn: Mapping[tuple[str, str, str], Draws]) -> Lines:
    """Return the lines of a task and split in their order, with tests."""
    lower_is_better = metric_of(lines[0]["primary"]).lower_is_better
    for line in lines:
        line["lower_is_better"] = lower_is_better
        line["scores"] = {one["name"]: one for one in line["scores"]}
        line["by_split"] = {one["split"]: one["score"] for one in line["by_split"]}
        line["draws"] = drawn.get((line["entry"], line["task"], line["split"]))
    _add_tests(lines)
    best = best_score(lines, lines[0]["split"])
    for line in lines:
        line["is_best"] = reads_as_best(line, line["score"], best)
        line["kind"] = _kind(line)
        del line["draws"]
    worse = 1 if lower_is_better else -1

    def place(line: Line) -> tuple:
        loss = math.inf if line["score"] is None else worse * line["score"]
        return line["oracle"], not line["is_run_here"], loss, line["name"]

    return sorted(lines, key=place)


def _add_tests(lines: list[dict[str, Any]]) -> None:
    """Add each line's test against the reference; none has one where the reference has no draws."""
    tested = {
        line["entry"]: line
        for line in lines
        if line["draws"] is not None
        and line["status"] == RUN_HERE
        and not line["oracle"]
        and not line["is_line"]
    }
    wanted = reference_of(lines[0]["task"]) if tested else None  # which lists all configs
    of_reference = (
        name for name, one in tested.items() if (one["team"], one["method"]) == (REFERENCE_TEAM, wanted)
    )
    base = next(of_reference, None)
    pairs = [] if base is None else [(name, base) for name in tested if name != base]
    primary = lines[0]["primary"]
    compared = [compare_draws(*pair, primary, *(tested[name]["draws"] for name in pair)) for pair in pairs]
    against = {one.method: one for one in correct(compared)}
    for line in lines:
        line["against"] = against.get(line["entry"])
        line["is_reference"] = bool(pairs) and line["entry"] == base


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
