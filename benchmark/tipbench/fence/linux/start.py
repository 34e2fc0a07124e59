"""Start the preloaded server of this process, once, and ask it for fences."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipcore.operating_system import thread_variables

from tipbench.fence.linux.root import SCRATCH

PRELOADED = ("numpy", "polars", "hydra.utils", "tipbench.data.fold", "tipbench.method")
"""What every method is run with. Importing starts no thread, so that a fork is safe."""
BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tipbench.fence.linux import server; "
    "server.main(int(sys.argv[2]), json.loads(sys.argv[3]))"
)
ARITHMETIC = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "NPY_DISABLE_CPU_FEATURES",
    "MKL_CBWR",
    "ATEN_CPU_CAPABILITY",
)
"""Variables that choose the kernels of numerical libraries; other kernels round sums differently."""
PATIENCE = 60.0
"""Seconds within which the server must be there."""
_servers: dict[int, Server] = {}


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


def server(path: Sequence[str]) -> Server:
    """Return the server of this process, started where there is none. Raises OSError where it cannot be.

    Args:
        path: of its imports.
    """
    own = os.getpid()
    if own not in _servers or _servers[own].process.poll() is not None:
        _servers.clear()  # a forked process has its parent's, which it must not use
        _servers[own] = _started(path)
    return _servers[own]


def _started(path: Sequence[str]) -> Server:
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
