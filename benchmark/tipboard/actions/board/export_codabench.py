"""``tipbench board export codabench``: a sealed round as a bundle for a competition host."""

import argparse
from pathlib import Path

from tipbench.console import emit_result, notice
from tipcore.locations import expand_home

from tipboard.codabench.bundle import BundleOrder, export


def call(options: argparse.Namespace) -> int:
    """Do it."""
    order = BundleOrder(
        secret=expand_home(options.secret),
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
    emit_result(
        {
            "file": str(made.file),
            "round": made.round.name,
            "files": made.files,
            "image": made.image,
            "columns": made.columns,
        },
        f"round {made.round.name}: {len(made.round.tasks)} tasks, {len(made.columns)} columns, "
        f"{made.files:,} files in {made.file}",
        options,
    )
    return 0
