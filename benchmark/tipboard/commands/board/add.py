"""``tipbench board add``: add results to a board: of runs, of independent worlds, of a submission.

settings:
  [runs=RUNS]             a folder of runs of one release: the reference methods
  [worlds=RUNS]           a folder of runs on independent worlds: is a ranking stable?
  [submission=FOLDER]     the folder with submission.json, which is checked and scored first
  [data=RELEASE]          with worlds=: of which release, such as 0.4.0/small
  overwrite=false         true: a submission in the place of an earlier one of its team and method

options:
  [--to FOLDER=results]   where results are kept (results)
  --draft --quiet --json

examples:
  tipbench run experiment=board release=small
  tipbench board add runs=runs/0.4.0/small --to results
  tipbench run experiment=worlds release=small
  tipbench board add worlds=runs data=0.4.0/small
  tipbench board add submission=submissions/acme--chao
  tipbench board add submission=submissions/acme--chao overwrite=true

runs= keeps the runs' result.json, tests methods against each task's reference while their predictions are there, and
renders results/README.md and the figure results/board.svg, .png. worlds= keeps scores on worlds of other seeds as
results/RELEASE/worlds.json and says how stable each task's ranking is: Kendall's tau-b between rankings of two worlds
(mean and least), and how many pairs of methods keep their order in every world. submission= is for maintainers: it
keeps submission.json, the scores and bootstrap draws, and predictions under their digests where results/board.yaml
says. `tipbench board build` shows all of it.
"""

import argparse
from pathlib import Path
from typing import Any

from tipbench.console import Column, emit_json, emit_result, emit_table, notice
from tipbench.runs.report import number
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipboard.board.acceptance import accept
from tipboard.board.collection import collect
from tipboard.board.files import store_reference
from tipboard.board.page import PAGE
from tipboard.board.ranks import agreement, friedman, keeps, wins
from tipboard.board.standings import draws_of
from tipboard.board.worlds import TaskScores, collect_worlds, store_stability
from tipboard.commands.board.build import render_page


def call(options: argparse.Namespace) -> int:
    """Add runs, worlds or a submission."""
    named = [key for key in KINDS if getattr(options, key) is not None]
    if len(named) != 1:
        found = f"not {' and '.join(named)}" if named else "none was given"
        raise UsageError(f"name one of runs=, worlds= and submission=: {found}.")
    return KINDS[named[0]](expand_home(getattr(options, named[0])), expand_home(options.to), options)


def _add_runs(runs: Path, to: Path, options: argparse.Namespace) -> int:
    found = collect(runs, options.draft)
    draws = draws_of(found, options.quiet)
    folder = store_reference(to, found, draws)
    page = render_page(to, options.draft)
    untested = sorted({run.result.task for run in found} - {one.task for one in draws})
    if untested:
        text = "no tests and no intervals of ranks, because predictions are missing: "
        notice(text + ", ".join(untested), options.quiet)
    emit_result(
        {"results": len(found), "folder": str(folder), "page": str(page)},
        f"{len(found):,} results in {folder}, rendered as {page}",
        options,
    )
    return 0


def _add_worlds(runs: Path, to: Path, options: argparse.Namespace) -> int:
    stability = collect_worlds(runs, options.data, options.draft)
    path = store_stability(to, stability)
    if (to / PAGE).is_file():
        render_page(to, options.draft)
    for task in stability.tasks:
        for method, why in task.left_out.items():
            notice(f"{task.task}: {method} is left out: {why}", options.quiet)
    if options.json:
        tasks = [_as_json(task) for task in stability.tasks]
        emit_json({"file": str(path), "worlds": list(stability.worlds), "tasks": tasks})
    elif not options.quiet:
        rows = [_row(task) for task in stability.tasks]
        emit_table([Column(name, name in NUMBERS) for name in HEADINGS], rows)
    return 0


def _as_json(task: TaskScores) -> dict[str, Any]:
    one = task.ranking
    tau = agreement(one.scores)
    return {
        "task": task.task,
        "split": task.split,
        "metric": task.metric,
        "methods": one.methods,
        "mean_ranks": one.mean_ranks,
        "wins": wins(one.scores).tolist(),
        "keeps": keeps(one.scores).tolist(),
        "tau_mean": tau.mean,
        "tau_least": tau.least,
        "friedman_p": friedman(one.scores).p,
        "critical_difference": one.critical_difference,
        "groups": one.groups,
    }


NUMBERS = ("methods", "worlds", "tau, mean", "tau, least", "pairs that never turn")
HEADINGS = ("task", "split", *NUMBERS, "best by mean rank")


def _row(task: TaskScores) -> list[str]:
    one = task.ranking
    tau = agreement(one.scores)
    turns, best = "{} of {}".format(*one.never_turn), one.methods[0] if one.methods else "-"
    taus = [number(value) for value in (tau.mean, tau.least)]
    return [task.task, task.split, str(len(one.methods)), str(one.blocks), *taus, turns, best]


def _add_submission(folder: Path, to: Path, options: argparse.Namespace) -> int:
    place, checked = accept(folder, to, options.overwrite, options.quiet, options.draft)
    record, files = checked.record, len(checked.scored)
    emit_result(
        {"id": record.id, "data": record.data, "files": files, "folder": str(place)},
        f"accepted: {record.id} on {record.data}, {files:,} files scored, in {place}",
        options,
    )
    return 0


KINDS = {
    "runs": _add_runs,
    "worlds": _add_worlds,
    "submission": _add_submission,
}
