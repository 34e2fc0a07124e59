"""``python -m tipcodabench SECRET --to FILE``: a sealed round as a competition bundle, for its host alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipcodabench.bundle import BundleOrder, export


def main(words: list[str] | None = None) -> int:
    """Write the bundle and return the exit code: 2 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="tipcodabench", description=__doc__)
    parser.add_argument("secret", help="the host's folder of the round")
    parser.add_argument("--to", required=True, metavar="FILE", help="the .zip file to write")
    parser.add_argument("--image", help="docker image that has the libraries (Python's own)")
    parser.add_argument("--title", metavar="TEXT", help="of the competition (the round's name)")
    parser.add_argument("--round", metavar="FOLDER", help="the published folder (where it was published)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")
    options = parser.parse_args(words)
    try:
        made = export(
            BundleOrder(
                secret=expand_home(options.secret),
                to=Path(options.to),
                image=options.image,
                title=options.title,
                round_folder=Path(options.round) if options.round else None,
                overwrite=options.overwrite,
            )
        )
    except UsageError as error:
        sys.stderr.write(f"tipcodabench: {error}\n")
        return 2
    sys.stderr.write(
        f"keep {made.file} to yourself: it holds the answers, for the upload to the host and nobody else\n"
    )
    sys.stdout.write(
        f"round {made.round.name}: {len(made.round.tasks)} tasks, {len(made.columns)} columns, {made.files:,} files in "
        f"{made.file}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
