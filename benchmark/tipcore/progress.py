"""Progress of long work: a bar on a terminal, a line now and then in a pipe, a log or a notebook."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NOTEBOOK = "JPY_PARENT_PID"
"""What Jupyter sets for all that a notebook starts. A command there has a terminal that cannot move its cursor."""
FIRST_SECONDS, LINE_SECONDS = 2.0, 10.0
"""How long work is silent at first, and how long between two lines where there is no terminal."""

Advance = Callable[[int], None]
"""Callback: how many more are done."""


def no_progress(more: int) -> None:
    """Show nothing."""


@contextmanager
def progress(label: str, total: int, quiet: bool) -> Iterator[Advance]:
    """Yield a callback that advances the progress. ``label``: what is counted, such as ``cells``."""
    if quiet:
        yield no_progress
    elif sys.stderr.isatty() and NOTEBOOK not in os.environ:
        with _bar(label, total) as advance:
            yield advance
    else:
        yield _lines(label, total)


@contextmanager
def _bar(label: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda more: bar.advance(task, more)


def _lines(label: str, total: int) -> Advance:
    began = said = time.monotonic()
    done = 0

    def advance(more: int) -> None:
        nonlocal done, said
        done += more
        now = time.monotonic()
        if done < total and now - began >= FIRST_SECONDS and now - said >= LINE_SECONDS:
            said = now
            sys.stderr.write(f"{label}: {done:,} of {total:,} done after {now - began:.0f} s\n")
            sys.stderr.flush()

    return advance
