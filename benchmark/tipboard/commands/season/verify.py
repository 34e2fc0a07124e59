"""``tipbench season verify``: check a closed season against its commitment; if anything differs, list it and exit 1.

arguments:
  SEASON                  the published folder of the season

settings:
  all=false               true: fit every cell of the shipped methods again, not one per task; with results=,
                          their predictions need not be there
  [results=FOLDER]        a board, whose store holds the predictions (the published folder)
  [engine.workers=N]      number of processes (one per core)

options:
  --quiet --json

examples, for everyone:
  tipbench season verify spring-2027
  tipbench season verify results/seasons/spring-2027 results=results all=true
"""

import argparse

from tipbench.console import emit, emit_json, fit_terminal, notice
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
        about = {
            name: getattr(found, name) for name in ("closed", "differences", "notes", "fitted", "unchecked")
        }
        emit_json({"season": found.season.name, **about})
    elif found.differences:
        emit(fit_terminal("\n".join(f"differs: {one}" for one in found.differences)))
    elif found.closed:
        said = (
            f"season {found.season.name}: key and terms give the commitment; entries, worlds, truth and scores are "
            f"consistent with them; {count_of(found.fitted, 'cell')} fitted again gave the same scores"
        )
        if found.unchecked:
            lacking = count_of(found.unchecked, "result")
            said += f"; {lacking} of oracles and entries could not be checked, as the board lacks their predictions"
        emit(fit_terminal(said))
    else:
        emit(f"season {found.season.name} is not closed")
    for note in found.notes:
        notice(fit_terminal(f"note: {note}"), options.quiet)
    if found.differences:
        differing = count_of(len(found.differences), "place")
        raise CheckFailed(f"season {found.season.name} differs in {differing}.")
