"""The host's side of a fence: what the method may see and use, and how it is started, asked, watched and ended."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import home
from tipcore.operating_system import CONFINES, NAME

from tipbench.fence.linux import host
from tipbench.fence.linux.sandbox import NOBODY
from tipbench.fence.wire import SMALL, Answer, Bounds, Garbled, Pipe

OURS = ("tipcore", "tipbench", "tipbaselines")
"""Packages of this distribution that a method may need."""
WITHHELD = ("tipdata", "tipboard")
"""Those with the generator and its seed, and with what is done with predictions."""
INSTALLED = ("site-packages", "dist-packages")
"""Names of folders that hold what is installed, and nothing else."""
SYSTEM = ("/usr/lib/python3", "/usr/local/lib")
"""Where a system installs packages for all, beside what is shown for a reason of its own."""
WITHOUT_PYTHON = ("share", "include", "doc", "man", "locale", "__pycache__")


@dataclass(frozen=True)
class VisiblePaths:
    """``shown``: files and folders; ``hidden``: folders among them that are not; ``path``: of imports, in order.

    ``first``: a folder that comes before the path inside the fence, and is on no path outside; '' for none.
    """

    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    path: tuple[str, ...]
    first: str = ""


def visible_paths(
    targets: Iterable[str], sources: Iterable[Path], hidden: Iterable[Path] = (), first: str = ""
) -> VisiblePaths:
    """Return what a method is shown.

    ``targets``: the classes that its config names. ``sources``: the files that it is made of. ``hidden``:
    folders of the host that no method may see, whatever lies around them, beside the host's home. ``first``: a
    folder of packages of another environment, found before all others, where alone the method is looked for; the
    environment is shown. Raises UsageError for a class that was typed in a notebook or a script: no file holds it.
    """
    packages = set()
    for target in targets:
        if target.startswith("__main__."):
            raise UsageError(
                f"{target.removeprefix('__main__.')} was typed in a notebook or a script, and a fenced method is read "
                "from a file: put the class into a module, or set fence=off."
            )
        packages.add(target.partition(".")[0])
    path = tuple(dict.fromkeys(map(os.path.abspath, sys.path)))
    places = [place for place in path if Path(place).name in INSTALLED]
    shown = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *places}
    if first:
        shown.add(str(Path(first).parents[2]))  # <environment>/lib/python3.11/site-packages
    shown |= {str(place) for name in OURS for place in _locations_of(name)}
    shown |= {str(place) for name in packages.difference(OURS) for place in _locations_of(name, first)}
    shown |= {str(source) for source in sources}
    shown |= {os.path.realpath(place) for place in shown}
    withheld = {str(place) for name in WITHHELD for place in _locations_of(name)}
    withheld |= {os.path.join(place, name) for place in (first, *path) if place for name in WITHHELD}
    withheld |= {place for within in (*shown, *SYSTEM) for place in _withheld_in(within)}
    withheld |= {str(home()), *(str(place) for place in hidden)}
    withheld |= {os.path.realpath(place) for place in withheld}
    return VisiblePaths(tuple(sorted(shown)), tuple(sorted(withheld)), path, first)


def _locations_of(package: str, first: str = "") -> Iterator[Path]:
    """Yield where a package or module of this name lies, without importing it.

    A folder without ``__init__.py`` is a package to Python, be it the folder of somebody's results: of one that nobody
    installed are only those files shown that the method is made of.
    """
    try:
        spec = PathFinder.find_spec(package, [first]) if first else find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if spec.submodule_search_locations:
        places = [Path(place) for place in spec.submodule_search_locations]
        yield from (one for one in places if spec.origin or one.parent.name in INSTALLED)
    elif spec.origin and Path(spec.origin).is_file():
        yield Path(spec.origin)


@lru_cache
def _withheld_in(shown: str) -> tuple[str, ...]:
    """Return the folders of :data:`WITHHELD` below a folder, of other environments in it too."""
    found = []
    for folder, below, _ in os.walk(shown):
        found += [os.path.join(folder, name) for name in WITHHELD if name in below]
        # What is installed holds packages, and these hold none; the rest holds no Python.
        installed = os.path.basename(folder) in INSTALLED
        below[:] = [] if installed else [one for one in below if one not in (*WITHHELD, *WITHOUT_PYTHON)]
    return tuple(found)


def unreadable(shown: Iterable[str]) -> str | None:
    """Return the first of these paths that a user without any right to it cannot read, None where there is none."""
    for place in shown:
        needed = 0o005 if os.path.isdir(place) else 0o004
        if os.path.exists(place) and os.stat(place).st_mode & needed != needed:
            return place
    return None


GIB = 1 << 30
BOUNDS = {
    "minutes": (1e-3, 1e6),
    "memory_gib": (1 / 16, 1 << 20),
    "scratch_gib": (1 / 1024, 1 << 20),
    "processes": (1, 1 << 16),
    "cpu_minutes": (1e-3, float("inf")),
}
"""The least and the most of each limit: a file system of 0 bytes is one without a limit, and NaN ends nothing."""
POOLS = 4
"""Threads for each processor that a process may have beside its own: pools of polars, OpenMP, BLAS and its own."""
LOOK_SECONDS = 0.1
"""Seconds between two looks at a fence."""
CLOSE_SECONDS = 5.0
"""Seconds that a fence is given to end by itself."""


@dataclass(frozen=True)
class Limits:
    """What a fenced method may use in all: minutes, GiB of memory, GiB for what it writes, processes, CPU minutes.

    Raises UsageError for one that is out of :data:`BOUNDS`.
    """

    minutes: float = 60.0
    memory_gib: float = 8.0
    scratch_gib: float = 1.0
    processes: int = 64
    cpu_minutes: float = float("inf")

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
    """One fence. Raises CannotFence where the machine does not let it be built.

    ``sight``: what is seen. ``fold``: the folder with the files of the fold; what the host writes to it later
    is seen too. ``limits``: what may be used. ``preload``: modules, or names in them, that the server loads first,
    for this fence and all that follow.
    """

    def __init__(self, sight: VisiblePaths, fold: Path, limits: Limits, preload: Sequence[str] = ()) -> None:
        if NAME != "linux" or not CONFINES:
            raise CannotFence(f"a fence needs Linux, and this system is {NAME}: set fence=off.")
        self._limits, self._why = limits, ""
        self._passed: str | None = None
        self._pipe, self._report, self.keeper = self._open(sight, fold, limits, preload)
        said = self._read_report()
        if not said.get("ready"):
            self._pipe.close()
            self._report.close()
            raise CannotFence(_cannot_fence_message(said.get("failed", "it ended at once")))
        self._account = host.ProcessAccount(self.keeper)
        self._start, self._code, self._over = self._account.cost()[1], None, threading.Event()
        self._began, self._paid = time.monotonic(), 0.0
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def ask(self, said: dict[str, Any], frame: pl.DataFrame | None = None, bounds: Bounds = SMALL) -> Answer:
        """Return the answer to a request. Its size is limited by ``bounds``.

        Raises Ended if the fence has ended, and Garbled for an answer that breaks the protocol; the fence then ends.
        """
        try:
            self._pipe.ask(said, frame)
            return self._pipe.read_answer(bounds)
        except Garbled:
            host.kill_fence(self.keeper)
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
        self._over.wait(CLOSE_SECONDS)
        if not self._over.is_set():
            host.kill_fence(self.keeper)
        self._watcher.join()
        return self._code

    def _open(
        self, sight: VisiblePaths, fold: Path, limits: Limits, preload: Sequence[str]
    ) -> tuple[Pipe, io.FileIO, int]:
        user = NOBODY if os.getuid() == 0 else os.getuid()
        if user == NOBODY and (closed := unreadable(sight.shown)):
            raise CannotFence(
                f"root's fence runs as another user, who cannot read {closed}: make it readable for all, or set "
                "fence=off."
            )
        request = {
            "shown": sight.shown,
            "hidden": sight.hidden,
            "fold": os.path.realpath(fold),
            "scratch": int(limits.scratch_gib * GIB),
            "user": user,
            "group": NOBODY if user == NOBODY else os.getgid(),
            "threads": limits.threads,
            "memory": int(limits.memory_gib * GIB),
            "path": sight.path,
            "first": sight.first,
            "preload": list(preload),
        }
        (asked, ask), (answered, answer), (reported, report) = os.pipe(), os.pipe(), os.pipe()
        try:
            keeper = host.server_of_process(sight.path).fence(request, [asked, answer, report])
        except OSError as error:
            for one in (ask, answered, reported):
                os.close(one)
            raise CannotFence(_cannot_fence_message(str(error))) from None
        finally:
            for one in (asked, answer, report):
                os.close(one)
        return Pipe.of(answered, ask), open(reported, "rb", buffering=0), keeper

    def _watch(self) -> None:
        """Watch the fence until it reports its end, and end it where it passes a limit."""
        limits = self._limits
        while not host.wait_readable(self._report.fileno(), LOOK_SECONDS):
            processes, sockets, memory = self._account.look(limits.memory_gib * GIB)
            if time.monotonic() - self._began > 60 * limits.minutes:
                self._passed = "minutes"
                self._why = f"it took more than {limits.minutes:g} minutes: set limits.minutes=N."
            elif limits.cpu_minutes < float("inf") and self.cost()[0] > 60 * limits.cpu_minutes:
                self._passed = "cpu_minutes"
                self._why = f"it took more than {limits.cpu_minutes:g} CPU minutes."
            elif memory > limits.memory_gib * GIB:
                self._passed = "memory_gib"
                self._why = f"it took more than {limits.memory_gib:g} GiB of memory: set limits.memory_gib=N."
            elif processes > limits.processes:
                self._passed = "processes"
                self._why = f"it started more than {limits.processes} processes: set limits.processes=N."
            elif sockets > host.MOST_SOCKETS:
                self._why = f"it had more than {host.MOST_SOCKETS} sockets open at the same time: use fewer."
            if self._why:
                host.kill_fence(self.keeper)
        self._code = self._read_report().get("ended")
        self._report.close()
        self._over.set()

    def _read_report(self) -> dict[str, Any]:
        """Return what the keeper reports next; empty where it was killed."""
        line = self._report.readline()
        return json.loads(line) if line.endswith(b"\n") else {}


def _cannot_fence_message(why: str) -> str:
    return (
        f"this machine does not let a fence be built ({why}): see docs/fence.md for what it takes, or set fence=off, "
        "which the result says."
    )
