"""Folders and files that are there whole or not at all, however the writing ends.

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

_RENAME_EXCHANGE, _RENAME_SWAP, _AT_FDCWD = 2, 2, -100


@contextmanager
def whole_folder(folder: Path, replace: bool, then: str = "give another folder") -> Iterator[Path]:
    """A folder to fill; it is at ``folder`` once the block has ended without an error.

    Args:
        folder: the place.
        replace: whether what is there already is replaced by it, or is refused.
        then: what to do where it cannot be written, for the error.

    Raises:
        UsageError: where the place is taken and not to be replaced, or it cannot be written.
    """
    beside = folder.parent / f"{PARTIAL}{uuid.uuid4().hex}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        beside.mkdir()
        yield beside
        _put(beside, folder, replace)
    except FileExistsError:
        raise UsageError(f"{folder} is there already: {then}.") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}; {then}.") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def whole_file(path: Path, content: str | bytes, then: str = "give another folder") -> None:
    """Write a file whole or not at all. Raises UsageError where that cannot be done."""
    beside = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; {then}.") from None


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
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    if not _exchanged(beside, folder):
        _swap(beside, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; whether the system could."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
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
