"""Parquet files, read by their exact names: polars takes ``[`` and ``*`` of a path for a pattern, and reads others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import polars as pl

from tipcore.operating_system import check_regular

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

    Raises:
        ValueError: for one that is damaged.
        OSError: where the system cannot open or read it.
    """
    try:
        check_regular(path)
        with path.open("rb") as opened:
            return _by_arrow(opened)
    except (Exception, pl.exceptions.PanicException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(reason(error)) from None


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


def reason(error: BaseException) -> str:
    """Return the first line of what polars says of a file, short and without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160].rstrip(".")
