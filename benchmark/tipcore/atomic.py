"""Write files and folders that are there whole or not at all, however the writing ends.

A folder is filled beside its place and renamed there. In the place of one that is there already it is *exchanged* in
one step of the file system where the system can, so that a kill at any moment leaves the old or the new; elsewhere the
old one is moved aside first, and moved back by the next writer if the kill came between.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.operating_system import NEW_FILE, exchange, move

PARTIAL, OLD = ".partial-", ".old-"
STALE_SECONDS = 86_400
"""After this long what a killed writer left beside is removed by the next."""


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
        with os.fdopen(os.open(beside, NEW_FILE, mode), "wb") as file:
            file.write(data)
        move(beside, path)
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
        move(aside, folder)
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
            move(beside, folder)
            return
        except OSError as error:
            # Another writer was first.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    if not replace:
        raise _Taken
    if not exchange(beside, folder):
        _swap(beside, folder)


def _swap(beside: Path, folder: Path) -> None:
    """The same in three steps; the old one is back where it was if the second fails."""
    aside = folder.parent / f"{OLD}{folder.name}"
    move(folder, aside)
    try:
        move(beside, folder)
    except OSError:
        move(aside, folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
