"""``tipbench board round``: keep a sealed round that has closed."""

import argparse

from tipbench.console import emit, emit_json
from tipcore.home import expanded

from tipboard.board.rounds import keep_round


def call(options: argparse.Namespace) -> int:
    """Do it."""
    place = keep_round(expanded(options.round), expanded(options.to))
    if options.json:
        emit_json({"folder": str(place)})
    elif not options.quiet:
        emit(f"kept in {place}")
    return 0
