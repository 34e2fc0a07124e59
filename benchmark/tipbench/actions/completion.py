"""``tipbench completion``: print what makes a shell complete commands, options and overrides."""

import argparse

from tipbench.console import emit


def call(options: argparse.Namespace) -> int:
    """Print the lines for a shell."""
    from argcomplete.shell_integration import shellcode

    emit(shellcode(["tipbench"], shell=options.shell))  # nosec B604 # the name of a shell; none is started
    return 0
