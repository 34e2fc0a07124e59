"""Write files and folders that are there whole or not at all, however the writing ends.

A folder is filled beside its place and renamed there. In the place of one that is there already it is *exchanged* in
one step of the file system where the system can (Linux, macOS), so that a kill at any moment leaves the old or the
new; elsewhere the old one is moved aside first, and moved back by the next writer if the kill came between.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tipdata.core.errors import UsageError

PARTIAL, OLD = ".partial-", ".old-"
STALE_SECONDS = 86_400
"""After this long what a killed writer left beside is removed by the next."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_RENAME_EXCHANGE, _RENAME_SWAP, _AT_FDCWD = 2, 2, -100


class _Taken(Exception):
    """The place of a folder is taken and not to be replaced."""


@contextmanager
def fill_folder_atomically(
    folder: Path, replace: bool, advice: str = "give another folder", mode: int = 0o777
) -> Iterator[Path]:
    """Give a folder to fill; it is at ``folder`` once the block has ended without an error.

    Of two folders that belong together nest one block in the other: the inner one is put in its place first.

    Args:
        folder: the place.
        replace: whether what is there already is replaced by it, or is refused.
        advice: what to do where it cannot be written, for the error.
        mode: permissions of the folder, less the process's umask.

    Raises:
        UsageError: where the place is taken and not to be replaced, or it cannot be written.
    """
    beside = folder.parent / f"{PARTIAL}{uuid.uuid4().hex}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        beside.mkdir(mode=mode)
        yield beside
        _put(beside, folder, replace)
    except _Taken:
        raise UsageError(f"{folder} is there already: {advice}.") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {_reason(error, beside)}; {advice}.") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _reason(error: OSError, beside: Path) -> str:
    """Return what the system says, and of which file where that lies outside the folder that is filled."""
    said = str(error.strerror or error)
    elsewhere = error.filename is not None and beside not in (
        Path(error.filename),
        *Path(error.filename).parents,
    )
    return f"{said} ({error.filename})" if elsewhere else said


def write_file_atomically(
    path: Path, content: str | bytes | memoryview, advice: str = "give another folder", mode: int = 0o666
) -> None:
    """Write a file whole or not at all; what was at ``path`` before is there until then.

    Args:
        path: the place; its folder is made.
        content: text is written as UTF-8.
        advice: what to do where it cannot be written, for the error.
        mode: permissions of the file, less the process's umask; 0o600 for its owner alone.

    Raises:
        UsageError: where that cannot be done.
    """
    beside = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, _NEW_FILE, mode), "wb") as file:
            file.write(data)
        beside.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; {advice}.") from None
    finally:
        with suppress(OSError):
            beside.unlink()


def is_left_over(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder leads through what a killed writer left there."""
    return any(part.startswith((PARTIAL, OLD)) for part in path.relative_to(folder).parts)


def _sweep(folder: Path) -> None:
    """Bring back what a killed writer had moved aside, and remove what others left long ago."""
    aside = folder.parent / f"{OLD}{folder.name}"
    if aside.exists() and not folder.exists():
        aside.rename(folder)
    for left in folder.parent.glob(f"{PARTIAL}*"):
        try:
            stale = time.time() - left.stat().st_mtime > STALE_SECONDS
        except FileNotFoundError:
            continue
        if stale:
            shutil.rmtree(left, ignore_errors=True)


def _put(beside: Path, folder: Path, replace: bool) -> None:
    """Rename to its place; what was there is at ``beside`` afterwards, for removal."""
    if not folder.exists():
        try:
            os.rename(beside, folder)
            return
        except OSError as error:
            # Another writer was first.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    if not replace:
        raise _Taken
    if not _exchanged(beside, folder):
        _swap(beside, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, and return whether the system could."""
    if sys.platform not in ("linux", "darwin"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0
    if hasattr(library, "renamex_np"):
        return library.renamex_np(names[0], names[1], _RENAME_SWAP) == 0
    return False


def _swap(beside: Path, folder: Path) -> None:
    """The same in three steps; the old one is back where it was if the second fails."""
    aside = folder.parent / f"{OLD}{folder.name}"
    os.rename(folder, aside)
    try:
        os.rename(beside, folder)
    except OSError:
        os.rename(aside, folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
