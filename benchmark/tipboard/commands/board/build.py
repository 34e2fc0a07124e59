"""``tipbench board build``: the board as a static site."""

import argparse
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_draft, add_json, add_quiet, add_results, parser_of
from tipbench.console import emit, emit_json

from tipboard.site.build import build

EXAMPLES = """\
examples:
  tipbench board build --to site
  tipbench board build --results results --to site --json

Open site/index.html: it needs no server and no network. The folder is new, empty, or was made by
an earlier build, which is then replaced in one step."""


def add(actions: Any) -> None:
    """Declare the action."""
    one = parser_of(actions, "build", "make a site of the results, to be opened from disk", EXAMPLES)
    one.add_argument("--to", required=True, metavar="FOLDER", help="where the site is made")
    add_results(one)
    add_draft(one)
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    to, results = Path(options.to).expanduser(), Path(options.results).expanduser()
    built = build(results, to, options.quiet, options.draft)
    if options.json:
        emit_json({"folder": str(built.folder), "pages": built.pages, "entries": built.entries})
    elif not options.quiet:
        emit(f"{built.pages:,} pages of {built.entries:,} methods: open {built.folder / 'index.html'}")
    return 0
