"""``tipbench completion``: print the tab-completion script for your shell."""

import argparse

EXAMPLES = """\
examples:
  eval "$(tipbench completion bash)"                           for this shell
  tipbench completion bash >> ~/.bashrc                        for every new one
  tipbench completion fish > ~/.config/fish/completions/tipbench.fish"""

SHELLS = ("bash", "zsh", "fish", "powershell")


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument("shell", choices=SHELLS, help="the shell that the words are for")
    parser.set_defaults(call="tipbench.actions.completion:call")
