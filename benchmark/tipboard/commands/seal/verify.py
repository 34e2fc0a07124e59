"""``tipbench seal verify``: check a round against its checksums and, once revealed, its seed; exit 1 names differences.

arguments:
  ROUND                   folder of the round as published

settings:
  [receipt=HASH,HASH]     say whether these entries are in the chain; exit 1 where one is not
  [engine.workers=N]      processes (one a core)

options:
  --quiet --json

examples, for everyone:
  tipbench seal verify spring-2027
  tipbench seal verify spring-2027 engine.workers=2
  tipbench seal verify spring-2027 receipt=HASH
"""

import argparse

from tipbench.console import emit, emit_json, notice
from tipcore.engines import Engine
from tipcore.errors import CheckFailed
from tipcore.locations import expand_home

from tipboard.rounds.verify import verify


def call(options: argparse.Namespace) -> int:
    """Verify a round. Raises CheckFailed where it differs from what was published."""
    found = verify(
        expand_home(options.round),
        Engine(workers=options.engine_workers),
        quiet=options.quiet,
        receipts=tuple(options.receipt.split(",")) if options.receipt else (),
    )
    state = "revealed" if found.revealed else "sealed"
    if options.json:
        told = {name: getattr(found, name) for name in ("files", "differences", "notes", "receipts")}
        emit_json({"round": found.round.name, "state": state, **told})
    elif found.differences:
        emit("\n".join(f"differs: {note}" for note in found.differences))
    else:
        what = (
            "the seed matches the commitment, every published column, the units and the answers"
            if found.revealed
            else "every file and column is as published; what the seed gives can be checked once it is revealed"
        )
        emit(f"round {found.round.name} ({state}): {what}")
    if found.receipts and not options.json:
        emit("\n".join(found.receipts))
    for note in found.notes:
        notice(f"note: {note}", options.quiet)
    if found.differences:
        raise CheckFailed(f"round {found.round.name} differs in {len(found.differences):,} places.")
    return 0
