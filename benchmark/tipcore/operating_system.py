"""What differs between Linux, macOS and Windows. No other module of these packages asks for it.

Each function does the same everywhere, or says what is left where a system lacks something. Nobody has run this on
Windows yet: ``tests/windows`` hides or forbids on Linux what Windows does not have, and runs the commands there.
Standard library only, and quick to load: Ctrl-C is answered, and strangers' files are read, before anything else is.
"""

from __future__ import annotations

import _thread
import errno
import os
import re
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from tipcore.errors import UsageError

try:
    import resource
except ImportError:
    resource = None

Folder = int | Path
"""An opened folder: a descriptor, or its absolute path where the system opens no names below a descriptor."""

NAME = sys.platform
"""The system as Python calls it: ``linux``, ``darwin``, ``win32``."""

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
"""Flags of ``os.open`` for a file that is not there yet."""

_STEP = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
)
_FOLDER, _AT_ONCE = getattr(os, "O_DIRECTORY", 0), getattr(os, "O_NONBLOCK", 0)
BELOW_DESCRIPTORS = bool(hasattr(os, "O_NOFOLLOW") and _FOLDER and _AT_ONCE and os.open in os.supports_dir_fd)
"""Whether names can be opened below an open folder, so that it cannot be exchanged in between."""

CONFINES = BELOW_DESCRIPTORS and resource is not None
"""Whether untrusted files can be read with bounds of memory and time, and without leaving their folder."""

MASKS_SIGNALS = hasattr(signal, "pthread_sigmask")
"""Whether a process is started with some signals kept from it."""

_ATTEMPTS, _PAUSE = 8 if os.name == "nt" else 0, 0.1
_EXCHANGE, _SWAP, _AT_FDCWD = 2, 2, -100
_JUNCTION = 0xA0000003
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def require_confinement(what: str) -> None:
    """Raise UsageError where strangers' files cannot be read safely, as on Windows.

    ``what``: the beginning of the sentence, such as "Accepting a submission".
    """
    if not CONFINES:
        raise UsageError(
            f"{what} needs a POSIX system: this one cannot limit the memory for reading untrusted files, and cannot "
            "make a folder private to its owner; use Linux or WSL."
        )


def cache_folder() -> Path:
    """Return the folder where this system keeps what programs can make again. It is not created here."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def write_utf8(stream: TextIO) -> None:
    """Let a stream take any character: UTF-8, or escapes on a terminal and where PYTHONIOENCODING is set."""
    encoding = None if stream.isatty() or os.environ.get("PYTHONIOENCODING") else "utf-8"
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding=encoding, errors="backslashreplace")  # type: ignore[union-attr]


def is_utf8(stream: TextIO) -> bool:
    """Return whether a stream takes every character as it is."""
    return (stream.encoding or "").lower().replace("-", "").replace("_", "") == "utf8"


def name_problem(name: str) -> str | None:
    """Return why a file or folder of this name cannot be on every system; None where it can."""
    if _RESERVED.fullmatch(name):
        return "Windows keeps that name for a device"
    if (sign := _FORBIDDEN.search(name)) is not None:
        return f"{sign[0]!r} cannot be in the name of a file on Windows"
    if not name or name != name.rstrip(". "):
        return "it ends with a dot or a space" if name else "it is empty"
    return None


def interrupt() -> None:
    """Interrupt the main thread as Ctrl-C does, from another thread."""
    if not hasattr(signal, "pthread_kill"):
        return _thread.interrupt_main()
    return signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def on_interrupt(press: Callable[[int, FrameType | None], None]) -> None:
    """Call ``press`` on Ctrl-C, unless somebody else answers it already or it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, press)


def ignore_interrupts() -> None:
    """Ignore Ctrl-C from now on; without effect outside the main thread."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """Let processes that are started inside never see Ctrl-C.

    Where signals have no masks they see it until they call :func:`ignore_interrupts`.
    """
    if not MASKS_SIGNALS:
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # one that starts later would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def move(source: Path, target: Path) -> None:
    """Rename a file, over one that is there, or a folder to a place that is free.

    Where virus scanners and indexers hold new files open for a moment (Windows), it is tried for less than a second.
    """
    rename = os.rename if source.is_dir() else os.replace
    for _ in range(_ATTEMPTS):
        with suppress(PermissionError):
            return rename(source, target)
        time.sleep(_PAUSE)
    rename(source, target)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step of the file system, and return whether that could be done."""
    if sys.platform not in ("linux", "darwin"):
        return False
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError, TypeError):
        return False
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0
    if hasattr(library, "renamex_np"):
        return library.renamex_np(names[0], names[1], _SWAP) == 0
    return False


def file_lock(path: Path) -> AbstractContextManager[object]:
    """Wait until no other process is inside with the same lock file, and keep them out until the block ends."""
    from filelock import FileLock

    return FileLock(path)


