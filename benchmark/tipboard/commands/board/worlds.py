"""``tipbench board worlds``: what methods score in independent worlds, kept beside a board."""

import argparse
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_draft, add_json, add_quiet, parser_of
from tipbench.console import Column, emit_json, emit_table, notice
from tipbench.runs.report import number

from tipboard.board.page import PAGE
from tipboard.board.stability import Stable, stable, store
from tipboard.board.world_runs import collect
from tipboard.commands.board.results import render_page

EXAMPLES = """\
examples:
  tipbench run experiment=worlds release=small
  tipbench board worlds --runs runs --data 0.3.0/small

The first command runs every method on five worlds of other seeds. The second keeps their scores as
results/<release>/worlds.json and says how stable each task's ranking is: Kendall's tau-b between
rankings of two worlds (mean and least), and how many pairs of methods keep their order in every world.
`tipbench board build` shows mean ranks with critical differences, and every pair."""


def add(actions: Any) -> None:
    """Declare the action."""
    one = parser_of(actions, "worlds", "keep scores over independent worlds: is a ranking stable?", EXAMPLES)
    one.add_argument(
        "--runs", default="runs", metavar="RUNS", help="folder of runs on independent worlds (runs)"
    )
    one.add_argument("--to", default="results", metavar="FOLDER", help="where results are kept (results)")
    one.add_argument("--data", metavar="RELEASE", help="of which release, such as 0.3.0/small")
    add_draft(one)
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    runs, to = Path(options.runs).expanduser(), Path(options.to).expanduser()
    stability = collect(runs, options.data, options.draft)
    path = store(to, stability)
    if (to / PAGE).is_file():
        render_page(to, options.draft)
    found = [stable(task) for task in stability.tasks]
    for task in stability.tasks:
        for method, why in task.left_out.items():
            notice(f"{task.task}: {method} is left out: {why}", options.quiet)
    if options.json:
        emit_json(
            {"file": str(path), "worlds": list(stability.worlds), "tasks": [_as_json(one) for one in found]}
        )
    elif not options.quiet:
        _emit(found)
    return 0


def _as_json(one: Stable) -> dict[str, Any]:
    return {
        "task": one.task,
        "split": one.split,
        "metric": one.metric,
        "methods": list(one.methods),
        "mean_ranks": list(one.mean_ranks),
        "wins": one.wins.tolist(),
        "keeps": one.keeps.tolist(),
        "tau_mean": one.tau.mean,
        "tau_least": one.tau.least,
        "friedman_p": one.friedman.p,
        "critical_difference": one.critical_difference,
        "groups": [list(group) for group in one.groups],
    }


def _emit(found: list[Stable]) -> None:
    columns = [Column("task"), Column("split"), Column("methods", True), Column("worlds", True)]
    columns += [Column("tau, mean", True), Column("tau, least", True), Column("pairs that never turn", True)]
    columns += [Column("best by mean rank")]
    rows = [
        [
            one.task,
            one.split,
            str(len(one.methods)),
            str(one.worlds),
            number(one.tau.mean),
            number(one.tau.least),
            "{} of {}".format(*one.never_turn),
            one.methods[0] if one.methods else "-",
        ]
        for one in found
    ]
    emit_table(columns, rows)
