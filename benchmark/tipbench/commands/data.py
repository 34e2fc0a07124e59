"""``tipbench data``: make, verify, remove, describe or preview a release."""

import argparse

from tipbench.commands.options import add_config_dir, add_json, add_overrides, add_quiet, parser_of

ABOUT = {
    "make": "generate a release, region by region; goes on where it was interrupted",
    "verify": "check a release's files against the published checksums; exit 1 names what differs",
    "remove": "delete a release's files; it can be made again, bit by bit the same",
    "describe": "tables, columns, and marginals beside the published aggregates",
    "preview": "some rows of a table, adverts as cards; or of your own data, as methods are handed them",
}

EXAMPLES = """\
examples:
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data verify release=small
  tipbench data make release=small release.world=3             an independent world, for stability of rankings
  tipbench data remove release=small
  tipbench data describe release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data preview data=sms_spam data.path=FOLDER rows=3

Releases live in $TIPBENCH_HOME, by default the user's cache folder."""

ACTION_EXAMPLES = {
    "make": """\
examples:
  tipbench data make release=small
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data make release=small release.world=3             an independent world, for stability of rankings""",
    "verify": """\
examples:
  tipbench data verify release=small
  tipbench data verify release=small engine.workers=2""",
    "remove": """\
examples:
  tipbench data remove release=small
  tipbench data remove release=small release.world=3""",
    "describe": """\
examples:
  tipbench data describe release=tiny
  tipbench data describe release=tiny --json""",
    "preview": """\
examples:
  tipbench data preview release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data preview data=sms_spam data.path=FOLDER rows=3""",
}
"""Examples of each action, for its own help."""

OWN_KEYS = {"preview": ("table", "rows", "language")}
"""Keys of an action's own, beside release and engine."""
AT_WORK = ("make", "verify")
"""Actions whose work is shared out to workers. Others take the keys of an engine too, and need none."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, about in ABOUT.items():
        one = parser_of(
            actions, action, about, ACTION_EXAMPLES[action], f"tipbench.actions.data:call_{action}"
        )
        own = ", engine=, engine.workers=" if action in AT_WORK else ""
        own += "".join(f", {key}=" for key in OWN_KEYS.get(action, ()))
        own += ", or data= and split= of your own data" if action == "preview" else ""
        add_overrides(one, f"release=, release.world={own}")
        if action == "preview":
            add_config_dir(one)
        else:
            one.set_defaults(config_dir=None)
        add_quiet(one)
        add_json(one)
