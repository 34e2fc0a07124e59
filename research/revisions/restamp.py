"""Renew the digests of source code in committed results after a rebuild that changes no number.

    python research/revisions/restamp.py BASE [--work FOLDER] [--small CELLS] [--write]

BASE is a checkout or revision whose code made the results; the other state is this checkout. First both states run
every cell of ``tiny``, and this one also runs CELLS cells of each task on ``small``, which are compared with the
committed results (:mod:`compare`). Where anything differs nothing is written and the exit code is 1. Then ``digests``,
``versions.method`` and ``config_hash`` of every committed result become those of today's code; all other fields stay.
Without ``--write`` only counts are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import REPOSITORY, State, differing_results, differing_small
from tipbench.runs.cells import Cell
from tipbench.runs.digests import digests_of, versions_of
from tipbench.runs.results import Result
from tipboard.board.collection import DRAWS, read_draws
from tipboard.board.files import REFERENCE, read, store_results

STAMPED = {"digests", "versions", "config_hash"}


def main() -> int:
    """Compare, print what would change, write it if asked to, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tipbench-golden")
    parser.add_argument("--small", type=int, default=3, metavar="CELLS", help="cells of each task on small")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    states = State(options.base, options.work), State(str(REPOSITORY), options.work)
    for state in states:
        state.run_tiny()
    found = Counter(dict(differing_results(*states)))
    found.update(dict(differing_small(*states, options.small)))
    if found:
        sys.stdout.writelines(f"{count:6,} x {what}\n" for what, count in sorted(found.items()))
        return 1
    results = REPOSITORY / "results"
    board = read(results)
    folder = results / board.data / REFERENCE
    before = [result for entry in board.entries if entry.record is None for result in entry.results]
    now = [restamp(result) for result in before]
    changed = Counter(
        field
        for a, b in zip(before, now, strict=True)
        for field in STAMPED
        if getattr(a, field) != getattr(b, field)
    )
    sys.stdout.write(f"{len(now):,} results; changed: {dict(sorted(changed.items()))}\n")
    if options.write:
        store_results(folder, now, read_draws(folder / DRAWS))
    return 0


def restamp(result: Result) -> Result:
    """Return a result with the digests, the version of the method and the config hash of today's code."""
    cell = Cell(dict(result.config), Path())
    versions = result.versions.model_copy(update={"method": versions_of(cell).method})
    return result.model_copy(
        update={
            "digests": digests_of(cell, result.versions.data),
            "versions": versions,
            "config_hash": cell.hash,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
