"""``tipbench board accept``: a submission is checked, scored and kept."""

import argparse
from pathlib import Path
from typing import Any

from tipbench.commands.options import add_draft, add_json, add_quiet, add_results, parser_of
from tipbench.console import emit, emit_json

from tipboard.board.acceptance import accept

EXAMPLES = """\
examples:
  tipbench board accept submissions/acme--chao
  tipbench board accept submissions/acme--chao --replace

For maintainers. The submission is checked and scored as `tipbench submit check` does for its authors.
What is kept: its submission.json, the scores and bootstrap draws in results/<release>/submissions, and
its predictions under their digests where results/board.yaml says. Then `tipbench board build` shows it."""


def add(actions: Any) -> None:
    """Declare the action."""
    one = parser_of(actions, "accept", "check a submission, keep its predictions and its scores", EXAMPLES)
    one.add_argument("submission", metavar="SUBMISSION", help="the folder with submission.json")
    add_results(one)
    add_draft(one)
    one.add_argument(
        "--replace", action="store_true", help="in the place of an earlier one of its team and method"
    )
    add_quiet(one)
    add_json(one)
    one.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """Do it."""
    submission, results = (Path(path).expanduser() for path in (options.submission, options.results))
    place, checked = accept(submission, results, options.replace, options.quiet, options.draft)
    record = checked.record
    if options.json:
        emit_json({"id": record.id, "data": record.data, "files": len(checked.scored), "folder": str(place)})
    elif not options.quiet:
        emit(f"accepted: {record.id} on {record.data}, {len(checked.scored):,} files scored, in {place}")
    return 0
