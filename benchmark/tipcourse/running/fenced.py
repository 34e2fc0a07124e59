"""Run answers behind the fence (:mod:`tipbench.fence`): no file of the host, no network, bounds of time and memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from tipbench.fence.session import CannotFence, Ended, Session, VisiblePaths, visible_paths
from tipbench.fence.session import Limits as FenceLimits
from tipbench.fence.wire import Bounds, Garbled
from tipcore.errors import UsageError

from tipcourse.lessons import lesson_folder
from tipcourse.running.apart import read_outcomes
from tipcourse.running.asked import Asked, Limits, Stopped

TARGET = "tipcourse.running.answers.Answers"
SCRATCH_GIB, PROCESSES = 1 / 16, 8
MOST_BYTES = 1 << 24
"""Of all outcomes."""
TEXT = pl.String


def open_fence() -> Callable[[Asked, Limits], list[dict]]:
    """Return what runs answers behind a fence, each time behind a new one.

    Raises UsageError where this machine lets none be built; then nothing has run.
    """
    sight = visible_paths([TARGET], [], hidden=[lesson_folder()])
    try:
        outcomes_fenced(sight, Asked([], []), Limits())
    except CannotFence as error:
        why = str(error).partition(": see")[0].partition(": set")[0]
        raise UsageError(
            f"{why}, so no answer was run: grade on Linux, or with --trust if you would run these notebooks "
            "yourself (docs/fence.md says what a fence takes)."
        ) from None
    return lambda asked, limits: outcomes_fenced(sight, asked, limits)


def outcomes_fenced(sight: VisiblePaths, asked: Asked, limits: Limits) -> list[dict]:
    """Return what came of each call. Raises Stopped where the fence ends before, CannotFence where there is none."""
    allowed = FenceLimits(limits.patience / 60, limits.memory_mib / 1024, SCRATCH_GIB, PROCESSES)
    with tempfile.TemporaryDirectory(prefix="tipbench-course-") as folder:
        Path(folder).chmod(0o755)  # the fence of root runs as another user
        began = time.monotonic()
        session = Session(sight, Path(folder), allowed)
        try:
            return _told(session, asked, limits)
        except Ended as error:
            raise Stopped(_why(error, limits, time.monotonic() - began)) from None
        except Garbled:
            raise Stopped(
                "what it told is no outcome: an answer returns a value, and writes nothing else"
            ) from None
        finally:
            session.close()


def _told(session: Session, asked: Asked, limits: Limits) -> list[dict]:
    session.ask({"do": "make", "method": {"_target_": TARGET, "seconds": limits.seconds}})
    cells = pl.DataFrame(asked.cells, schema={"name": TEXT, "source": TEXT}, orient="row")
    session.ask({"do": "begin"}, cells)
    calls = pl.DataFrame(asked.calls, schema={"name": TEXT, "arguments": TEXT}, orient="row")
    answer = session.ask({"do": "step"}, calls, Bounds(len(asked.calls), MOST_BYTES, MOST_BYTES))
    if answer.frame is None or answer.frame.columns != ["outcome"] or answer.frame.dtypes != [TEXT]:
        raise Stopped("what it told is no outcome: an answer returns a value, and writes nothing else")
    return read_outcomes(f"[{','.join(answer.frame['outcome'].fill_null(''))}]", len(asked.calls))


def _why(error: Ended, limits: Limits, passed: float) -> str:
    return {
        "minutes": limits.too_long,
        "memory_gib": f"it took more than {limits.memory_mib:,} MiB of memory",
        "processes": f"it started more than {PROCESSES} processes",
    }.get(error.limit or "", limits.why_ended(passed))
