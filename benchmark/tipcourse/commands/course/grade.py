"""``tipbench course grade``: run the answers of notebooks and give points; exit 1 where one is wrong.

arguments:
  NOTEBOOK...             a notebook, or a folder that holds some, in folders too

settings:
  [key=FILE]              held-back cases, of `tipbench course start --key`
  fence=on                off: run answers without a fence, as you and with your files
  seconds=10              of the processor for the answer to one exercise
  memory=2048             MiB for the same

options:
  [--csv FILE]            write a table with one row per notebook
  --quiet --json
"""

import argparse
from dataclasses import replace

from tipbench.console import emit, emit_json, notice
from tipbench.exit_codes import FAILED, USAGE
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.progress import progress

from tipcourse.grading import Graded, grade, read_key
from tipcourse.lessons import require_extra
from tipcourse.notebooks import find_notebooks
from tipcourse.reports import as_csv, as_json, emit_class, emit_marks
from tipcourse.running import Limits, open_fence, outcomes_apart


def call(options: argparse.Namespace) -> int:
    """Grade notebooks. Exit code 1: an answer is wrong; 2: a notebook could not be graded."""
    if options.fence not in ("on", "off"):
        raise UsageError(f"fence={options.fence} is neither on nor off.")
    limits = Limits(options.seconds, options.memory)
    require_extra()
    found = find_notebooks(options.notebook)
    key = None if options.key is None else read_key(expand_home(options.key))
    table = None if options.csv is None else expand_home(options.csv)
    if table is not None and table.exists():
        raise UsageError(f"{table} is there already: give another file, so that no marks are lost.")
    run = outcomes_apart if options.fence == "off" else open_fence()
    graded: list[Graded] = []
    with progress("notebooks", len(found), options.quiet) as advance:
        for path, shown in found:
            graded.append(replace(grade(path, key, run, limits), shown=shown))
            advance(1)
    if len(graded) == 1 and graded[0].problem:
        raise UsageError(graded[0].problem)
    if table is not None:
        write_file_atomically(table, as_csv(graded))
    _show(graded, options)
    if any(one.problem for one in graded):
        return USAGE
    return 0 if all(one.is_right for one in graded) else FAILED


def _show(graded: list[Graded], options: argparse.Namespace) -> None:
    if options.json:
        emit_json(as_json(graded))
    elif len(graded) == 1:
        emit_marks(graded[0])
    else:
        emit_class(graded)
        whole = sum(one.is_right for one in graded)
        left = sum(bool(one.problem) for one in graded)
        missed = f", {left:,} could not be graded" if left else ""
        emit(f"{len(graded):,} notebooks, {whole:,} with all points{missed}")
    for note in graded[0].notes if len(graded) == 1 else ():
        notice(note, options.quiet)
    if options.csv is not None:
        notice(f"written: {expand_home(options.csv)}", options.quiet)
