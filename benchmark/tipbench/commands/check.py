"""``tipbench check``: check that a method follows the rules in docs/contract.md."""

import argparse

from tipbench.commands.options import add_config_dir, add_json, add_overrides, add_quiet

EXAMPLES = """\
examples:
  tipbench check my_module.MyMethod task=advert_risk
  tipbench check my_module.MyMethod task=advert_risk baseline.method.depth=3
  tipbench check advert_risk/mine --config-dir configs
  tipbench check advert_risk/tfidf_logreg --json

The method is run several times on two regions of release=tiny, in less than a minute for most. The first
promise that is broken is named, with what to do, and the exit code is 1. See docs/contract.md."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "method", metavar="METHOD", help="a baseline as TASK/NAME, or a class as module.Class"
    )
    add_overrides(parser, "task= of a class, access=, labels=, baseline.method.<argument>=")
    add_config_dir(parser)
    add_json(parser)
    add_quiet(parser)
    parser.set_defaults(call="tipbench.actions.check:call", own_code=True)
