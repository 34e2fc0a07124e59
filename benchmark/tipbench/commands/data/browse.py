"""``tipbench data browse``: write pages of a release to read in a browser: tables, adverts, cases; no server.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=
  rows=1000               on the page of a table

options:
  [--to FOLDER]           where the pages are written (browse-tiny for tiny)
  --quiet --json

examples:
  tipbench data browse                                         tiny, to the folder browse-tiny
  tipbench data browse release=small --to pages                the same of 64 regions: samples of the same size
  tipbench data browse release=tiny rows=5000                  more rows on the page of a table

Open index.html of the folder in a browser. The pages need no server and no network. Truth is covered until you choose
to see it. Of a table with more rows than a page shows, rows are drawn at random, the same for everybody.
"""

import argparse
from pathlib import Path

from tipbench.browse.build import browse, check_rows, refuse_taken
from tipbench.commands.data._release import check_open, chosen_release, open_chosen
from tipbench.commands.data._release import check_rows as check_number
from tipbench.console import emit_either


def call(options: argparse.Namespace) -> None:
    """Write the pages. Bad input is refused before a release is made."""
    check_open(options.overrides, "and so no truth to browse")
    release, engine = chosen_release(options)
    most = check_number(options.rows)
    check_rows(most)
    to = Path(options.to or f"browse-{release.name.rpartition('/')[2]}")
    refuse_taken(to)
    written = browse(open_chosen(release, engine, options), to, most, options.quiet)
    made = {"release": release.name, "folder": str(written.folder), "open": str(written.start)}
    text = f"release {release.name}: {written.pages} pages, {written.bytes / 1e6:.0f} MB in {written.folder}"
    emit_either(
        {**made, "pages": written.pages, "bytes": written.bytes},
        f"{text}\nopen {written.start} in a browser",
        options.json,
    )
