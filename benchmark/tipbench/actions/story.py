"""``tipbench data story``: tell one operation of an open release, or list candidates."""

import argparse
from pathlib import Path

from tipcore.errors import UsageError

from tipbench.actions.data import check_open, opened
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.runs.figure import check_ending
from tipbench.stories.sources import SHOWN, VIEWS, find_operations_of
from tipbench.stories.story import story_of
from tipbench.task import Source

FIRST = 20
"""Candidates that are shown; JSON has all."""
NUMBERS = ("operation", "region", "begins", "ends", "views", *VIEWS)
LEAVE = {"ends": 1, "begins": 2, "language": 3, "region": 4, "category": 5}
"""What a narrow terminal leaves out, the highest first."""


def call(options: argparse.Namespace) -> int:
    """Tell a story, or list candidates."""
    named = [word for word in options.overrides if "=" not in word]
    operation = _operation(named)
    _check_together(operation, options)
    check_open(options.overrides, "and so no story")
    options.overrides = [word for word in options.overrides if "=" in word]
    release = opened(options)
    if options.find is not None:
        return _list(release, options)
    story = story_of(release, operation)
    if options.figure is not None:
        story.save(options.figure)
        notice(f"drawn: {options.figure}", options.quiet)
    if options.json:
        emit_json(story.to_dict())
    else:
        emit(str(story))
    if operation is None:
        notice(
            f"This is the trafficking operation of {release.name} that is seen best. Another: "
            '`tipbench data story OPERATION`, found by `tipbench data story --find "form=labour views>=3"`.',
            options.quiet,
        )
    return 0


def _list(release: Source, options: argparse.Namespace) -> int:
    found = find_operations_of(release, options.find).select(SHOWN)
    if options.json:
        emit_json({"release": release.name, "filters": options.find, "operations": found.to_dicts()})
        return 0
    columns = [Column(name, number=name in NUMBERS, leave=LEAVE.get(name, 0)) for name in SHOWN]
    rows = [["" if cell is None else str(cell) for cell in row] for row in found.head(FIRST).iter_rows()]
    left_out = emit_table(columns, rows)
    if left_out:
        notice(f"not shown for want of room: {', '.join(left_out)}; see --json", options.quiet)
    if found.height > FIRST:
        notice(f"{found.height - FIRST:,} more: add filters, or --json for all.", options.quiet)
    return 0


def _operation(named: list[str]) -> int | None:
    """Return the number of the operation that was typed. Raises UsageError for another word, and for two."""
    if not named:
        return None
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} are {len(named)} operations: name one.")
    if not (named[0].isascii() and named[0].isdigit() and len(named[0]) < 19):
        raise UsageError(
            f"{named[0]} is no operation's number: find one with `tipbench data story --find form=labour`."
        )
    return int(named[0])


def _check_together(operation: int | None, options: argparse.Namespace) -> None:
    """Refuse options that contradict each other, and a figure that cannot be drawn. Raises UsageError."""
    if options.find is not None and operation is not None:
        raise UsageError("--find lists operations and takes none: leave out one of both.")
    if options.find is not None and options.figure is not None:
        raise UsageError("--figure draws one operation: name it in the place of --find.")
    if options.figure is not None:
        check_ending(Path(options.figure))
