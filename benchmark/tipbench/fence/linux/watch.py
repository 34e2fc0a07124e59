"""Look at a fence from outside: how many processes it has, how much memory and CPU they took, and end it."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

KIB = 1024
REMEMBERED = 10_000
"""Ended processes of which is known what they took, so that one that a look had missed is not counted twice."""
_COUNTED = (b"RssAnon:", b"VmSwap:", b"VmPTE:")
"""Memory of a process, and of the kernel's page tables for it. What is shared lies in files of the fence, which have a
limit of their own (:mod:`tipbench.fence.linux.root`): other shared memory is refused
(:mod:`tipbench.fence.linux.seccomp`)."""
SOCKET_BYTES = 2 * 212_992
"""More than a full socket takes of the kernel where ``net.core.wmem_default`` is the usual 208 KiB, which is kept."""


@dataclass
class Account:
    """What the processes below a keeper took, of those too that ended between two looks at them.

    A process that is waited for adds to its parent's time; one that nobody waits for, or whose parent was killed, does
    not. So the time of each is kept as it was last seen, and the larger sum counts: that of today's processes with all
    that they waited for, or that of every process ever seen. Both are at most what was taken.
    """

    keeper: int
    _own: dict[tuple[int, int], int] = field(default_factory=dict)
    _seen: int = 0
    _most: int = 0
    _peak: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> tuple[int, int]:
        """Return the number of processes, and the bytes of memory that they and their sockets hold."""
        below, now, waited, memory = processes(self.keeper), {}, 0, SOCKET_BYTES * self._sockets()
        with self._lock:
            for process in below:
                with suppress(OSError):  # it has ended
                    with open(f"/proc/{process}/stat", "rb") as file:
                        said = list(map(int, file.read().rpartition(b")")[2].split()[1:]))
                    now[process, said[18]] = sum(said[10:12])  # a number comes again; not with the same start
                    waited += sum(said[10:14])
                    with open(f"/proc/{process}/status", "rb") as file:
                        told = [line.split() for line in file]
                    memory += KIB * sum(int(line[1]) for line in told if line[0] in _COUNTED)
                    peaks = [KIB * int(line[1]) for line in told if line[0] == b"VmHWM:"]
                    self._peak = max(self._peak, *peaks, 0)
            self._seen += sum(own - self._own.get(one, 0) for one, own in now.items())
            self._own = {**(self._own if len(self._own) < REMEMBERED else {}), **now}
            self._most = max(self._most, waited, self._seen)
        return len(below), memory

    def _sockets(self) -> int:
        """Return the number of sockets, including closed ones with unread data."""
        with suppress(OSError), open(f"/proc/{self.keeper}/net/sockstat", encoding="ascii") as file:
            return int(file.readline().split()[2])  # "sockets: used 3"
        return 0

    def cost(self) -> tuple[float, int]:
        """Return the CPU seconds of all processes so far, and the most bytes that one had."""
        self.look()
        return self._most / os.sysconf("SC_CLK_TCK"), self._peak


def processes(keeper: int) -> set[int]:
    """Return the processes below a keeper, whichever of its threads began them."""
    found: set[int] = set()
    waiting = [keeper]
    while waiting:
        new = set(_children(waiting.pop())) - found
        found |= new
        waiting += new
    return found


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


def _children(process: int) -> Iterator[int]:
    """Yield the children of all threads of a process: each is told of at the thread that began it."""
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError), open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                yield from map(int, file.read().split())
