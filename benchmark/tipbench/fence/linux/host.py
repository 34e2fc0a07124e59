"""The host's side on Linux: start the preloaded server, ask it for fences, and watch and end the fences."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tipcore.operating_system import thread_variables

from tipbench.fence.linux.sandbox import SCRATCH

PRELOADED = ("numpy", "polars", "hydra.utils", "tipbench.data.fold", "tipbench.method")
"""What every method is run with. Importing starts no thread, so that a fork is safe."""
BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tipbench.fence.linux import server; "
    "server.main(int(sys.argv[2]), json.loads(sys.argv[3]))"
)
ARITHMETIC = (
    *("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES"),
    *("MKL_CBWR", "ATEN_CPU_CAPABILITY"),
)
"""Variables that choose the kernels of numerical libraries; other kernels round sums differently."""
PATIENCE = 60.0
"""Seconds within which the server must be there."""
_SERVERS: dict[int, Server] = {}


@dataclass
class Server:
    """The server of a process, and the socket that leads to it."""

    process: subprocess.Popen[bytes]
    host: socket.socket

    def fence(self, request: dict[str, Any], descriptors: Sequence[int]) -> int:
        """Ask for a fence and return the process of its keeper. Raises OSError where the server has ended."""
        socket.send_fds(self.host, [json.dumps(request).encode()], descriptors)
        answer = self.host.recv(64)
        if not answer:
            raise ConnectionResetError("the server of fences has ended")
        return int(answer)

    def close(self) -> None:
        self.host.close()
        self.process.wait()


def server_of_process(path: Sequence[str]) -> Server:
    """Return the server of this process, started where there is none. Raises OSError where it cannot be.

    ``path``: of its imports.
    """
    own = os.getpid()
    if own not in _SERVERS or _SERVERS[own].process.poll() is not None:
        _SERVERS.clear()  # a forked process has its parent's, which it must not use
        _SERVERS[own] = _start_server(path)
    return _SERVERS[own]


def _start_server(path: Sequence[str]) -> Server:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        words = (json.dumps(list(path)), str(number), json.dumps(PRELOADED))
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BOOT, *words],
            env=environment(),
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    ours.settimeout(PATIENCE)
    if not ours.recv(64):
        said = process.communicate()[1].decode(errors="replace").strip().splitlines()
        raise OSError(f"the server of fences did not start: {said[-1] if said else 'it said nothing'}")
    made = Server(process, ours)
    atexit.register(made.close)
    return made


def environment() -> dict[str, str]:
    """Return the environment variables of a fence: fixed ones, and from the host the number of threads (1 if it is not
    set) and :data:`ARITHMETIC`."""
    same = {name: os.environ[name] for name in ARITHMETIC if name in os.environ}
    fixed = {"PATH": "/usr/bin:/bin", "HOME": SCRATCH[0], "TMPDIR": SCRATCH[0], "LANG": "C.UTF-8"}
    return {**fixed, **thread_variables(), **same}


KIB = 1024
MOST_ENDED = 10_000
"""Ended processes whose time is kept, so that a process that one look missed is not counted twice."""
_COUNTED = (b"RssAnon:", b"VmSwap:", b"VmPTE:")
"""Memory of a process, and of the kernel's page tables for it. Shared memory lies in files of the fence, which have a
limit of their own (:mod:`tipbench.fence.linux.sandbox`); other shared memory is refused
(:mod:`tipbench.fence.linux.seccomp`)."""
_SHARED_OUT = (b"Pss_Anon:", b"SwapPss:")
"""The same without page tables, with pages that processes share since a fork divided among them."""
SOCKET_BYTES = 2 * 212_992
"""More than a full socket takes of the kernel where ``net.core.wmem_default`` is the usual 208 KiB. A fence cannot
enlarge it, and a network namespace cannot lower it."""
MOST_SOCKETS = (64 << 20) // SOCKET_BYTES
"""Sockets of a fence at the same time, so that their buffers hold at most 64 MiB."""


@dataclass
class ProcessAccount:
    """CPU time and memory of the processes below a keeper, also of those that ended between two looks.

    A process that is waited for adds to its parent's time; one without a waiting parent does not. So the time of each
    is kept as it was last seen, and the larger sum counts: that of today's processes with all that they waited for, or
    that of every process ever seen. Both are at most what was taken.
    """

    keeper: int
    _own: dict[tuple[int, int], int] = field(default_factory=dict)
    _seen: int = 0
    _most: int = 0
    _peak: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, most_memory: float = float("inf")) -> tuple[int, int, int]:
        """Return the numbers of processes and sockets, and the bytes of memory that they hold.

        Pages that a fork shares with its parent count once for each of them, unless that exceeds ``most_memory``: they
        are then divided among them, which takes the kernel longer to count.
        """
        below, now, waited = processes(self.keeper), {}, 0
        sockets = self._sockets()
        memory, page_tables = SOCKET_BYTES * sockets, 0
        with self._lock:
            for process in below:
                with suppress(OSError):  # it has ended
                    with open(f"/proc/{process}/stat", "rb") as file:
                        fields = list(map(int, file.read().rpartition(b")")[2].split()[1:]))
                    # A number comes again; not with the same start.
                    now[process, fields[18]] = sum(fields[10:12])
                    waited += sum(fields[10:14])
                    kib = _kib_of(f"/proc/{process}/status", (*_COUNTED, b"VmHWM:"))
                    self._peak = max(self._peak, KIB * kib.pop(b"VmHWM:", 0))
                    memory += KIB * sum(kib.values())
                    page_tables += KIB * kib.get(b"VmPTE:", 0)
            self._seen += sum(own - self._own.get(one, 0) for one, own in now.items())
            self._own = {**(self._own if len(self._own) < MOST_ENDED else {}), **now}
            self._most = max(self._most, waited, self._seen)
        if memory > most_memory:
            with suppress(PermissionError):  # then pages count once for each process
                shares = sum(sum(_kib_of(f"/proc/{one}/smaps_rollup", _SHARED_OUT).values()) for one in below)
                memory = SOCKET_BYTES * sockets + page_tables + KIB * shares
        return len(below), sockets, memory

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


def _kib_of(path: str, names: Container[bytes]) -> dict[bytes, int]:
    """Return these fields of a file of /proc, in KiB; none if the process has ended. Raises PermissionError."""
    with suppress(FileNotFoundError, ProcessLookupError), open(path, "rb") as file:
        return {line[0]: int(line[1]) for line in map(bytes.split, file) if line[0] in names}
    return {}


def wait_readable(descriptor: int, seconds: float) -> bool:
    """Wait until there is something to read; return whether there is."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def kill_fence(keeper: int) -> None:
    """Kill process 1 of a fence, with which the kernel kills all others of its namespace, and the keeper."""
    for process in (*_children(keeper), keeper):
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(process, signal.SIGKILL)


def _children(process: int) -> Iterator[int]:
    """Yield the children of all threads of a process: /proc lists each at the thread that began it."""
    with suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError), open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                yield from map(int, file.read().split())
