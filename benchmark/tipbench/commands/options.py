"""Options that commands share."""

import argparse
from typing import Any

RELEASE = "release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3)"
"""What ``release=`` takes, for help."""


def parser_of(
    actions: Any, name: str, about: str, examples: str, call: str | None = None
) -> argparse.ArgumentParser:
    """Return the parser of one action of a command: its name, a line about it, examples that teach it, and by name the
    function that does it, if it has no actions of its own."""
    form = argparse.RawDescriptionHelpFormatter
    parser = actions.add_parser(name, help=about, description=about, epilog=examples, formatter_class=form)
    parser.set_defaults(call=call)
    return parser


def add_overrides(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("overrides", nargs="*", metavar="key=value", help=about)


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config-dir", metavar="FOLDER", help="configs of your own: baseline/, data/, experiment/"
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results", default="results", metavar="FOLDER", help="where results are kept (results)"
    )


def add_draft(parser: argparse.ArgumentParser) -> None:
    about = "also show data versions that are not released yet, marked as drafts"
    parser.add_argument("--draft", action="store_true", help=about)


def add_board(parser: argparse.ArgumentParser) -> None:
    """Declare the folder of boards, and which of them."""
    add_results(parser)
    add_draft(parser)
    parser.add_argument("--data", metavar="RELEASE", help="the board, such as 0.4.0/small (the newest)")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON alone on standard output")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="no progress and no notices")
