"""``tipbench board worlds``: what methods score in independent worlds, kept beside a board."""

import argparse
from typing import Any

from tipbench.console import Column, emit_json, emit_table, notice
from tipbench.runs.report import number
from tipcore.locations import expand_home

from tipboard.actions.board.results import render_page
from tipboard.board.page import PAGE
from tipboard.board.worlds import Stable, collect_worlds, stable, store_stability


def call(options: argparse.Namespace) -> int:
    """Do it."""
    runs, to = expand_home(options.runs), expand_home(options.to)
    stability = collect_worlds(runs, options.data, options.draft)
    path = store_stability(to, stability)
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
