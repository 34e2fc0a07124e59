"""``tipbench completion``: print the tab-completion script for your shell.

arguments:
  SHELL=bash|zsh|fish|powershell  the shell that the words are for

examples:
  eval "$(tipbench completion bash)"                           for this shell
  tipbench completion bash >> ~/.bashrc                        for every new one
  tipbench completion fish > ~/.config/fish/completions/tipbench.fish
"""

import argparse

from tipbench.console import emit


def call(options: argparse.Namespace) -> None:
    """Print the lines for a shell."""
    from argcomplete.shell_integration import shellcode

    emit(shellcode(["tipbench"], shell=options.shell))  # nosec B604 # the name of a shell; none is started
