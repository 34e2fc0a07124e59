"""``tipbench data remove``: delete a release's files; it can be made again, bit by bit the same.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=

options:
  --quiet --json

examples:
  tipbench data remove release=small
  tipbench data remove release=small release.world=3
"""

import argparse

from tipdata.release import remove_release, size_in_words

from tipbench.commands.data._release import chosen_release
from tipbench.console import emit_result


def call(options: argparse.Namespace) -> None:
    """Remove the release's files; of a retired version too."""
    release, _ = chosen_release(options, retired=True)
    freed = remove_release(release)
    emit_result(
        {"release": release.name, "folder": release.place, "bytes": freed},
        f"release {release.name}: {size_in_words(freed)} removed from {release.place}",
        options,
    )
