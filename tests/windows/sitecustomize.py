"""Make Linux to a Python program what Windows is: hide what Windows lacks, and refuse what it forbids.

With this folder first on PYTHONPATH every Python begins with this module, and so do the processes that it starts. The
standard library keeps what it needs of POSIX, since it runs on it; nobody else does, save :data:`LIBRARIES`. Not shown:
drive letters and backslashes, the console, antivirus programs, and what compiled code does to files.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import io
import locale
import multiprocessing
import multiprocessing.resource_tracker
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
CODE_PAGE, LINE_END = "cp1252", "\r\n"
LONGEST_PATH = 259

LIBRARIES = frozenset({"filelock", "huggingface_hub", "joblib", "numpy", "polars", "threadpoolctl"})
"""Packages that choose their Windows half by ``sys.platform``, which is not hidden: they keep the other one."""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


MODULES = _words("_posixsubprocess curses fcntl grp posix pty pwd readline resource syslog termios tty")
OF_OS = _words(
    "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC chown chroot fchmod fchown fork forkpty getegid geteuid",
    "getgid getloadavg getpgid getpgrp getpriority getsid getuid killpg lchown mkfifo mknod nice pread pwrite",
    "register_at_fork sched_getaffinity sched_setaffinity sendfile setpgid setpriority setsid statvfs sync sysconf",
    "uname wait wait3 wait4",
)
OF_SIGNAL = _words(
    "ITIMER_REAL SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause pthread_kill pthread_sigmask setitimer",
    "siginterrupt sigpending sigwait sigwaitinfo",
)
SIGNALS = _words("SIGABRT SIGFPE SIGILL SIGINT SIGSEGV SIGTERM")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')

_STANDARD = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
_open, _os_open, _listdir, _scandir = io.open, os.open, os.listdir, os.scandir
_rename, _replace, _unlink, _rmdir, _mkdir = os.rename, os.replace, os.unlink, os.rmdir, os.mkdir
_ours: dict[str, bool] = {}


def is_standard(frame: types.FrameType) -> bool:
    """Return whether the code of this frame may see POSIX: the standard library, and :data:`LIBRARIES`."""
    file = frame.f_code.co_filename
    if "site-packages" in file or file.startswith(HERE):
        return str(frame.f_globals.get("__name__")).partition(".")[0] in LIBRARIES
    return file.startswith(("<frozen", *_STANDARD))


def hide() -> None:
    """Take away modules and attributes that Windows does not have."""
    imported = builtins.__import__

    def only_there(name: str, *given: Any, **named: Any) -> types.ModuleType:
        if name.partition(".")[0] in MODULES and not is_standard(sys._getframe(1)):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, *given, **named)

    builtins.__import__ = only_there
    signals = {name for name in vars(signal) if re.fullmatch("SIG[A-Z]+[0-9]*", name)} - SIGNALS
    _hide_attributes(os, OF_OS)
    _hide_attributes(signal, OF_SIGNAL | signals)
    _hide_attributes(select, {"poll", "epoll"})
    for able in (os.supports_dir_fd, os.supports_fd):
        able.clear()
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    multiprocessing.set_start_method("spawn", force=True)


def _hide_attributes(module: types.ModuleType, names: Iterable[str]) -> None:
    """Keep these attributes for the standard library, and for everybody else let them be missing."""
    kept = {name: vars(module).pop(name) for name in names if name in vars(module)}

    def missing(name: str) -> Any:
        if name in kept and is_standard(sys._getframe(1)):
            return kept[name]
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = missing  # type: ignore[method-assign]


def forbid_posix_calls() -> None:
    """Refuse arguments that these functions do not take on Windows."""
    waited, loaded, start = select.select, ctypes.CDLL.__init__, subprocess.Popen.__init__
    tracked = multiprocessing.resource_tracker.ensure_running

    def select_sockets(*lists: Any) -> Any:
        for one in (one for some in lists[:3] for one in some):
            if not stat.S_ISSOCK(os.fstat(one if isinstance(one, int) else one.fileno()).st_mode):
                raise OSError(10038, "An operation was attempted on something that is not a socket")
        return waited(*lists)

    def load(self: Any, name: Any, *given: Any, **named: Any) -> None:
        if not is_standard(sys._getframe(1)):
            if name is None:
                raise TypeError("argument of type 'NoneType' is not iterable")
            if os.path.basename(str(name)).startswith("libc."):
                raise FileNotFoundError(f"Could not find module '{name}' (or one of its dependencies)")
        loaded(self, name, *given, **named)

    def popen(self: Any, *given: Any, **named: Any) -> None:
        for name in ("pass_fds", "preexec_fn"):
            if named.get(name):
                raise ValueError(f"{name} not supported on Windows.")
        if (named.get("text") or named.get("universal_newlines")) and named.get("encoding") is None:
            named["encoding"] = CODE_PAGE
        start(self, *given, **named)

    def ensure_running() -> None:
        if not is_standard(sys._getframe(1)):
            raise ModuleNotFoundError("No module named '_posixsubprocess'", name="_posixsubprocess")
        tracked()

    def symlink(source: Any, target: Any, *_: Any, **__: Any) -> None:
        raise _refusal(1314, errno.EINVAL, "A required privilege is not held by the client", target)

    select.select, os.symlink = select_sockets, symlink
    ctypes.CDLL.__init__, subprocess.Popen.__init__ = load, popen  # type: ignore[method-assign]
    multiprocessing.resource_tracker.ensure_running = ensure_running


def forbid_moves_of_open_files() -> None:
    """Refuse to rename onto what is there, and to move or remove what a process has open."""

    def rename(source: Any, target: Any, **named: Any) -> None:
        _refuse_descriptors(named)
        _refuse_held(source)
        _refuse_name(target)
        if os.path.lexists(target):
            raise _refusal(183, errno.EEXIST, "Cannot create a file when that file already exists", target)
        _rename(source, target)

    def replace(source: Any, target: Any, **named: Any) -> None:
        _refuse_descriptors(named)
        _refuse_held(source)
        _refuse_name(target)
        if os.path.isdir(target) or is_held(target):
            raise _refusal(5, errno.EACCES, "Access is denied", target)
        _replace(source, target)

    def remove(path: Any, **named: Any) -> None:
        _refuse_descriptors(named)
        unlinks_at_once = sys._getframe(1).f_globals.get("__name__") == "tempfile"  # on Windows it does not
        if os.path.lexists(path) and not unlinks_at_once:
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) or not (mode & stat.S_IWUSR or stat.S_ISLNK(mode)):
                raise _refusal(5, errno.EACCES, "Access is denied", path)
            _refuse_held(path)
        _unlink(path)

    def rmdir(path: Any, **named: Any) -> None:
        _refuse_descriptors(named)
        _refuse_held(path)
        _rmdir(path)

    os.rename, os.replace, os.remove, os.unlink, os.rmdir = rename, replace, remove, remove, rmdir


def limit_names_and_text() -> None:
    """Refuse names that Windows does not take, hide /proc, and read and write text in the code page by default."""

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
        newline: str | None = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        _look_at(file, creates=any(sign in mode for sign in "wax+"))
        if "b" not in mode:
            encoding = CODE_PAGE if encoding in (None, "locale") else encoding
            newline = LINE_END if newline is None and "r" not in mode and "+" not in mode else newline
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)

    def os_opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: Any = None) -> int:
        _refuse_descriptors({"dir_fd": dir_fd})
        if os.path.isdir(path):
            raise _refusal(5, errno.EACCES, "Permission denied", path)
        _look_at(path, creates=bool(flags & os.O_CREAT))
        return _os_open(path, flags, mode)

    def mkdir(path: Any, mode: int = 0o777, **named: Any) -> None:
        _refuse_descriptors(named)
        _refuse_name(path)
        _mkdir(path, mode)

    def listdir(path: Any = ".") -> list[Any]:
        _look_at(path, creates=False)
        return _listdir(path)

    def scandir(path: Any = ".") -> Any:
        _look_at(path, creates=False)
        return _scandir(path)

    builtins.open = io.open = opened  # type: ignore[assignment]
    os.open, os.mkdir, os.listdir, os.scandir = os_opened, mkdir, listdir, scandir  # type: ignore[assignment]
    locale.getpreferredencoding = lambda do_setlocale=True: CODE_PAGE
    if hasattr(locale, "getencoding"):
        locale.getencoding = lambda: CODE_PAGE
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if stream is not None and not stream.isatty():
            encoding = None if "PYTHONIOENCODING" in os.environ else CODE_PAGE
            stream.reconfigure(encoding=encoding, newline=LINE_END)  # type: ignore[union-attr]


def _look_at(path: Any, creates: bool) -> None:
    if isinstance(path, int):
        return
    if os.fsdecode(path).startswith("/proc"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if creates:
        _refuse_name(path)


def _refuse_name(path: Any) -> None:
    """Raise OSError for a new file or folder whose name or path Windows does not take."""
    place = os.path.abspath(os.fsdecode(path))
    name = os.path.basename(place)
    if RESERVED.fullmatch(name) or FORBIDDEN.search(name):
        raise _refusal(
            123, errno.EINVAL, "The filename, directory name, or volume label syntax is incorrect", place
        )
    if len(place) > LONGEST_PATH:
        raise _refusal(206, errno.ENOENT, "The filename or extension is too long", place)
    try:
        beside = _listdir(os.path.dirname(place))
    except OSError:
        return
    for other in beside:
        if other != name and other.casefold() == name.casefold():
            raise _refusal(80, errno.EEXIST, f"The file exists: {other} differs in case alone", place)


def _refuse_descriptors(named: dict[str, Any]) -> None:
    if any(value is not None for value in named.values()):
        raise NotImplementedError(f"{', '.join(named)} unavailable on this platform")


def _refuse_held(path: Any) -> None:
    if is_held(path):
        said = "The process cannot access the file because it is being used by another process"
        raise _refusal(32, errno.EACCES, said, path)


def _refusal(code: int, number: int, said: str, path: Any) -> OSError:
    error = OSError(number, f"[WinError {code}] {said}", os.fspath(path))
    error.winerror = code  # type: ignore[attr-defined]
    return error


def is_held(path: Any) -> bool:
    """Return whether a process has the file open or mapped, or anything in the folder, or works there."""
    above, name = os.path.split(os.path.abspath(os.fsdecode(path)))
    place = os.path.join(os.path.realpath(above), name)
    return any(used == place or used.startswith(place + os.sep) for used in _in_use())


def _in_use() -> Iterator[str]:
    """Paths that processes under this module work in, have open, or have mapped."""
    for process in filter(str.isdecimal, _listdir("/proc")):
        with suppress(OSError):  # it has ended
            if process not in _ours:
                with _open(f"/proc/{process}/environ", "rb") as file:
                    _ours[process] = HERE.encode() in file.read()
            if not _ours[process]:
                continue
            for used in ("cwd", *(f"fd/{one}" for one in _listdir(f"/proc/{process}/fd"))):
                with suppress(OSError):  # it was closed: one of them was of the listing
                    yield os.readlink(f"/proc/{process}/{used}")
            with _open(f"/proc/{process}/maps", encoding="utf-8", errors="replace") as file:
                yield from (line.split(None, 5)[-1].rstrip("\n") for line in file)


hide()
forbid_posix_calls()
forbid_moves_of_open_files()
limit_names_and_text()
