"""Damage is noticed where a round is read: each file of it is held against its digest before it is.

Of the published folder ``digests.json`` has the digests, itself bound by ``round.json``; of answers and galleries the
host's folder has a file of its own (:data:`WRITTEN`). Bytes are hashed, so nothing is decoded that is damaged; once in
a process, as long as a file's times stay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from tipcore.digest import Stamp
from tipcore.errors import MachineFault
from tipcore.table_files import UNREADABLE, error_line, read_parquet

from tipboard.rounds.record import DIGESTS, ROUND, Digests, Round, read

WRITTEN = "written.json"
"""In the host's folder: path -> SHA-256 of what it keeps to score by."""
AGAIN, RESTORE = "get the round again", "restore the host's folder"

_checked: dict[Path, tuple[Stamp, str]] = {}


def published_digests(folder: Path, described: Round) -> dict[str, str]:
    """Return the digests of the files of a published folder, by path. Raises MachineFault where they are damaged."""
    check_file(folder / DIGESTS, described.digests, AGAIN, f"is not the file that {ROUND} names")
    digests: Digests = read(folder / DIGESTS, Digests, "sealed round")
    return digests.files


def written_digests(folder: Path) -> dict[str, str]:
    """Return the digests of answers and galleries of a host's folder, by path; none of a published folder, which
    does not keep them."""
    path = folder / WRITTEN
    if not path.is_file():
        return {}
    try:
        return {str(name): str(digest) for name, digest in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise MachineFault(f"{path} cannot be read ({error_line(error)}): {RESTORE}.") from None


def check_file(
    path: Path, digest: str | None, again: str, said: str = "is not the file that was written"
) -> None:
    """Check a file against the digest of its bytes.

    Args:
        path: the file.
        digest: SHA-256 in hex; None where nobody wrote it down.
        again: what to do where it is damaged.
        said: what is said of one that is.

    Raises:
        MachineFault: where it is damaged, or cannot be read.
    """
    try:
        stamp = Stamp.of(path.stat())
        if digest is None or _checked.get(path) == (stamp, digest):
            return
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise MachineFault(f"{path} cannot be read ({error.strerror or error}): {again}.") from None
    if found != digest:
        raise MachineFault(f"{path} is damaged, since it {said}: {again}.")
    _checked[path] = stamp, digest


def read_whole(folder: Path, name: str, digests: Mapping[str, str], again: str) -> pl.DataFrame:
    """Return the rows of a file below a folder. Raises MachineFault where it is damaged."""
    path = folder / name
    check_file(path, digests.get(name), again)
    try:
        return read_parquet(path)
    except UNREADABLE as error:
        raise MachineFault(f"{path} cannot be read ({error_line(error)}): {again}.") from None
