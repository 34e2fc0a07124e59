"""``tipbench board reproduce``: maintainers run an entry's method themselves."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_board, add_json, add_quiet, parser_of
from tipbench.console import Column, emit_json, emit_table
from tipbench.runs.report import number

from tipboard.board.files import newest
from tipboard.board.reproduction import reproduce

EXAMPLES = """\
examples:
  tipbench board reproduce acme--chao
  tipbench board reproduce acme--chao --task prevalence --split all
  tipbench board reproduce tipbench--minhash_lsh       a reference method, held against its digests

The package that a submission pins is installed into a new environment and run there, so that access and
streaming are enforced; its scores are then ranked as reproduced. It is other people's code and runs with
your rights: use a machine that holds nothing else."""


def add(actions: Any) -> None:
    """Declare the action."""
    one = parser_of(
        actions, "reproduce", "run the pinned package of an entry and store what it scores", EXAMPLES
    )
    one.add_argument("entry", metavar="TEAM--METHOD", help="an entry of the board")
    one.add_argument("--task", action="append", default=[], metavar="TASK", help="only this; repeat for more")
    one.add_argument(
        "--split", action="append", default=[], metavar="SPLIT", help="only this; repeat for more"
    )
    add_board(one)
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    results = Path(options.results).expanduser()
    data = newest(results, options.data, options.draft)
    found = reproduce(results, data, options.entry, options.task, options.split, options.quiet)
    if options.json:
        emit_json([asdict(one) for one in found])
        return 0
    columns = [Column("task"), Column("split"), Column("seed", True), Column("uploaded", True)]
    columns += [Column("reproduced", True), Column("predictions")]
    rows = [
        [one.task, one.split, str(one.seed), number(one.stored), number(one.found), _predictions(one.same)]
        for one in found
    ]
    emit_table(columns, rows)
    return 0


def _predictions(same: bool) -> str:
    return "the same" if same else "differ"
