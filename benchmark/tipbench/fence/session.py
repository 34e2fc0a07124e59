"""The host's side of one fence: it is built, asked, watched, and ended."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import UsageError
from tipcore.operating_system import CONFINES, NAME

from tipbench.fence.linux import start, watch
from tipbench.fence.view import Sight, unreadable
from tipbench.fence.wire import SMALL, Answer, Bounds, Garbled, Pipe

GIB = 1 << 30
BOUNDS = {
    "minutes": (1e-3, 1e6),
    "memory_gib": (1 / 16, 1 << 20),
    "scratch_gib": (1 / 1024, 1 << 20),
    "processes": (1, 1 << 16),
}
"""The least and the most of each limit: a file system of 0 bytes is one without a limit, and NaN ends nothing."""
POOLS = 4
"""Threads for each processor that a process may have beside its own: pools of polars, OpenMP, BLAS and its own."""
NOBODY = 65534
EVERY = 0.1
"""Seconds between two looks at a fence."""
ENDING = 5.0
"""Seconds that a fence is given to end by itself."""


@dataclass(frozen=True)
class Limits:
    """What a fenced method may use: minutes, GiB of memory and for what it writes, processes; all in all.

    Raises:
        UsageError: for one that is out of :data:`BOUNDS`.
    """

    minutes: float = 60.0
    memory_gib: float = 8.0
    scratch_gib: float = 1.0
    processes: int = 64

    def __post_init__(self) -> None:
        for one in fields(self):
            (least, most), value = BOUNDS[one.name], getattr(self, one.name)
            if not least <= value <= most:
                raise UsageError(f"limits.{one.name}={value:g} is not between {least:g} and {most:g}.")

    @property
    def threads(self) -> int:
        """What the kernel limits: threads of a fence, of which each process has at least one."""
        return self.processes + POOLS * (os.cpu_count() or 1)


class CannotFence(UsageError):
    """This machine does not let a fence be built."""


class Ended(UsageError):
    """A fence has ended: by a limit that the method passed, or since the method ended its process.

    ``limit``: the name of that limit in :class:`Limits`; None for an end of its own.
    """

    def __init__(self, said: str, limit: str | None = None) -> None:
        super().__init__(said)
        self.limit = limit


class Session:
    """One fence.

    Args:
        sight: what is seen.
        fold: the folder with the files of the fold; what the host writes to it later is seen too.
        limits: what may be used.
        python: the interpreter to start inside; '' goes on with a copy of the preloaded one.
        preload: modules, or names in them, that the server loads first, for this fence and all that follow.

    Raises:
        CannotFence: where the machine does not let it be built.
    """

    def __init__(
        self, sight: Sight, fold: Path, limits: Limits, python: str = "", preload: Sequence[str] = ()
    ) -> None:
        if NAME != "linux" or not CONFINES:
            raise CannotFence(f"a fence needs Linux and this is {NAME}: set fence=off.")
        self._limits, self._why = limits, ""
        self._passed: str | None = None
        self._pipe, self._report, self.keeper = self._built(sight, fold, limits, python, preload)
        said = self._reported()
        if not said.get("ready"):
            self._pipe.close()
            os.close(self._report)
            raise CannotFence(_cannot(said.get("failed", "it ended at once")))
        self._account = watch.Account(self.keeper)
        self._start, self._code, self._over = self._account.cost()[1], None, threading.Event()
        self._began, self._paid = time.monotonic(), 0.0
        self._watcher = threading.Thread(target=self._look, daemon=True)
        self._watcher.start()

    def ask(self, said: dict[str, Any], frame: pl.DataFrame | None = None, bounds: Bounds = SMALL) -> Answer:
        """Return the answer to a request. Its size is limited by ``bounds``.

        Raises Ended if the fence has ended, and Garbled for an answer that breaks the protocol; the fence then ends.
        """
        try:
            self._pipe.ask(said, frame)
            return self._pipe.answered(bounds)
        except Garbled:
            watch.end(self.keeper)
            raise
        except (EOFError, BrokenPipeError):
            code = self.close()
            why = self._why or f"the method's process ended by itself (exit code {code})."
            raise Ended(why, self._passed) from None

    def cost(self) -> tuple[float, int]:
        """Return the CPU seconds of all processes so far, and the most bytes that one had over the start."""
        cpu, peak = self._account.cost()
        return cpu - self._paid, max(0, peak - self._start)

    def again(self) -> None:
        """Count minutes and CPU seconds anew, for the next cell of the same method and fold."""
        self._began, self._paid = time.monotonic(), self._account.cost()[0]

    def close(self) -> int | None:
        """End the fence and return the exit code of its first process; None where it was killed."""
        self._pipe.close()
        self._over.wait(ENDING)
        if not self._over.is_set():
            watch.end(self.keeper)
        self._watcher.join()
        return self._code

    def _built(
        self, sight: Sight, fold: Path, limits: Limits, python: str, preload: Sequence[str]
    ) -> tuple[Pipe, int, int]:
        user = NOBODY if os.getuid() == 0 else os.getuid()
        if user == NOBODY and (closed := unreadable(sight.shown)):
            raise CannotFence(
                f"root's fence runs as another user, who cannot read {closed}: make it readable for all, or set "
                "fence=off."
            )
        view = {"shown": sight.shown, "hidden": sight.hidden, "fold": os.path.realpath(fold)}
        request = {
            "view": {**view, "scratch": int(limits.scratch_gib * GIB)},
            "user": user,
            "group": NOBODY if user == NOBODY else os.getgid(),
            "threads": limits.threads,
            "memory": int(limits.memory_gib * GIB),
            "python": python,
            "path": sight.path,
            "preload": list(preload),
        }
        (asked, ask), (answered, answer), (reported, report) = os.pipe(), os.pipe(), os.pipe()
        try:
            keeper = start.server(sight.path).fence(request, [asked, answer, report])
        except OSError as error:
            for one in (ask, answered, reported):
                os.close(one)
            raise CannotFence(_cannot(str(error))) from None
        finally:
            for one in (asked, answer, report):
                os.close(one)
        return Pipe.of(answered, ask), reported, keeper

    def _look(self) -> None:
        """Watch the fence until it reports its end, and end it where it passes a limit."""
        limits = self._limits
        while not watch.wait(self._report, EVERY):
            processes, memory = self._account.look()
            if time.monotonic() - self._began > 60 * limits.minutes:
                self._passed = "minutes"
                self._why = f"it took more than {limits.minutes:g} minutes: set limits.minutes=N."
            elif memory > limits.memory_gib * GIB:
                self._passed = "memory_gib"
                self._why = f"it took more than {limits.memory_gib:g} GiB of memory: set limits.memory_gib=N."
            elif processes > limits.processes:
                self._passed = "processes"
                self._why = f"it started more than {limits.processes} processes: set limits.processes=N."
            if self._why:
                watch.end(self.keeper)
        self._code = self._reported().get("ended")
        os.close(self._report)
        self._over.set()

    def _reported(self) -> dict[str, Any]:
        """Return what the keeper reports next; empty where it was killed."""
        line = b""
        while not line.endswith(b"\n"):
            if not (one := os.read(self._report, 1)):
                return {}
            line += one
        return json.loads(line)


def _cannot(why: str) -> str:
    return (
        f"this machine does not let a fence be built ({why}): see docs/fence.md for what it takes, or set fence=off, "
        "which the result says."
    )
