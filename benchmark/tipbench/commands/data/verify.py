"""``tipbench data verify``: check a release's files against the published checksums; exit 1 names what differs.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=; engine=, engine.workers=, engine.address=, engine.cluster=, engine.folder=

options:
  --quiet --json

examples:
  tipbench data verify release=small
  tipbench data verify release=small engine.workers=2
"""

import argparse

from tipcore.errors import CheckFailed
from tipcore.spelling import count_of
from tipdata.release import verify_release

from tipbench.commands.data._release import chosen_release
from tipbench.console import emit_either


def call(options: argparse.Namespace) -> None:
    """Verify the release. Raises CheckFailed where it differs from what was published."""
    release, engine = chosen_release(options)
    differences = verify_release(release, engine=engine, quiet=options.quiet)
    text = "\n".join(f"differs: {difference}" for difference in differences)
    text = text or f"release {release.name}: all files match their checksums"
    emit_either({"release": release.name, "differences": differences}, text, options.json)
    if differences:
        raise CheckFailed(f"release {release.name} differs in {count_of(len(differences), 'place')}.")
