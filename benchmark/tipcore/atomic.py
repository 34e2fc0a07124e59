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

    Its parents are created. To write two related folders, nest the blocks: the inner folder is moved into
    place first. ``mode``: permissions, before the umask.

    Raises UsageError, which ends with ``advice``, where it exists and ``replace`` is False, or where it
    cannot be written.
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
        said, file = str(error.strerror or error), error.filename
        if file is not None and (beside is None or not Path(file).is_relative_to(beside)):
            said += f" ({file})"  # it lies outside the folder that is filled
        raise UsageError(f"{folder} cannot be written: {said}; {advice}.") from None


def write_file_atomically(
    path: Path, content: str | bytes | memoryview, advice: str = "give another folder", mode: int = 0o666
) -> None:
    """Write a file whole or not at all, text as UTF-8; what was at ``path`` before is there until then.

    ``mode``: permissions, before the umask. Raises UsageError, which ends with ``advice``, where it cannot.
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
    """Return every whole file below a folder whose name has a pattern, such as `*.parquet`, sorted.

    What a killed writer had moved aside is put back first, and what it left is passed over. Writers may be at work
    meanwhile: what they rename or remove under way is no error.
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
    """Yield an empty folder in ``place``, for this user alone, which is gone once the block has ended.

    Where its process is killed the next one that asks removes it. Raises OSError where it cannot be made.
    """
    sweep(place, HERE)
    with _new_place(place, partial(os.mkdir, mode=0o700)) as folder:
        yield folder


def sweep(folder: Path, names: str = PARTIAL) -> None:
    """Remove from a folder what dead writers left, or any writer long ago.

    ``names``: what its name begins with. A writer of this machine is dead where what it claimed is free.
    """
    for left in folder.glob(f"{names}*"):
        with suppress(OSError), _hold_claim(left) as is_free:
            is_dead = is_free and left.name.startswith(HERE)
            if is_dead or time.time() - left.stat().st_mtime > STALE_SECONDS:
                _remove(left)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


@contextmanager
def _hold_claim(path: Path) -> Iterator[bool]:
    """Claim what is there, and say whether that could be done: not every file system has claims.

    Raises BlockingIOError where somebody else holds it, FileNotFoundError where it is gone.
    """
    descriptor = claim(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def _new_place(folder: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A new place in a folder, made and claimed, so that no other writer sweeps it away; it is gone in the end."""
    while True:
        beside, descriptor = folder / f"{HERE}{uuid.uuid4().hex}", None
        make(beside)
        with suppress(BlockingIOError, FileNotFoundError):  # another writer swept between the two calls
            descriptor = claim(beside)
            if beside.exists():
                break
            if descriptor is not None:
                os.close(descriptor)
    try:
        yield beside
    finally:
        with suppress(OSError):
            _remove(beside)
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
