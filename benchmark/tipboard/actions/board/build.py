"""``tipbench board build``: the board as a static site."""

import argparse
from pathlib import Path

from tipbench.console import emit, emit_json

from tipboard.site.build import build


def call(options: argparse.Namespace) -> int:
    """Do it."""
    to, results = Path(options.to).expanduser(), Path(options.results).expanduser()
    built = build(results, to, options.quiet, options.draft)
    if options.json:
        emit_json({"folder": str(built.folder), "pages": built.pages, "entries": built.entries})
    elif not options.quiet:
        emit(f"{built.pages:,} pages of {built.entries:,} methods: open {built.folder / 'index.html'}")
    return 0
