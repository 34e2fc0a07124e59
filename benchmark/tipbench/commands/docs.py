"""``tipbench docs``: list the documents that came with this installation, or print one."""

import argparse

EXAMPLES = """\
examples:
  tipbench docs                                                all pages, and the folder that holds them
  tipbench docs ethics                                         one of them
  tipbench docs tasks/advert_risk
  tipbench docs README"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    about = "a page, by its name from that list; all are listed where none is given"
    parser.add_argument("page", nargs="?", metavar="PAGE", help=about)
    parser.add_argument("--json", action="store_true", help="JSON alone on standard output")
    parser.set_defaults(call="tipbench.actions.docs:call")
