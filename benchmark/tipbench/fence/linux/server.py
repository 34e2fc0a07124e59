"""A preloaded server: it forks a process for each fence, so that numpy and polars are imported once for all of them.

Started by :mod:`tipbench.fence.linux.host` with one socket. A message asks for one fence and brings three
descriptors: what the fence reads, what it writes, and where is reported how the fence fares. The server forks a keeper,
which leaves the host's namespaces and forks process 1 of new ones; the keeper waits for it and reports how it ended.
When the host has gone, the socket ends, with it the server, with that the keepers, and with these the fences.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tipbench.fence import child
from tipbench.fence.linux import sandbox, seccomp
from tipbench.fence.wire import Pipe

LARGEST = 1 << 17
"""Bytes of a message to the server."""
MAPPED = 4
"""Bytes that a process may map per byte that its fence may use: allocators keep addresses of freed memory."""


@dataclass(frozen=True)
class Request(sandbox.View):
    """One fence, and what is seen in it.

    ``memory``: the most bytes that a process may map, those of loaded libraries included; the host counts those
    that are used. ``path``: of imports. ``first``: a folder of packages before it, for which Python is started anew
    inside; '' to go on with this process.
    """

    user: int
    group: int
    threads: int
    memory: int
    path: list[str]
    first: str


def main(descriptor: int, preloaded: list[str]) -> None:
    """Serve until the host closes its end."""
    for name in preloaded:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is interrupted is the host, which then closes its end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers report themselves
    sandbox.leave_keys()
    held = sandbox.data_bytes()
    host = socket.socket(fileno=descriptor)
    host.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(host, LARGEST, 3)
        if not message:
            return
        said, (requests, answers, report) = json.loads(message), descriptors
        for name in said.pop("preload"):
            with suppress(ImportError):  # a name in a module, or a library that is not installed
                importlib.import_module(name)
        said["memory"] *= MAPPED
        if not said["first"]:
            # Each fork starts with the memory that loaded libraries reserve (some over 1 GiB). It is
            # added to the limit, so that a method can allocate as much whichever methods ran before it.
            said["memory"] += max(0, sandbox.data_bytes() - held)
        _start(Request(**said), requests, answers, report, host)
        for descriptor in descriptors:
            os.close(descriptor)


def _start(request: Request, requests: int, answers: int, report: int, host: socket.socket) -> None:
    """Fork the keeper of a fence and map its users once it has left; tell the host its process."""
    ours, theirs = socket.socketpair()
    keeper = os.fork()
    if keeper == 0:
        status = 1
        try:
            host.close()
            ours.close()
            sandbox.die_with_parent()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status = _keep(request, requests, answers, report, theirs)
        except OSError as error:
            _report(report, {"failed": str(error)})
        finally:
            os._exit(status)
    theirs.close()
    try:
        if ours.recv(1):
            sandbox.map_users(keeper, os.getuid(), os.getgid())
            ours.send(b"1")
    except OSError as error:
        _report(report, {"failed": f"mapping users: {error}"})
    finally:
        ours.close()
    host.send(str(keeper).encode())


def _keep(request: Request, requests: int, answers: int, report: int, server: socket.socket) -> int:
    """Leave the host's namespaces, start process 1 of the new ones, wait for it and report how it ended."""
    sandbox.leave_namespaces()
    with server:
        server.send(b"1")
        if not server.recv(1):  # until it has mapped the users
            return 1  # it has reported why not
    first = os.fork()
    if first == 0:
        status = 1
        try:
            _enter(request, requests, answers, report)
            status = 0
        except Exception as error:  # whatever it is, the host says it
            _report(report, {"failed": str(error)})
        finally:
            os._exit(status)
    os.close(requests)
    os.close(answers)
    _, ended = os.waitpid(first, 0)
    _report(report, {"ended": os.waitstatus_to_exitcode(ended)})
    return 0


def _enter(request: Request, requests: int, answers: int, report: int) -> None:
    """Be process 1: see what there is to see, give up all rights, and serve the host's requests."""
    os.setsid()
    sandbox.leave_keys()
    sandbox.build_root(request, request.user, request.group)
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _close_all_but(requests, answers, report)
    sandbox.restrict_paths(("/",), sandbox.SCRATCH + tuple(f"/dev/{name}" for name in sandbox.DEVICES))
    sandbox.set_limits(request.threads, request.memory)
    sandbox.give_up_rights(request.user, request.group)
    sandbox.die_with_parent()  # again: whoever becomes another user is let off
    os.chdir(sandbox.SCRATCH[0])
    seccomp.restrict()
    _report(report, {"ready": True})
    os.close(report)
    if request.first:
        os.set_inheritable(requests, True)
        os.set_inheritable(answers, True)
        words = (json.dumps([request.first, *request.path]), str(requests), str(answers))
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", FRESH, *words])
    sys.path[:] = request.path
    child.serve(Pipe.of(requests, answers))


FRESH = (
    "import json, sys; sys.path[:0] = json.loads(sys.argv[1]); "
    "from tipbench.fence import child, wire; "
    "child.serve(wire.Pipe.of(int(sys.argv[2]), int(sys.argv[3])))"
)
"""What Python begins with when it is started anew, inside the fence: no code of site-packages runs before."""


def _close_all_but(*kept: int) -> None:
    """Close every descriptor above the standard streams but these."""
    lowest = 3
    for one in sorted(kept):
        os.closerange(lowest, one)
        lowest = one + 1
    os.closerange(lowest, os.sysconf("SC_OPEN_MAX"))


def _report(descriptor: int, said: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(said).encode() + b"\n")
