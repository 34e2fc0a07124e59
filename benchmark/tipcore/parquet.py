"""Parquet files, read by their exact names: polars takes ``[`` and ``*`` of a path for a pattern, and reads others."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What polars raises for a file that is damaged; a panic is no Exception."""


def read_parquet(source: Path | bytes) -> pl.DataFrame:
    """Return the rows of a file, or of what a file holds. Raises one of :data:`UNREADABLE` for one that is damaged."""
    return pl.read_parquet(io.BytesIO(source) if isinstance(source, bytes) else source, glob=False)


def scan_parquet(files: Path | Sequence[Path]) -> pl.LazyFrame:
    """Return the rows of files, one below the other, lazily."""
    return pl.scan_parquet(files, glob=False)


def reason(error: BaseException) -> str:
    """Return the first line of what polars says of a file, short and without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160].rstrip(".")
