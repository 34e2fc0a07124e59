"""Processes that end with the one that started them, and claims, by which others see whether a writer is still alive.

Standard library only, and quick to load, as all of this package.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None

CLAIMS = fcntl is not None
"""Whether a file or folder can be claimed."""

OF_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Of these a library of linear algebra reads the first and its own, and its own before the first."""
THREADS = (*OF_BLAS, "POLARS_MAX_THREADS")
"""Variables by which libraries are told, before they are loaded, how many threads of theirs a process may have."""

_SET_DEATH_SIGNAL = 1
_WATCH_SECONDS = 0.5
_watched: set[int] = set()


def threads_of_blas_are_said() -> bool:
    """Return whether the user says how many threads libraries of linear algebra have."""
    return any(os.environ.get(name) for name in OF_BLAS)


def threads() -> dict[str, str]:
    """Return the variables of a process that has one thread of each library, or as many as the user says; what is said
    of one of :data:`OF_BLAS` is said of all."""
    of_blas = next(filter(None, map(os.environ.get, OF_BLAS)), "1")
    return {name: os.environ.get(name) or (of_blas if name in OF_BLAS else "1") for name in THREADS}


@contextmanager
def with_one_thread() -> Iterator[None]:
    """Let each process that is started inside, and what this one loads inside, have the threads of :func:`threads`."""
    added = {name: many for name, many in threads().items() if not os.environ.get(name)}
    empty = {name: os.environ[name] for name in added if name in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        os.environ.update(empty)


def end_with_starter(starter: int) -> None:
    """Let this process be ended when the one that started it ends, however that happens.

    Linux does it at once, whatever this process is busy with, but when the *thread* ends that started it: for a
    process whose starter waits for it in one thread. Elsewhere as :func:`end_with_process`.

    Args:
        starter: the process id.
    """
    if not _ask_linux():
        end_with_process(starter)
    elif os.getppid() != starter:  # it ended before it was asked
        os._exit(1)


def _ask_linux() -> bool:
    """Ask the kernel to kill this process when its starter ends, and return whether it will."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0) == 0
    except (ImportError, OSError, TypeError, AttributeError):
        return False


def end_with_process(parent: int) -> None:
    """End this process soon after its parent has ended, by a thread that waits for that; a second call does nothing.

    Windows keeps the number of a parent that is gone: there a process goes on to the end of what it does. Where work is
    done by threads of the parent there is nobody to end.

    Args:
        parent: the process id of the process that started this one.
    """
    if os.name == "nt" or parent in (os.getpid(), *_watched):
        return
    _watched.add(parent)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    with suppress(ImportError, AttributeError, OSError):
        import select

        ended = select.poll()
        if os.getppid() == parent:
            ended.register(os.pidfd_open(parent), select.POLLIN)
            ended.poll()
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def claim(path: Path) -> int | None:
    """Claim a file or folder until its descriptor, which is returned, is closed or this process has ended.

    Raises:
        BlockingIOError: where another process, or another call in this one, holds it.
        OSError: where it is not there, or its file system has no such claims.
    """
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
