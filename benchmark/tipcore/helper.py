"""Start a process of one's own packages that does what may end a process, and ends with the one that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tipcore.operating_system import THREADS, Folder, end_with_starter

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
"""Variables that a helper inherits; others may hold secrets."""


def start_helper(
    module: str, cwd: Path, folder: Folder | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a module that reads requests on standard input and answers on standard output; it never sees Ctrl-C.

    ``module``: its dotted name; it calls :func:`end_with_parent` before anything else. ``folder``: an opened
    folder that it is handed. ``variables``: further variables of its environment.
    """
    known = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env={
            **known,
            **dict.fromkeys(THREADS, "1"),
            "MALLOC_ARENA_MAX": "2",
            **(variables or {}),
            "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        pass_fds=(folder,) if isinstance(folder, int) else (),
        start_new_session=True,  # Ctrl-C is answered by this process alone, which ends that one
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # as above, on Windows
    )


def end_with_parent() -> None:
    """Let this process end with the one that started it by :func:`start_helper`."""
    if sys.argv[1:]:
        end_with_starter(int(sys.argv[1]))


def end_helper(process: subprocess.Popen[bytes]) -> int:
    """End a helper, if it has not ended, and close what led to it; return its exit code."""
    process.kill()
    if process.stdin is not None:
        with suppress(OSError):  # what was never read of the request may not be flushed any more
            process.stdin.close()
    return process.wait()
