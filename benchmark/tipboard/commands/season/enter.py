"""``tipbench season enter``: check submissions and take them in.

arguments:
  SECRET                  the host's folder of the season
  SUBMISSION...           folders of submissions to take in

settings:
  [wheelhouse=FOLDER]     for packages: a folder with their wheels
  [index=URL]             for packages: the https address of a package index

options:
  --quiet --json

examples, for the host:
  tipbench season enter ~/secret/spring their-submission wheelhouse=their-wheels

Each package is installed once to check that it can be, and its wheels are kept. If the season takes files of
predictions, it takes them after `tipbench season run` has frozen the packages.
"""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.commands import season
from tipboard.seasons.entries import enter, is_host
from tipboard.submissions.storage import Packages


def call(options: argparse.Namespace) -> None:
    """Take submissions in, one after the other."""
    house = str(expand_home(options.wheelhouse).absolute()) if options.wheelhouse else ""
    packages, secret = Packages(wheelhouse=house, index=options.index or ""), expand_home(options.secret)
    for word in options.submission:
        described, made = enter(secret, expand_home(word), season.now(), packages)
        what = "predictions" if made.record.predictions else "a package"
        own = ", the host's own" if is_host(made.id) else ""
        about = {"folder": word, "entry": made.id, "season": described.name, "receipt": made.receipt}
        emit_result(
            about | {"host": bool(own)},
            f"{word}: {made.id} entered season {described.name} with {what} of class {made.record.entry_class}{own}\n"
            f"receipt for the team: {made.receipt}",
            options,
        )
