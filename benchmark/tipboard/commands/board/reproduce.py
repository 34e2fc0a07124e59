"""``tipbench board reproduce``: run the pinned package of an entry and store its scores.

arguments:
  ENTRY                   an entry of the board: TEAM--METHOD

settings:
  [task=TASK,TASK]        only these tasks
  [split=SPLIT,SPLIT]     only these splits
  results=results         where results are kept
  [data=RELEASE]          the release of the board, such as 0.5.0/small (the newest)

options:
  --draft --quiet --json

examples:
  tipbench board reproduce acme--chao
  tipbench board reproduce acme--chao task=prevalence split=all
  tipbench board reproduce tipbench--minhash_lsh       a reference method, checked against its digests

The package that a submission pins is installed into a new environment and run there, so that access and
streaming are enforced. Its scores are then marked as reproduced. It is other people's code, and the fence
is not a virtual machine: use a machine that holds nothing else.
"""

import argparse
from dataclasses import asdict

from tipbench.console import Column, emit_json, emit_table
from tipbench.runs.report import number
from tipcore.locations import expand_home

from tipboard.board.files import newest
from tipboard.board.reproduction import reproduce


def call(options: argparse.Namespace) -> None:
    """Run it again."""
    results = expand_home(options.results)
    data = newest(results, options.data, options.draft)
    tasks, splits = (text.split(",") if text else [] for text in (options.task, options.split))
    found = reproduce(results, data, options.entry, tasks, splits, options.quiet)
    if options.json:
        return emit_json([asdict(one) for one in found])
    numbers = ("seed", "uploaded", "reproduced")
    columns = [Column(name, name in numbers) for name in ("task", "split", *numbers, "predictions")]
    rows = [
        [
            *(one.task, one.split, str(one.seed), number(one.stored), number(one.found)),
            "the same" if one.same else "differ",
        ]
        for one in found
    ]
    emit_table(columns, rows)
