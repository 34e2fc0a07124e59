"""Limits of a submission; opening files of an untrusted folder so that no name leads out of it and nothing blocks."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tipbench.fence import FILE_BYTES, MB
from tipcore.operating_system import Folder, close_folder, open_file, open_folder

RECORD_BYTES = 256 * 1024
"""Of ``submission.json``."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a submission.

    ``file_bytes``: of one file of predictions; all of them together may have forty times as much. ``rows``: of one
    file. ``decoded_bytes``: of one file's columns, uncompressed. ``memory_bytes``: address space of the process that
    reads them. ``seconds``: wall and CPU time of that process for one file. ``row_groups``, ``columns``,
    ``footer_bytes``: of one file. ``string_bytes``: of one value.
    """

    file_bytes: int
    rows: int
    decoded_bytes: int
    memory_bytes: int
    seconds: int
    row_groups: int = 1_000
    columns: int = 256
    footer_bytes: int = 4 * MB
    string_bytes: int = 200

    @property
    def total_bytes(self) -> int:
        """Of all files together."""
        return 40 * self.file_bytes

    @property
    def total_seconds(self) -> int:
        """Wall time for reading all files."""
        return 20 * self.seconds


_LAPTOP = Limits(FILE_BYTES["small"], 5_000_000, 256 * MB, 1_000 * MB, 20)
BY_SIZE = {
    "tiny": _LAPTOP,
    "small": _LAPTOP,
    "forms": _LAPTOP,
    "full": Limits(FILE_BYTES["full"], 50_000_000, 2_560 * MB, 2_000 * MB, 120),
    "xl": Limits(FILE_BYTES["xl"], 500_000_000, 25_600 * MB, 8_000 * MB, 1_200),
}


def limits_of(size: str | None) -> Limits:
    """Return those of a release's size; a season (None) is of the size small."""
    return BY_SIZE["small" if size is None else size]


def amount(count: int) -> str:
    """Return a number of bytes as text: 25 MB, 10.7 GB."""
    for unit, name in ((1_000 * MB, "GB"), (MB, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{count:,} bytes"


def is_one_of(name: str, columns: Collection[str]) -> bool:
    """Return whether a column is one of these; a name that ends with ``*`` stands for all that begin like it."""
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in columns)


_CHUNK = 1 << 20


class Unreadable(Exception):
    """Why a file is not read; follows its name and a colon."""


@contextmanager
def open_below(name: str, above: Folder) -> Iterator[Folder]:
    """Open a folder within another until the block ends. Raises Unreadable."""
    try:
        folder = open_folder(name, above)
    except OSError as error:
        raise Unreadable(f"its folder cannot be opened ({error.strerror})") from None
    try:
        yield folder
    finally:
        close_folder(folder)


def read_regular(folder: Folder, path: str, most: int) -> bytes:
    """Return the content of a plain file, which has no second name, below an open folder.

    ``path``: names joined by ``/``. Raises Unreadable for anything else, and for more than ``most`` bytes.
    """
    *above, name = path.split("/")
    with ExitStack() as opened:
        for step in above:
            folder = opened.enter_context(open_below(step, folder))
        try:
            file = open_file(name, folder)
        except OSError as error:
            raise Unreadable(f"it cannot be opened ({error.strerror})") from None
        opened.callback(os.close, file)
        if (wrong := not_plain(os.fstat(file))) is not None:
            raise Unreadable(wrong)
        return _content(file, most)


def not_plain(status: os.stat_result) -> str | None:
    """Return why this is not a plain file with one name; None where it is."""
    if stat.S_ISLNK(status.st_mode):
        return "it is a symbolic link; put the file itself there"
    if not stat.S_ISREG(status.st_mode):
        return "it is not a plain file"
    return "it has a second name (a hard link); put a copy there" if status.st_nlink > 1 else None


def _content(file: int, most: int) -> bytes:
    """Return all of a file; its size is checked first, so that holes of a sparse file count."""
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
