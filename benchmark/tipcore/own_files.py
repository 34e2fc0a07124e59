"""A user's own files of tables, read by a process of their own: a damaged one may end it, and is refused in a sentence.

Polars panics at some damaged files and ends the process at others, such as one of 253 bytes that declares 2**31 rows.
"""

from __future__ import annotations

import io
import json
import subprocess
from functools import lru_cache
from pathlib import Path

import polars as pl

from tipcore.digest import Stamp
from tipcore.errors import MachineFault, UsageError
from tipcore.helper import end_helper, start_helper
from tipcore.operating_system import ran_out_of_seconds

READER = "tipcore.own_files_reader"
MEMORY_BYTES, MEMORY_PER_BYTE = 2_000_000_000, 40
"""Address space for reading a file: so much, and so many times what it has."""
SECONDS, BYTES_PER_SECOND = 60, 10_000_000
"""Time for reading a file: so much, and a second for each of so many bytes."""
PATIENCE = 30
"""Seconds beside these that the process may take to start."""


def read_own_file(path: Path, kind: str, is_private: bool = False) -> pl.DataFrame:
    """Return what a file holds, as polars reads it.

    Args:
        path: the file.
        kind: ``parquet``; or ``csv``, with types as all its rows have them.
        is_private: whether a refusal must quote nothing of the file, as what polars says of a damaged one does.

    Raises:
        UsageError: for a file that is damaged, or that takes more memory or time than it may.
        MachineFault: where no process can be started to read it.
    """
    return pl.read_ipc(io.BytesIO(_asked(path, kind, is_private)))


def check_own_parquet(path: Path) -> None:
    """Check that every column of a parquet file can be read. Raises as :func:`read_own_file` does."""
    _check(path, Stamp.of(path.stat()))


@lru_cache(maxsize=64)
def _check(path: Path, stamp: Stamp) -> None:
    _asked(path, "check")


def _asked(path: Path, kind: str, is_private: bool = False) -> bytes:
    """Return what the process answers about a file. Raises UsageError and MachineFault."""
    size = path.stat().st_size
    seconds, memory = SECONDS + size // BYTES_PER_SECOND, MEMORY_BYTES + MEMORY_PER_BYTE * size
    asked = {
        "path": str(path.absolute()),
        "kind": kind,
        "seconds": seconds,
        "memory_bytes": memory,
        "is_private": is_private,
    }
    try:
        process = start_helper(READER, path.absolute().parent)
    except OSError as error:
        raise MachineFault(
            f"{path} cannot be read: no process was started ({error.strerror}); try again."
        ) from None
    overdue = UsageError(f"{path} takes more than {seconds:,} seconds to read: write it again.")
    try:
        said, _ = process.communicate(json.dumps(asked).encode(), timeout=seconds + PATIENCE)
    except subprocess.TimeoutExpired:
        raise overdue from None
    finally:
        code = end_helper(process)
    if ran_out_of_seconds(code):
        raise overdue
    started, _, answer = said.partition(b"\n")
    if not started:
        raise MachineFault(
            f"{path} cannot be read: the process that reads it did not start ({code}); try again."
        )
    head, _, content = answer.partition(b"\n")
    told = json.loads(head) if head else {"refused": "it ends the process that reads it; write it again"}
    if (wrong := told.get("refused")) is not None:
        raise UsageError(f"{path} is not a whole {'csv' if kind == 'csv' else 'parquet'} file: {wrong}.")
    return content
