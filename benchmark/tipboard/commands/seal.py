"""``tipbench seal``: gone with sealed rounds, which seasons replace.

examples:
  tipbench seal --help
"""

import argparse

from tipcore.errors import UsageError


def call(options: argparse.Namespace) -> int:
    """Refuse: only an environment that was installed before 0.6.0 still lists the command."""
    raise UsageError(
        "sealed rounds are gone: submit to a season, as docs/board.md says, and install tipbench again."
    )
