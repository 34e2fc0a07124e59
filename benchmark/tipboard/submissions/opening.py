"""Files of a folder that nobody vouches for, opened so that no name leads out of it and nothing blocks.

Every step of a path is opened below the folder above it, without following links; what is opened is looked at before
it is read. Nothing heavy is imported: the process that reads predictions starts with this.
"""

from __future__ import annotations

import os
import stat

from tipcore.operating_system import Folder, close_folder, open_file, open_folder

_CHUNK = 1 << 20


class Unreadable(Exception):
    """Why a file is not read; follows its name and a colon."""


def open_below(name: str, above: Folder) -> Folder:
    """Open a folder within another. Raises Unreadable."""
    try:
        return open_folder(name, above)
    except OSError as error:
        raise Unreadable(f"its folder cannot be opened ({error.strerror})") from None


def read_regular(folder: Folder, path: str, most: int) -> bytes:
    """Return the content of a plain file below a folder, which only one name leads to.

    Args:
        folder: that is open.
        path: names joined by ``/``.
        most: bytes that it may have.

    Raises:
        Unreadable: for anything else, and for one that has more.
    """
    *above, name = path.split("/")
    opened = [folder]
    try:
        for step in above:
            opened.append(open_below(step, opened[-1]))
        try:
            file = open_file(name, opened[-1])
        except OSError as error:
            raise Unreadable(f"it cannot be opened ({error.strerror})") from None
        opened.append(file)
        if (wrong := not_plain(os.fstat(file))) is not None:
            raise Unreadable(wrong)
        return _content(file, most)
    finally:
        for one in opened[1:]:
            close_folder(one)


def not_plain(status: os.stat_result) -> str | None:
    """Return why this is not a plain file with one name; None where it is."""
    if stat.S_ISLNK(status.st_mode):
        return "it is a symbolic link; put the file itself there"
    if not stat.S_ISREG(status.st_mode):
        return "it is not a plain file"
    return "it has a second name (a hard link); put a copy there" if status.st_nlink > 1 else None


def _content(file: int, most: int) -> bytes:
    """Return all of a file; its size is looked at first, so that holes of a sparse one count."""
    size = os.fstat(file).st_size
    if size > most:
        raise Unreadable(f"it has {size:,} bytes and at most {most:,} are read")
    parts, left = [], most + 1
    try:
        while left and (part := os.read(file, min(_CHUNK, left))):
            parts.append(part)
            left -= len(part)
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror})") from None
    if not left:
        raise Unreadable(f"it has more than {most:,} bytes")
    return b"".join(parts)
