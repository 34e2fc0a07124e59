"""``tipbench season close``: publish the key, the scores, and the truth of the published folds.

arguments:
  SECRET                  the host's folder of the season

settings:
  [results=FOLDER]        a board, whose store keeps the predictions (the published folder)

options:
  [--to FOLDER]           the published folder (where it was published)
  --quiet --json

examples, for the host:
  tipbench season close ~/secret/spring
  tipbench season close ~/secret/spring --to results/seasons/spring-2027 results=results
"""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.commands import season
from tipboard.seasons.closing import close_season


def call(options: argparse.Namespace) -> None:
    """Close a season."""
    to, results = (expand_home(one) if one else None for one in (options.to, options.results))
    made, folder = close_season(expand_home(options.secret), season.now(), to, results)
    emit_result(
        {"season": made.name, "to": str(folder)},
        f"season {made.name} is closed: everyone can now run `tipbench season verify {folder}`",
        options,
    )
