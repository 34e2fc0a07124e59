"""``tipbench board accept``: a submission is checked, scored and kept."""

import argparse

from tipbench.console import emit_result
from tipcore.locations import expand_home

from tipboard.board.acceptance import accept


def call(options: argparse.Namespace) -> int:
    """Do it."""
    submission, results = (expand_home(path) for path in (options.submission, options.results))
    place, checked = accept(submission, results, options.replace, options.quiet, options.draft)
    record = checked.record
    found = {"id": record.id, "data": record.data, "files": len(checked.scored), "folder": str(place)}
    said = f"accepted: {record.id} on {record.data}, {len(checked.scored):,} files scored, in {place}"
    emit_result(found, said, options)
    return 0
