"""A zip file whose bytes follow from what is in it alone, for its owner's eyes only, whole or not at all."""

from __future__ import annotations

import os
import uuid
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tipdata.core.errors import UsageError

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can tell; every member has it."""

UNIX, READABLE, PRIVATE = 3, 0o100644, 0o600


def write_archive(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files by name, sorted, uncompressed (another zlib would give other bytes).

    Raises UsageError where that cannot be done; what was at ``path`` before is then still there.
    """
    beside = path.with_name(f".{path.name}.part-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(contents):
                archive.writestr(_member(name), contents[name])
        beside.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; give another --to.") from None
    finally:
        with suppress(OSError):
            beside.unlink()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EARLIEST)
    member.create_system = UNIX
    member.external_attr = READABLE << 16
    return member
