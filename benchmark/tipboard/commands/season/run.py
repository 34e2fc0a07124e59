"""``tipbench season run``: freeze the packages, make the worlds, and run every package and shipped method on them.

arguments:
  SECRET                  the host's folder of the season

settings:
  [engine.workers=N]      number of processes (one per core)

options:
  --quiet --json

examples, for the host:
  tipbench season run ~/secret/spring
  tipbench season run ~/secret/spring engine.workers=2

A run that was stopped continues where it stopped. It prints "ran", or why it failed, for each entry, and no score.
"""

import argparse

from tipbench.console import Column, emit_json, emit_table, notice
from tipcore.engines import Engine
from tipcore.locations import expand_home

from tipboard.commands import season
from tipboard.seasons.running import run


def call(options: argparse.Namespace) -> None:
    """Run a season."""
    found = run(
        expand_home(options.secret),
        season.now(),
        Engine(workers=options.engine_workers),
        options.quiet,
        notice=lambda said: notice(said, options.quiet),
    )
    if options.json:
        emit_json(found)
    else:
        rows = [
            [entry, task, status] for entry, tasks in found.items() for task, status in sorted(tasks.items())
        ]
        emit_table([Column("entry"), Column("task"), Column("status")], rows)
