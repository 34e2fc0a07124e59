"""The process in which :mod:`tipcore.table_files` reads a user's own file.

Standard input is one JSON object. Standard output is a line as soon as reading begins, a line of JSON with ``done`` or
``refused``, and the table in Arrow's file format. Memory and time are bounded before any library is loaded.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from tipcore.errors import error_line
from tipcore.helper import end_with_parent
from tipcore.operating_system import allow_seconds, confine

MOST_OPEN = 64
"""Descriptors at a time."""
MOST_ROWS, ROWS_PER_BYTE = 1_000_000, 1_000
"""Rows that a file may declare: so many, or so many for each of its bytes. Each row has a key of its own."""

PRIVATE = "it is damaged, or not what its name says (a CSV has commas, and text in UTF-8); write it again"
"""The refusal of any damaged file that is private: messages of libraries may quote cells."""


def main() -> int:
    """Read the requested file."""
    end_with_parent()
    asked = json.load(sys.stdin)
    _say({"start": asked["path"]})
    confine(asked["memory_bytes"], asked["memory_bytes"], MOST_OPEN)
    allow_seconds(asked["seconds"])
    answer, content = _outcome(Path(asked["path"]), asked["kind"], asked["memory_bytes"], asked["is_private"])
    _say(answer)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return 0


def _outcome(
    path: Path, kind: str, memory_bytes: int, is_private: bool = False
) -> tuple[dict[str, Any], bytes]:
    import polars as pl

    try:
        return {"done": str(path)}, READ_BY_KIND[kind](path)
    except MemoryError:
        return {"refused": f"it cannot be read within {memory_bytes // 1_000_000:,} MB of memory"}, b""
    except pl.exceptions.PanicException:
        return {"refused": "it is damaged"}, b""
    except Exception as error:  # libraries raise anything for a damaged file
        if is_private:
            return {"refused": PRIVATE}, b""
        return {"refused": error_line(error)}, b""


def _parquet(path: Path) -> bytes:
    """Refuse a footer that declares more rows than such a file can have, which polars would make room for."""
    import polars as pl

    size, rows = path.stat().st_size, pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    if rows > max(MOST_ROWS, ROWS_PER_BYTE * size):
        raise ValueError(f"it declares {rows:,} rows in {size:,} bytes")
    return _as_bytes(pl.read_parquet(path, glob=False))


def _csv(path: Path) -> bytes:
    import polars as pl

    return _as_bytes(pl.read_csv(path, infer_schema_length=None, glob=False))


def _check_columns(path: Path) -> bytes:
    """Read every column and give nothing back."""
    import polars as pl

    for column in pl.scan_parquet(path, glob=False).collect_schema():
        pl.scan_parquet(path, glob=False).select(column).collect()
    return b""


READ_BY_KIND = {"parquet": _parquet, "csv": _csv, "check": _check_columns}


def _as_bytes(frame: Any) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return buffer.getvalue()


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
