"""Read parquet and CSV files by their exact names, in this process or, if they are the user's own, in another.

Polars takes ``[`` and ``*`` in a path for a pattern. It panics at some damaged files and ends the process at others,
such as one of 253 bytes that declares 2**31 rows. So a user's own files are read by a process of their own.
"""

from __future__ import annotations

import io
import json
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import IO

import polars as pl

from tipcore.digest import Stamp
from tipcore.errors import MachineFault, UsageError, error_line
from tipcore.helper import end_helper, start_helper
from tipcore.operating_system import check_regular, ran_out_of_seconds

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What polars raises for a file that is damaged; a panic is no Exception."""

_THRIFT_STRING, _THRIFT_CONTAINER = 10_000_000, 1_000_000
"""Most bytes, and most entries, that a footer's text and list may claim to have."""


def read_parquet(source: Path | bytes, columns: list[str] | None = None) -> pl.DataFrame:
    """Return the rows of a file, or of what a file holds, of all columns or of some. Raises one of :data:`UNREADABLE`
    for one that is damaged."""
    if isinstance(source, Path):
        check_regular(source)
    content = io.BytesIO(source) if isinstance(source, bytes) else source
    return pl.read_parquet(content, columns=columns, glob=False)


def read_doubtful(path: Path) -> pl.DataFrame:
    """Return the rows of a file that may be damaged, by Arrow: for no such file it ends the process, as polars may.

    Raises ValueError for one that is damaged, OSError where the system cannot open or read it.
    """
    try:
        check_regular(path)
        with path.open("rb") as opened:
            return _by_arrow(opened)
    except (Exception, pl.exceptions.PanicException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(error_line(error)) from None


def _by_arrow(opened: IO[bytes]) -> pl.DataFrame:
    import pyarrow.parquet as pq  # for verifying only

    file = pq.ParquetFile(
        opened,
        thrift_string_size_limit=_THRIFT_STRING,
        thrift_container_size_limit=_THRIFT_CONTAINER,
        page_checksum_verification=True,
    )
    table = file.read(use_threads=False)
    table.validate(full=True)
    names = table.column_names
    if len(set(names)) < len(names):
        raise ValueError("two columns of one name")
    # Column by column: at a name or at metadata that are not UTF-8 polars panics.
    return pl.DataFrame({name: pl.from_arrow(table.column(place)) for place, name in enumerate(names)})


def scan_parquet(files: Path | list[Path]) -> pl.LazyFrame:
    """Return the rows of files, one below the other, lazily. Raises OSError as :func:`check_regular`."""
    check_regular(*([files] if isinstance(files, Path) else files))
    return pl.scan_parquet(files, glob=False)


READER_MODULE = "tipcore.table_file_reader"
MEMORY_BYTES, MEMORY_PER_BYTE = 2_000_000_000, 40
"""Address space for reading a file: so much, and so many times what it has."""
SECONDS, BYTES_PER_SECOND = 60, 10_000_000
"""Time for reading a file: so much, and a second for each of so many bytes."""
PATIENCE = 30
"""Seconds beside these that the process may take to start."""


def read_own_file(path: Path, kind: str, is_private: bool = False) -> pl.DataFrame:
    """Return what a file holds, as polars reads it.

    ``kind``: ``parquet``; or ``csv``, with types as all its rows have them. ``is_private``: whether a refusal
    must quote nothing of the file, as what polars says of a damaged one does.

    Raises UsageError for a file that is damaged, or that takes more memory or time than it may, and
    MachineFault where no process can be started to read it.
    """
    return pl.read_ipc(io.BytesIO(_ask_reader(path, kind, is_private)))


def check_own_parquet(path: Path) -> None:
    """Check that every column of a parquet file can be read. Raises as :func:`read_own_file` does."""
    _check(path, Stamp.of(path.stat()))


@lru_cache(maxsize=64)
def _check(path: Path, stamp: Stamp) -> None:
    _ask_reader(path, "check")


def _ask_reader(path: Path, kind: str, is_private: bool = False) -> bytes:
    """Return what the process answers about a file. Raises UsageError and MachineFault."""
    size = path.stat().st_size
    seconds, memory = SECONDS + size // BYTES_PER_SECOND, MEMORY_BYTES + MEMORY_PER_BYTE * size
    asked = {"path": str(path.absolute()), "kind": kind, "is_private": is_private}
    asked |= {"seconds": seconds, "memory_bytes": memory}
    try:
        process = start_helper(READER_MODULE, path.absolute().parent)
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
