"""Write files and folders that are there whole or not at all, however the writing ends.

A folder is filled beside its place and renamed there. In the place of one that is there already it is *exchanged* in
one step of the file system where the system can, so that a kill at any moment leaves the old or the new; elsewhere the
old one is moved aside first, and moved back by the next writer or reader (:func:`restore`) if the kill came between.

What a killed writer left beside is removed by the next one in the same folder: at once where the system says that the
writer is dead (it claims what it writes, and a claim ends with its process), else after a day.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.operating_system import NEW_FILE, claim, exchange, move

PARTIAL, OLD = ".partial-", ".old-"
HERE = f"{PARTIAL}{re.sub('[^A-Za-z0-9]', '_', platform.node())}-"
"""Prefix of the places of writers on this machine; of a writer on another machine it is unknown whether it is alive."""
STALE_SECONDS = 86_400
"""Age at which files of a writer are removed if the system does not say whether the writer is alive."""


_swept: set[Path] = set()
"""Folders in which this process has swept before it wrote a file there."""


class _Taken(Exception):
    """The place of a folder is taken and not to be replaced."""


@contextmanager
def fill_folder_atomically(
    folder: Path, replace: bool, advice: str = "give another folder", mode: int = 0o777
) -> Iterator[Path]:
    """Yield a temporary folder; move it to ``folder`` when the block ends without an error.

    To write two related folders, nest the blocks: the inner folder is moved into place first.

    Args:
        folder: the final path; its parents are created.
        replace: replace an existing folder (True) or refuse it (False).
        advice: what to do, for the end of the error message.
        mode: permissions, before the umask.

    Raises:
        UsageError: if ``folder`` exists and ``replace`` is False, or if it cannot be written.
    """
    beside = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        restore(folder)
        sweep(folder.parent)
        with _new_place(folder.parent, lambda path: path.mkdir(mode=mode)) as beside:
            yield beside
            _put(beside, folder, replace)
    except _Taken:
        raise UsageError(f"{folder} is there already: {advice}.") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {_reason(error, beside)}; {advice}.") from None


def _reason(error: OSError, beside: Path | None) -> str:
    """Return the system's message, with the file if it lies outside the folder that is filled."""
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
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent not in _swept:
            _swept.add(path.parent)
            sweep(path.parent)
        with _new_place(path.parent, lambda file: os.close(os.open(file, NEW_FILE, mode))) as beside:
            beside.write_bytes(data)
            move(beside, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; {advice}.") from None


def check_writable(folder: Path) -> None:
    """Make a folder, if it is not there, and see whether folders can be made in it; raises OSError where not."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    with _new_place(folder, Path.mkdir):
        pass


def whole_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted, but for those that a killed writer left; none where it is not there."""
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in there if _is_whole(path.name) and path.is_dir())


def restore(folder: Path) -> None:
    """Bring back a folder that a killed writer had moved aside; where the new one is there, remove the old one.

    For systems that cannot exchange two folders; a writer that is alive is left alone.
    """
    aside = folder.parent / f"{OLD}{folder.name}"
    if not aside.is_dir():
        return
    with suppress(OSError), _hold_claim(aside):
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            move(aside, folder)


def find_whole(pattern: str, below: Path) -> list[Path]:
    """Return every file below a folder that is whole, sorted.

    What a killed writer had moved aside is put back first, and what it left is passed over. Writers may be at work
    meanwhile: what they rename or remove under way is no error.

    Args:
        pattern: of the files' names, such as `*.parquet`.
        below: the folder.
    """
    found = []
    for folder, inner, names in os.walk(below):
        here, aside = Path(folder), [name.removeprefix(OLD) for name in inner if name.startswith(OLD)]
        back = [name for name in aside if name not in ("", ".", "..") and _is_whole(name)]
        for name in back:
            restore(here / name)
        inner[:] = {*filter(_is_whole, inner), *back}
        found += [here / name for name in fnmatch.filter(names, pattern) if _is_whole(name)]
    return sorted(found)


def _is_whole(name: str) -> bool:
    return not name.startswith((PARTIAL, OLD))


@contextmanager
def temporary_folder(place: Path) -> Iterator[Path]:
    """Give an empty folder, for this user alone, which is gone once the block has ended.

    Where its process is killed the next one that asks removes it.

    Args:
        place: the folder in which it is made, such as the system's for what is passing.

    Raises:
        OSError: where it cannot be made.
    """
    sweep(place, HERE)
    with _new_place(place, partial(os.mkdir, mode=0o700)) as folder:
        yield folder


def sweep(folder: Path, names: str = PARTIAL) -> None:
    """Remove from a folder what writers left that are dead. ``names``: what the names of such begin with."""
    for left in folder.glob(f"{names}*"):
        with suppress(OSError):
            remove_abandoned(left, left.name.startswith(HERE))


def remove_abandoned(left: Path, claimed: bool) -> None:
    """Remove the file or folder of a writer that is dead, or that left it long ago.

    Args:
        left: what it wrote to.
        claimed: whether the writer claimed it on this machine, and is dead where it is free.

    Raises:
        BlockingIOError: where the writer is alive.
    """
    with _hold_claim(left) as is_free:
        if not (claimed and is_free) and time.time() - left.stat().st_mtime <= STALE_SECONDS:
            return
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


@contextmanager
def _hold_claim(path: Path) -> Iterator[bool]:
    """Claim what is there, and say whether that could be done: not every file system has claims.

    Raises BlockingIOError where somebody else holds it, FileNotFoundError where it is gone.
    """
    descriptor = _claim(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _claim(path: Path) -> int | None:
    try:
        return claim(path)
    except (BlockingIOError, FileNotFoundError):
        raise
    except OSError:
        return None


@contextmanager
def _new_place(folder: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A new place in a folder, made and claimed, so that no other writer sweeps it away; it is gone in the end."""
    while True:
        beside, descriptor = folder / f"{HERE}{uuid.uuid4().hex}", None
        make(beside)
        with suppress(BlockingIOError, FileNotFoundError):  # another writer swept between the two calls
            descriptor = _claim(beside)
            if beside.exists():
                break
            if descriptor is not None:
                os.close(descriptor)
    try:
        yield beside
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            with suppress(OSError):
                beside.unlink()
        if descriptor is not None:
            os.close(descriptor)


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
    with _hold_claim(folder):
        move(folder, aside)
        try:
            move(beside, folder)
        except OSError:
            move(aside, folder)
            raise
        shutil.rmtree(aside, ignore_errors=True)
