"""Run answers behind the fence, or with ``fence=off`` in a separate process with bounds of time and memory."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.fence.session import CannotFence, Ended, Session, VisiblePaths, visible_paths
from tipbench.fence.session import Limits as FenceLimits
from tipbench.fence.wire import Bounds, Garbled
from tipcore.errors import UsageError
from tipcore.helper import end_helper, start_helper

from tipcourse.lessons import lesson_folder


class Stopped(Exception):
    """The process of an answer ended before it returned an outcome. The message is half a sentence that says why."""


NO_OUTCOME = "its outcome could not be read: an answer returns a value and writes nothing else"


@dataclass(frozen=True)
class Questions:
    """``cells``: name and source of each answer, in order; ``calls``: name, and arguments as JSON, None for a value."""

    cells: list[tuple[str, str]]
    calls: list[tuple[str, str | None]]


@dataclass(frozen=True)
class Limits:
    """What the answers to one exercise may use: seconds of the processor, and MiB of memory.

    Raises UsageError for less than Python needs.
    """

    seconds: int = 10
    memory_mib: int = 2048

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= 3600:
            raise UsageError(f"seconds={self.seconds} is not between 1 and 3600.")
        if not 512 <= self.memory_mib <= 1 << 20:
            raise UsageError(f"memory={self.memory_mib} is not between 512 and 1048576 MiB.")

    @property
    def patience(self) -> float:
        """Seconds of wall time: more than of the processor, for a busy machine and for the start."""
        return 10 + 2 * self.seconds

    @property
    def too_long(self) -> str:
        return f"it took more than {self.seconds} seconds: does a loop never end?"

    def why_ended(self, passed: float) -> str:
        """Say why a process ended by itself after so many seconds: it does so where its time is over."""
        return self.too_long if passed >= self.seconds else "it ended its process: an answer returns a value"


MODULE = "tipcourse.answers"


def outcomes_apart(asked: Questions, limits: Limits) -> list[dict]:
    """Return the outcome of each call. Raises Stopped where the process ends before."""
    with tempfile.TemporaryDirectory(prefix="tipbench-course-", ignore_cleanup_errors=True) as folder:
        began = time.monotonic()
        process = start_helper(MODULE, Path(folder))
        bounds = {"memory_bytes": limits.memory_mib << 20, "seconds": limits.seconds}
        request = json.dumps({"cells": asked.cells, "calls": asked.calls, **bounds}).encode()
        try:
            answer, _ = process.communicate(request, timeout=limits.patience)
        except subprocess.TimeoutExpired:
            raise Stopped(limits.too_long) from None
        finally:
            end_helper(process)
    lines = answer.decode(errors="replace").splitlines()
    if not lines:
        raise Stopped(limits.why_ended(time.monotonic() - began))
    return read_outcomes(lines[-1], len(asked.calls))


def read_outcomes(line: str, wanted: int) -> list[dict]:
    """Return the outcomes of a line of JSON. Raises Stopped where it holds another number of them, or none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != wanted or not all(isinstance(one, dict) for one in found):
        raise Stopped(NO_OUTCOME)
    return found


TARGET = "tipcourse.answers.Answers"
SCRATCH_GIB, PROCESSES = 1 / 16, 8
MOST_BYTES = 1 << 24
"""Of all outcomes."""
TEXT = pl.String


def open_fence() -> Callable[[Questions, Limits], list[dict]]:
    """Return a function that runs answers, each time behind a new fence.

    Raises UsageError where this machine lets none be built; then nothing has run.
    """
    sight = visible_paths([TARGET], [], hidden=[lesson_folder()])
    try:
        outcomes_fenced(sight, Questions([], []), Limits())
    except CannotFence as error:
        why = str(error).partition(": see")[0].partition(": set")[0]
        raise UsageError(
            f"{why}, so no answer was run: grade on Linux, or with fence=off if you would run these notebooks "
            "yourself (docs/fence.md says what a fence takes)."
        ) from None
    return lambda asked, limits: outcomes_fenced(sight, asked, limits)


def outcomes_fenced(sight: VisiblePaths, asked: Questions, limits: Limits) -> list[dict]:
    """Return the outcome of each call.

    Raises Stopped if the fence ends before the last call, or its answer is an error or cannot be read;
    CannotFence if no fence can be built; UsageError if it cannot prepare to run answers: no code of a student
    has run then.
    """
    allowed = FenceLimits(limits.patience / 60, limits.memory_mib / 1024, SCRATCH_GIB, PROCESSES)
    cells = pl.DataFrame(asked.cells, schema={"name": TEXT, "source": TEXT}, orient="row")
    calls = pl.DataFrame(asked.calls, schema={"name": TEXT, "arguments": TEXT}, orient="row")
    with tempfile.TemporaryDirectory(prefix="tipbench-course-") as folder:
        Path(folder).chmod(0o755)  # the fence of root runs as another user
        began = time.monotonic()
        session = Session(sight, Path(folder), allowed)
        try:
            made = session.ask({"do": "make", "method": {"_target_": TARGET, "seconds": limits.seconds}}).said
            if why := _error_in(made):
                raise UsageError(f"the fence could not prepare to run answers ({why:.300}).")
            if why := _error_in(session.ask({"do": "begin"}, cells).said):
                raise Stopped(f"the cells of the answers could not be run ({why:.300})")
            # The text of an error from here on is not shown: an answer could hide a held-back case in it.
            frame = session.ask({"do": "step"}, calls, Bounds(len(asked.calls), MOST_BYTES, MOST_BYTES)).frame
        except Ended as error:
            why = {
                "minutes": limits.too_long,
                "memory_gib": f"it took more than {limits.memory_mib:,} MiB of memory",
                "processes": f"it started more than {PROCESSES} processes",
            }
            ended = limits.why_ended(time.monotonic() - began)
            raise Stopped(why.get(error.limit or "", ended)) from None
        except Garbled:
            raise Stopped(NO_OUTCOME) from None
        finally:
            session.close()
    if frame is None or frame.schema != {"outcome": TEXT}:
        raise Stopped(NO_OUTCOME)
    return read_outcomes(f"[{','.join(frame['outcome'].fill_null(''))}]", len(asked.calls))


def _error_in(said: Mapping[str, Any]) -> str:
    """Return the error that an answer of the fence reports, '' if it reports none."""
    if "error" in said:
        return f"{said['error']}: {said.get('said')}"
    return str(said.get("refused", "")).rstrip(".")
