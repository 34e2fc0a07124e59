"""Look at a fence from outside: how many processes it has and how much memory, and end it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress

KIB = 1024
_COUNTED = (b"RssAnon:", b"RssShmem:")


def measure(keeper: int) -> tuple[int, int]:
    """Return the number of processes below the keeper of a fence, and the bytes of memory that are theirs alone."""
    below = list(_below(keeper))
    return len(below), sum(map(_memory, below))


def cost(keeper: int) -> tuple[float, int]:
    """Return the CPU seconds of the processes below a keeper, of ended ones too, and the most bytes that one had."""
    ticks, peak = 0, 0
    for process in _below(keeper):
        with suppress(OSError):  # it has ended
            with open(f"/proc/{process}/stat", "rb") as file:
                ticks += sum(map(int, file.read().rpartition(b")")[2].split()[11:15]))
            with open(f"/proc/{process}/status", "rb") as file:
                peak = max(
                    (peak, *(KIB * int(line.split()[1]) for line in file if line.startswith(b"VmHWM:")))
                )
    return ticks / os.sysconf("SC_CLK_TCK"), peak


def wait(descriptor: int, seconds: float) -> bool:
    """Wait until there is something to read; return whether there is."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def end(keeper: int) -> None:
    """Kill process 1 of a fence, with which the kernel kills all others of its namespace, and the keeper."""
    for process in (*_children(keeper), keeper):
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(process, signal.SIGKILL)


def _children(process: int) -> list[int]:
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            return list(map(int, file.read().split()))
    except OSError:
        return []  # it has ended


def _below(process: int) -> Iterator[int]:
    for one in _children(process):
        yield one
        yield from _below(one)


def _memory(process: int) -> int:
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            return KIB * sum(int(line.split()[1]) for line in file if line.startswith(_COUNTED))
    except OSError:
        return 0  # it has ended