def reset_peak_memory() -> int | None:
    """Set the record of peak memory back to what is used now, and return that in KiB; None where it cannot be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    return _memory("VmRSS")


def peak_memory() -> int | None:
    """Return the peak of resident memory in KiB; None where the system does not say."""
    return _memory("VmHWM")


def _memory(field: str) -> int | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(rf"^{field}:\s*(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else None


def confine(memory_bytes: int, written_bytes: int, open_files: int) -> None:
    """Bound this process for good: address space, bytes of a file that it writes, open files, no core dump.

    A limit that is lower already, or that the system does not have, stays as it is.
    """
    if resource is None:
        return
    limits = {"AS": memory_bytes, "FSIZE": written_bytes, "NOFILE": open_files, "CORE": 0}
    for name, most in limits.items():
        with suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def allow_seconds(seconds: int) -> None:
    """Bound the CPU time of this process from now on, where the system can; the next call moves the bound."""
    if resource is None:
        return
    with suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds + 1, hard))


def ran_out_of_seconds(code: int) -> bool:
    """Return whether the exit code of a process says that :func:`allow_seconds` ended it."""
    return hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU


def open_folder(name: str | Path, above: Folder | None = None) -> Folder:
    """Open a folder whose name is not a link; below another one, or anywhere. Raises OSError where that cannot be."""
    if isinstance(above, int) or (above is None and BELOW_DESCRIPTORS):
        return os.open(name, _STEP | _FOLDER, dir_fd=above)
    path = Path(os.path.abspath(name)) if above is None else above / name
    status = os.lstat(path)
    if _is_link(status):
        raise OSError(None, "it is a link", str(path))
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(None, "Not a directory", str(path))
    return path


def close_folder(folder: Folder) -> None:
    """Close what :func:`open_folder` gave."""
    if isinstance(folder, int):
        os.close(folder)


def open_file(name: str, folder: Folder) -> int:
    """Return the descriptor of a file in an opened folder, without following links or waiting.

    Raises OSError where that cannot be.
    """
    if isinstance(folder, int):
        return os.open(name, _STEP | _AT_ONCE, dir_fd=folder)
    path = folder / name
    status = os.lstat(path)
    if _is_link(status) or not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it is not a plain file", str(path))
    opened = os.open(path, _STEP)
    if os.path.samestat(status, os.fstat(opened)):
        return opened
    os.close(opened)
    raise OSError(None, "another file was put in its place", str(path))


def check_regular(*paths: Path) -> None:
    """Raise OSError for a path that exists and is not a regular file: opening a FIFO or a device may block forever.

    Links are followed. A missing path raises nothing here; opening it does.
    """
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def status_of(name: str, folder: Folder) -> os.stat_result:
    """Return the status of what a name in an opened folder stands for; a link is not followed."""
    if isinstance(folder, int):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    return os.lstat(folder / name)


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


try:
    import fcntl
except ImportError:
    fcntl = None


OF_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Of these a library of linear algebra reads the first and its own, and its own before the first."""
THREADS = (*OF_BLAS, "POLARS_MAX_THREADS")
"""Variables that limit the threads of libraries in a process; libraries read them when they are loaded."""

_SET_DEATH_SIGNAL = 1
_WATCH_SECONDS = 0.5
_watched: set[int] = set()


def user_sets_blas_threads() -> bool:
    """Return whether the user says how many threads libraries of linear algebra have."""
    return any(os.environ.get(name) for name in OF_BLAS)


def thread_variables() -> dict[str, str]:
    """Return the variables of a process that has one thread of each library, or as many as the user says; what is said
    of one of :data:`OF_BLAS` is said of all."""
    of_blas = next(filter(None, map(os.environ.get, OF_BLAS)), "1")
    return {name: os.environ.get(name) or (of_blas if name in OF_BLAS else "1") for name in THREADS}


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Give processes started inside, and libraries loaded inside, the threads of :func:`thread_variables`."""
    added = {name: many for name, many in thread_variables().items() if not os.environ.get(name)}
    empty = {name: os.environ[name] for name in added if name in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        os.environ.update(empty)


def end_with_starter(starter: int) -> None:
    """Let this process be ended when the one that started it, of this process id, ends, however that happens.

    Linux does it at once, whatever this process is busy with, but when the *thread* ends that started it: for a
    process whose starter waits for it in one thread. Elsewhere as :func:`end_with_process`.
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

    ``parent``: its process id. Windows keeps the number of a parent that is gone: there a process goes on to
    the end of what it does. Where work is done by threads of the parent there is nobody to end.
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

    Returns None where the system or its file system has no claims. Raises BlockingIOError where another
    process, or another call in this one, holds it, and FileNotFoundError where it is not there.
    """
    if fcntl is None:
        return None
    descriptor = None
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor
    except OSError as error:
        if descriptor is not None:
            os.close(descriptor)
        if isinstance(error, BlockingIOError | FileNotFoundError):
            raise
        return None
