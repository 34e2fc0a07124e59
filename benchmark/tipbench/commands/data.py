"""``tipbench data``: make, verify, remove, describe or preview a release, or tell a case of it."""

import argparse

from tipbench.commands.options import RELEASE, add_config_dir, add_json, add_overrides, add_quiet, parser_of

ABOUT = {
    "make": "generate a release, region by region; goes on where it was interrupted",
    "verify": "check a release's files against the published checksums; exit 1 names what differs",
    "remove": "delete a release's files; it can be made again, bit by bit the same",
    "describe": "tables, columns, and marginals beside the published aggregates",
    "preview": "some rows of a table, adverts as cards; or of your own data, as methods are handed them",
    "story": "tell one operation from all tables, truth shown, as text, figure or JSON",
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
  tipbench data story release=tiny
  tipbench data story --find "form=labour views>=4"

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
    "story": """\
examples:
  tipbench data story                                          the trafficking operation that is seen best
  tipbench data story --find "form=labour views>=4"            candidates, with the rows seen of each
  tipbench data story --find "kind=business movement>0"        lawful operations have stories too
  tipbench data story OPERATION --figure case.png              one of them, told and drawn
  tipbench data story OPERATION --json

A view is a part of the data that one kind of holder has: adverts, conversations, payments, movement (circuits and
bookings), firms, help (helpline and queue). It counts with three rows within the operation's life, help with one
helpline contact as well. Filters: form, kind, organisation, language, category and posts with =; region, views and
each view with =, >=, <=, < and >. All must hold; a space within a value is written as -.

What fits a trafficking case fits lawful work as well: compare a story of kind=business or kind=independent.""",
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
        call = "story:call" if action == "story" else f"data:call_{action}"
        one = parser_of(actions, action, about, ACTION_EXAMPLES[action], f"tipbench.actions.{call}")
        own = ", engine=, engine.workers=" if action in AT_WORK else ""
        own += "".join(f", {key}=" for key in OWN_KEYS.get(action, ()))
        own += ", or data= and split= of your own data" if action == "preview" else ""
        if action == "story":
            _add_story(one)
        else:
            add_overrides(one, f"{RELEASE}, release.world={own}")
        if action == "preview":
            add_config_dir(one)
        else:
            one.set_defaults(config_dir=None)
        add_quiet(one)
        add_json(one)


def _add_story(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="OPERATION, key=value",
        help=f"number of an operation (else the trafficking operation that is seen best); {RELEASE}, release.world=",
    )
    parser.add_argument(
        "--find", metavar="FILTERS", help='list candidates, such as "form=labour views>=4"; "" lists all'
    )
    parser.add_argument("--figure", metavar="PATH", help="draw it as well: .png, .svg or .pdf")
