"""``tipbench season verify``: check a closed season against its commitment; exit 1 names what differs.

arguments:
  SEASON                  folder of the season as published

settings:
  all=false               true: fit every cell of a shipped method again, not one a task
  [results=FOLDER]        a board, in whose store predictions lie (the published folder)
  [engine.workers=N]      processes (one a core)

options:
  --quiet --json

examples, for everyone:
  tipbench season verify spring-2027
  tipbench season verify results/seasons/spring-2027 results=results all=true
"""

import argparse

from tipbench.console import emit, emit_json, notice
from tipcore.engines import Engine
from tipcore.errors import CheckFailed
from tipcore.locations import expand_home
from tipcore.spelling import count_of

from tipboard.seasons.verification import verify


def call(options: argparse.Namespace) -> None:
    """Verify a season. Raises CheckFailed where it differs."""
    found = verify(
        expand_home(options.season),
        options.all,
        expand_home(options.results) if options.results else None,
        Engine(workers=options.engine_workers),
        options.quiet,
    )
    if options.json:
        told = {name: getattr(found, name) for name in ("closed", "differences", "notes", "fitted")}
        emit_json({"season": found.season.name, **told})
    elif found.differences:
        emit("\n".join(f"differs: {one}" for one in found.differences))
    elif found.closed:
        emit(
            f"season {found.season.name}: key and terms give the commitment; entries, worlds, truth and scores follow; "
            f"the scores of {count_of(found.fitted, 'cell')} are the same when fitted again"
        )
    else:
        emit(f"season {found.season.name} is not closed")
    for note in found.notes:
        notice(f"note: {note}", options.quiet)
    if found.differences:
        differing = count_of(len(found.differences), "place")
        raise CheckFailed(f"season {found.season.name} differs in {differing}.")
