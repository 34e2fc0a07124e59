"""Write a zip file whose bytes follow from what is in it alone, for its owner's eyes only."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tipcore.atomic import write_file_atomically

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can tell; every member has it."""

UNIX, READABLE, PRIVATE = 3, 0o100644, 0o600


def write_archive(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files by name, sorted, uncompressed (another zlib would give other bytes).

    Raises UsageError where that cannot be done; what was at ``path`` before is then still there.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            archive.writestr(_member(name), contents[name])
    write_file_atomically(path, buffer.getbuffer(), advice="give another --to", mode=PRIVATE)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EARLIEST)
    member.create_system = UNIX
    member.external_attr = READABLE << 16
    return member
