"""``tipbench board accept``: a submission is checked, scored and kept."""

import argparse

from tipbench.console import emit, emit_json
from tipcore.home import expanded

from tipboard.board.acceptance import accept


def call(options: argparse.Namespace) -> int:
    """Do it."""
    submission, results = (expanded(path) for path in (options.submission, options.results))
    place, checked = accept(submission, results, options.replace, options.quiet, options.draft)
    record = checked.record
    if options.json:
        emit_json({"id": record.id, "data": record.data, "files": len(checked.scored), "folder": str(place)})
    elif not options.quiet:
        emit(f"accepted: {record.id} on {record.data}, {len(checked.scored):,} files scored, in {place}")
    return 0
