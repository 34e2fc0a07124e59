"""Write parquet files that any reader takes: plain strings and lists, a row group per frame, no name of a tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


def write_frames(path: Path, frames: Iterable[pl.DataFrame], notes: Mapping[str, str] | None = None) -> int:
    """Write frames of one schema below each other and return how many rows they have.

    The same frames give the same bytes with the same version of the writer.

    Args:
        path: the file; its folder is made.
        frames: at least one; each becomes a row group.
        notes: kept in the file's schema, by key.

    Raises:
        OSError: where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer, rows = None, 0
    try:
        for frame in frames:
            table = plain(frame, notes)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", write_page_index=True)
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def plain(frame: pl.DataFrame, notes: Mapping[str, str] | None = None) -> pa.Table:
    """Return a frame as an Arrow table whose strings and lists have offsets of 32 bits, categories as strings."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(
        pa.schema([(f.name, _plain(f.type)) for f in table.schema], dict(notes) if notes else None)
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind
