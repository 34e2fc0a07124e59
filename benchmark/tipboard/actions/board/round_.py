"""``tipbench board round``: keep a sealed round that has closed."""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.board.rounds import keep_round


def call(options: argparse.Namespace) -> int:
    """Do it."""
    place = keep_round(expand_home(options.round), expand_home(options.to))
    emit_result({"folder": str(place)}, f"kept in {place}", options)
    return 0
