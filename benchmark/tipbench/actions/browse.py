"""``tipbench data browse``: write the pages of an open release, and say which one to open."""

import argparse
from pathlib import Path

from tipdata.release import Release

from tipbench.actions.data import asked, check_open, open_asked, rows_of
from tipbench.browse.build import browse, check_rows, refuse_taken
from tipbench.browse.table_page import ROWS
from tipbench.console import emit, emit_json


def call(options: argparse.Namespace) -> int:
    """Write the pages; what cannot be done is refused before a release is made."""
    check_open(options.overrides, "and so no truth to browse")
    release, engine, own = asked(options)
    most = rows_of(own, ROWS)
    check_rows(most)
    to = Path(options.to or usual_folder(release))
    refuse_taken(to)
    written = browse(open_asked(release, engine, options), to, most, options.quiet)
    if options.json:
        emit_json({
            "release": release.name, "folder": str(written.folder), "open": str(written.start),
            "pages": written.pages, "bytes": written.bytes,
        })  # fmt: skip
    else:
        emit(
            f"release {release.name}: {written.pages} pages, {written.bytes / 1e6:.0f} MB in {written.folder}"
        )
        emit(f"open {written.start} in a browser")
    return 0


def usual_folder(release: Release) -> str:
    """Return where pages are written unless a folder is named."""
    return f"browse-{release.name.rpartition('/')[2]}"
