"""``tipbench data``: make a release, check it, look at it, hold it against what is known, and publish it."""

import argparse

from tipcore.engines import KEYS

from tipbench.commands.data_actions import ACTIONS
from tipbench.commands.options import RELEASE, add_config_dir, add_json, add_overrides, add_quiet, parser_of

EXAMPLES = """\
examples:
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data verify release=small
  tipbench data describe release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data browse release=tiny
  tipbench data story --find "form=labour views>=3"
  tipbench data fidelity release=small --figure fidelity.png
  tipbench data export release=tiny --to exports/tiny
  tipbench data story --help                                   each action teaches itself

Releases live in $TIPBENCH_HOME, by default the user's cache folder."""

ENGINE = ("engine", *(f"engine.{key}" for key in KEYS if key != "parameters"))
"""What can be said of who does the work."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for name, action in ACTIONS.items():
        call = f"{name}:call" if action.apart else f"data:call_{name}"
        one = parser_of(actions, name, action.about, action.examples, f"tipbench.actions.{call}")
        if action.words is not None:
            metavar, about = action.words
            one.add_argument("overrides", nargs="*", metavar=metavar, help=about)
        else:
            keys = [*(ENGINE if action.at_work else ()), *action.keys]
            listed = "".join(f", {key}=" for key in keys)
            add_overrides(one, f"{RELEASE}, release.world={listed}{action.own_data}")
        if action.arguments is not None:
            action.arguments(one)
        if action.own_data:
            add_config_dir(one)
        else:
            one.set_defaults(config_dir=None)
        add_quiet(one)
        add_json(one)
