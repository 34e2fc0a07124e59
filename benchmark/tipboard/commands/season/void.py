"""``tipbench season void``: declare a season, or one of its entries, void, for a reason that is published.

arguments:
  SECRET                  the host's folder of the season

settings:
  reason=TEXT             one line
  [entry=TEAM--METHOD]    this entry only (the whole season)

options:
  --quiet --json

examples, for the host:
  tipbench season void ~/secret/spring entry=acme--chao reason="Withdrawn by its authors."
  tipbench season void ~/secret/spring reason="The key was lost."
"""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.commands import season
from tipboard.seasons.entries import make_void


def call(options: argparse.Namespace) -> None:
    """Make a season or an entry void."""
    void = make_void(expand_home(options.secret), options.reason, season.now(), options.entry)
    emit_result(void.model_dump(mode="json"), f"{void.entry or 'the season'} is void: {void.reason}", options)
