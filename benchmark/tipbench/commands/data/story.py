"""``tipbench data story``: tell one operation from all tables, truth shown, as text, figure or JSON.

arguments:
  [OPERATION]             its number; else the trafficking operation that is seen best

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=
  [find=FILTERS]          list candidates, such as "form=labour views>=3"; "" lists all

options:
  [--figure PATH]         draw it as well: .png, .svg or .pdf
  --quiet --json

examples:
  tipbench data story                                          the trafficking operation that is seen best
  tipbench data story find="form=labour views>=3"              candidates, with the rows seen of each
  tipbench data story find="kind=business movement>0"          lawful operations have stories too
  tipbench data story OPERATION --figure case.png              one of them, as text and figure
  tipbench data story OPERATION --json

A view is a part of the data that one kind of holder has: adverts, conversations, payments, movement (circuits and
bookings), firms, help (helpline and queue). It counts with three rows within the operation's life, help with one
helpline contact as well. Filters: form, kind, organisation, language, category and posts with =; region, views and
each view with =, >=, <=, < and >. All must hold; a space within a value is written as -.

What fits a trafficking case fits lawful work as well: compare a story of kind=business or kind=independent.
"""

import argparse

from tipcore.errors import UsageError

from tipbench.commands.data._release import check_open, open_release_of
from tipbench.console import Column, emit_either, emit_json, emit_table, notice
from tipbench.runs.figure import check_format
from tipbench.stories.sources import SHOWN, VIEWS, find_operations_of
from tipbench.stories.story import story_of
from tipbench.task import Source

FIRST = 20
"""Candidates that are shown; JSON has all."""
NUMBERS = ("operation", "region", "begins", "ends", "views", *VIEWS)
LEAVE = {"ends": 1, "begins": 2, "language": 3, "region": 4, "category": 5}
"""What a narrow terminal leaves out, the highest first."""


def call(options: argparse.Namespace) -> None:
    """Tell a story, or list candidates."""
    operation = None
    if (typed := options.operation) is not None:
        if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
            like = "find one with `tipbench data story find=form=labour`."
            raise UsageError(f"{typed} is not the number of an operation: {like}")
        operation = int(typed)
    if options.find is not None and operation is not None:
        raise UsageError("find= lists operations and takes none: leave out one of both.")
    if options.find is not None and options.figure is not None:
        raise UsageError("--figure draws one operation: name it in the place of find=.")
    if options.figure is not None:
        check_format(options.figure)
    check_open(options.overrides, "and so no story")
    release = open_release_of(options)
    if options.find is not None:
        _list(release, options)
        return
    story = story_of(release, operation)
    if options.figure is not None:
        story.save(options.figure)
        notice(f"drawn: {options.figure}", options.quiet)
    emit_either(story.to_dict(), str(story), options.json)
    if operation is None:
        notice(
            f"This is the trafficking operation of {release.name} that is seen best. Another: "
            '`tipbench data story OPERATION`, found by `tipbench data story find="form=labour views>=3"`.',
            options.quiet,
        )


def _list(release: Source, options: argparse.Namespace) -> None:
    found = find_operations_of(release, options.find).select(SHOWN)
    if options.json:
        emit_json({"release": release.name, "filters": options.find, "operations": found.to_dicts()})
        return
    columns = [Column(name, number=name in NUMBERS, leave=LEAVE.get(name, 0)) for name in SHOWN]
    rows = [["" if cell is None else str(cell) for cell in row] for row in found.head(FIRST).iter_rows()]
    left_out = emit_table(columns, rows)
    if left_out:
        notice(f"columns without room on this terminal: {', '.join(left_out)}; see --json", options.quiet)
    if found.height > FIRST:
        notice(f"{found.height - FIRST:,} more: add filters, or --json for all.", options.quiet)
