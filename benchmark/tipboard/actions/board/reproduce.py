"""``tipbench board reproduce``: maintainers run an entry's method themselves."""

import argparse
from dataclasses import asdict

from tipbench.console import Column, emit_json, emit_table
from tipbench.runs.report import NOTHING, number
from tipcore.locations import expand_home

from tipboard.board.files import newest
from tipboard.board.reproduction import reproduce


def call(options: argparse.Namespace) -> int:
    """Do it."""
    results = expand_home(options.results)
    data = newest(results, options.data, options.draft)
    found = reproduce(results, data, options.entry, options.task, options.split, options.quiet)
    if options.json:
        emit_json([asdict(one) for one in found])
        return 0
    columns = [Column("task"), Column("split"), Column("seed", True), Column("uploaded", True)]
    columns += [
        Column("reproduced", True),
        Column("fresh world", True),
        Column("supported"),
        Column("predictions"),
    ]
    rows = [
        [
            *(one.task, one.split, str(one.seed), number(one.stored), number(one.found), number(one.fresh)),
            *(_supported(one.supported), _predictions(one.same)),
        ]
        for one in found
    ]
    emit_table(columns, rows)
    return 0


def _supported(supported: bool | None) -> str:
    return NOTHING if supported is None else "yes" if supported else "no"


def _predictions(same: bool) -> str:
    return "the same" if same else "differ"
