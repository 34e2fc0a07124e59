"""``tipbench board round``: keep a sealed round that has closed."""

import argparse
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_json, add_quiet, parser_of
from tipbench.console import emit, emit_json

from tipboard.board.rounds import keep_round

EXAMPLES = """\
examples:
  tipbench seal score ~/secret/spring-2027        after the close: writes scores.json
  tipbench board round spring-2027                keeps the round's terms, scores and, once revealed, its seed
  tipbench board build --to site                  shows them"""


def add(actions: Any) -> None:
    """Declare the action."""
    one = parser_of(actions, "round", "keep the scores of a sealed round that has closed", EXAMPLES)
    one.add_argument("round", metavar="FOLDER", help="the round as published, with scores.json")
    one.add_argument("--to", default="results", metavar="FOLDER", help="where results are kept (results)")
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    place = keep_round(Path(options.round).expanduser(), Path(options.to).expanduser())
    if options.json:
        emit_json({"folder": str(place)})
    elif not options.quiet:
        emit(f"kept in {place}")
    return 0
