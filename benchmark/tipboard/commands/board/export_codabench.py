"""``tipbench board export codabench``: a sealed round as a bundle for a competition host."""

import argparse
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_json, add_quiet, parser_of
from tipbench.console import emit, emit_json, notice

from tipboard.codabench.bundle import BundleOrder, export

EXAMPLES = """\
examples:
  tipbench board export codabench ~/secret/spring-2027 --to ~/secret/spring-2027.zip
  tipbench board export codabench ~/secret/spring-2027 --to bundle.zip --image example/tipbench-scoring:0.3.0

The bundle is for the upload to the host alone: it holds the answers. Without --image the libraries
are installed at every run, which needs a network there. See docs/codabench.md."""


def add(kinds: Any) -> None:
    """Declare the format."""
    one = parser_of(
        kinds, "codabench", "a sealed round as a competition bundle, for its host alone", EXAMPLES
    )
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument("--to", required=True, metavar="FILE", help="the .zip file to write")
    one.add_argument("--image", metavar="IMAGE", help="docker image that has the libraries (Python's own)")
    one.add_argument("--title", metavar="TEXT", help="of the competition (the round's name)")
    one.add_argument("--round", metavar="FOLDER", help="the published folder (where it was published)")
    one.add_argument("--overwrite", action="store_true", help="replace the file if it is there")
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    order = BundleOrder(
        secret=Path(options.secret).expanduser(),
        to=Path(options.to),
        image=options.image,
        title=options.title,
        round_folder=Path(options.round) if options.round else None,
        overwrite=options.overwrite,
    )
    made = export(order)
    notice(
        f"keep {made.file} to yourself: it holds the answers, for the upload to the host and nobody else",
        options.quiet,
    )
    if options.json:
        emit_json(
            {
                "file": str(made.file),
                "round": made.round.name,
                "files": made.files,
                "image": made.image,
                "columns": made.columns,
            }
        )
    elif not options.quiet:
        emit(
            f"round {made.round.name}: {len(made.round.tasks)} tasks, {len(made.columns)} columns, "
            f"{made.files:,} files in {made.file}"
        )
    return 0
