"""``tipbench board build``: the board as a static site."""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.site.build import build


def call(options: argparse.Namespace) -> int:
    """Do it."""
    to, results = expand_home(options.to), expand_home(options.results)
    built = build(results, to, options.quiet, options.draft)
    pages = f"{built.pages:,} pages, {built.entries:,} of them about the methods of one name"
    emit_result(
        {"folder": str(built.folder), "pages": built.pages, "entries": built.entries},
        f"{pages}: open {built.folder / 'index.html'}",
        options,
    )
    return 0
