"""Run answers in a process apart, with bounds of time and memory, and no fence: for answers that one trusts."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

from tipcore.helper import end_helper, start_helper

from tipcourse.running.asked import Asked, Limits, Stopped

MODULE = "tipcourse.running.process"


def outcomes_apart(asked: Asked, limits: Limits) -> list[dict]:
    """Return what came of each call. Raises Stopped where the process ends before it has told it."""
    with tempfile.TemporaryDirectory(prefix="tipbench-course-", ignore_cleanup_errors=True) as folder:
        began = time.monotonic()
        process = start_helper(MODULE, Path(folder))
        bounds = {"memory_bytes": limits.memory_bytes, "seconds": limits.seconds}
        request = json.dumps({"cells": asked.cells, "calls": asked.calls, **bounds}).encode()
        try:
            told, _ = process.communicate(request, timeout=limits.patience)
        except subprocess.TimeoutExpired:
            raise Stopped(limits.too_long) from None
        finally:
            end_helper(process)
    lines = told.decode(errors="replace").splitlines()
    if not lines:
        raise Stopped(limits.why_ended(time.monotonic() - began))
    return read_outcomes(lines[-1], len(asked.calls))


def read_outcomes(line: str, wanted: int) -> list[dict]:
    """Return the outcomes that a line of JSON tells. Raises Stopped where it is none of so many."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list) or len(told) != wanted or not all(isinstance(one, dict) for one in told):
        raise Stopped("what it told is no outcome: an answer returns a value, and writes nothing else")
    return told
