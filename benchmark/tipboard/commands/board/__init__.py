"""``tipbench board``: keep results, render them, build a site and export tables."""

import argparse

from tipboard.commands.board import accept, build, export, reproduce, rescore, results, round_, worlds

EXAMPLES = """\
examples:
  tipbench run experiment=board release=small
  tipbench board results --runs runs/0.3.0/small --to results
  tipbench board accept submissions/acme--chao
  tipbench board build --to site
  tipbench board export latex --task advert_risk

`tipbench board ACTION --help` teaches an action."""

ACTIONS = (results, worlds, accept, rescore, reproduce, round_, build, export)


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions, one module each."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action in ACTIONS:
        action.add(actions)
