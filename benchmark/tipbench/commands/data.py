"""``tipbench data``: make, verify, remove, describe, preview, judge or lint a release, or tell a case of it."""

import argparse

from tipbench.commands.options import add_config_dir, add_json, add_overrides, add_quiet, parser_of

ABOUT = {
    "make": "generate a release, region by region; goes on where it was interrupted",
    "verify": "check a release's files against the published checksums; exit 1 names what differs",
    "remove": "delete a release's files; it can be made again, bit by bit the same",
    "describe": "tables, columns, and marginals beside the published aggregates",
    "fidelity": "hold a release against what is published: passes, failures, and what is not modelled; or against "
    "data of your own",
    "lint": "read every string of a release, or of any folder of one, for what the safety rules forbid",
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
  tipbench data fidelity release=small --figure fidelity.png
  tipbench data lint release=small
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
    "fidelity": """\
examples:
  tipbench data fidelity release=small
  tipbench data fidelity release=small --figure fidelity.png --strict
  tipbench data fidelity release=tiny release.world=3            an independent world
  tipbench data fidelity release=tiny assumptions=2              all that is assumed drawn anew, for this alone
  tipbench data fidelity release=small data=sms_spam data.path=FOLDER

Each line says what was published, the band in which the release should lie, what it has with an interval, and how the
number was used when the world was made. Failures are shown and are no error, unless --strict asks for one (exit code
1). With data= the release is held against real data of your own, column by column: docs/fidelity.md.""",
    "lint": """\
examples:
  tipbench data lint release=small
  tipbench data lint FOLDER                                      any folder with tables of a release
  tipbench data lint release=tiny --text                         the sources of all texts as well

Exit code 1 where anything is found, with file, row and rule. The rules are those of docs/ethics.md.""",
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

OWN_KEYS = {"fidelity": ("assumptions",), "preview": ("table", "rows", "language")}
"""Keys of an action's own, beside release and engine."""
AT_WORK = ("make", "verify", "fidelity")
"""Actions whose work is shared out to workers. Others take the keys of an engine too, and need none."""

APART = ("fidelity", "lint", "story")
"""Actions with a file of their own."""
OF_YOUR_OWN = {
    "preview": ", or data= and split= of your own data",
    "fidelity": ", and data= of your own data",
}
"""What actions say of a user's own data."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, about in ABOUT.items():
        call = f"{action}:call" if action in APART else f"data:call_{action}"
        one = parser_of(actions, action, about, ACTION_EXAMPLES[action], f"tipbench.actions.{call}")
        own = ", engine=, engine.workers=" if action in AT_WORK else ""
        own += "".join(f", {key}=" for key in OWN_KEYS.get(action, ()))
        own += OF_YOUR_OWN.get(action, "")
        if action == "story":
            _add_story(one)
        elif action == "lint":
            _add_lint(one)
        else:
            add_overrides(one, f"release=, release.world={own}")
        if action == "fidelity":
            _add_fidelity(one)
        if action in OF_YOUR_OWN:
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
        help="number of an operation (else the trafficking operation that is seen best); release=, release.world=",
    )
    parser.add_argument("--find", metavar="FILTERS", help='list candidates, such as "form=labour views>=4"')
    parser.add_argument("--figure", metavar="PATH", help="draw it as well: .png, .svg or .pdf")


def _add_fidelity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--figure", metavar="PATH", help="draw it as well: .png, .svg or .pdf")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 where an aggregate lies outside its band"
    )


def _add_lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="FOLDER, key=value",
        help="a folder of parquet files, or release=, release.world= (made first where it is missing)",
    )
    parser.add_argument(
        "--text", action="store_true", help="also read every string that the sources can make (a minute)"
    )
