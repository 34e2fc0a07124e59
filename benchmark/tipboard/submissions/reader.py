"""The process that reads untrusted predictions: ``python -m tipboard.submissions.reader``, started by ``guard``.

The footer of a parquet file is checked before anything else is read, and its values are written to a new file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from tipcore.helper import end_with_parent
from tipcore.operating_system import Folder, allow_seconds, confine

from tipboard.submissions.files import Limits, Unreadable, amount, is_one_of, read_regular
from tipboard.submissions.messages import has_invisible, quote

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
TAIL = 8
"""Bytes at the end: the footer's length and the magic."""

CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD")
ALLOWED = {
    ("INT32", "NONE"): "int32",
    ("INT64", "NONE"): "int64",
    ("INT32", "INT"): "int32",
    ("INT64", "INT"): "int64",
    ("FLOAT", "NONE"): "float",
    ("DOUBLE", "NONE"): "double",
    ("BYTE_ARRAY", "STRING"): "string",
}
"""Physical and logical type of a column -> what Arrow reads it as."""

BATCH = 1 << 17
THRIFT_STRING, THRIFT_CONTAINER = 1_000_000, 200_000


class Refusal(Exception):
    """Why a file is refused; follows its name and a colon."""


def write_clean(content: bytes, columns: Collection[str], limits: Limits, to: Path) -> int:
    """Write the values of a parquet file, and nothing else of it, to a new one; return the number of rows.

    Args:
        content: the whole file.
        columns: those that it may have, as :func:`is_one_of` takes them.
        limits: of the submission.
        to: the new file: zstd, no metadata of the writer's choosing.

    Raises Refusal for what is not a whole parquet file or has what predictions do not need, and whatever
    pyarrow raises for a file that is damaged further in, MemoryError among it.
    """
    _check_ends(content, limits)
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(
        pa.BufferReader(content),
        thrift_string_size_limit=THRIFT_STRING,
        thrift_container_size_limit=THRIFT_CONTAINER,
        page_checksum_verification=True,
        arrow_extensions_enabled=False,
    )
    _check_columns(file, columns, limits)
    _check_sizes(file.metadata, limits)
    plain = pa.schema([pa.field(one.name, one.type) for one in file.schema_arrow])  # without metadata
    decoded = rows = 0
    with pq.ParquetWriter(
        to, plain, compression="zstd", store_schema=False, write_statistics=False
    ) as writer:
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            decoded += batch.nbytes
            if decoded > limits.decoded_bytes:  # whatever the footer said
                raise Refusal(f"it holds more than {amount(limits.decoded_bytes)} uncompressed")
            batch.validate(full=True)
            for name, values in zip(batch.schema.names, batch.columns, strict=True):
                if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                    _check_strings(name, values, limits)
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=plain))
            rows += batch.num_rows
    if rows != file.metadata.num_rows:
        raise Refusal(f"its footer declares {file.metadata.num_rows:,} rows and it has {rows:,}")
    return rows


def _check_ends(content: bytes, limits: Limits) -> None:
    if content[-4:] == ENCRYPTED or content[:4] == ENCRYPTED:
        raise Refusal("it is encrypted; write it without")
    if len(content) < 4 + TAIL or content[:4] != MAGIC or content[-4:] != MAGIC:
        raise Refusal("it is not a whole parquet file: it does not begin and end as one; write it again")
    footer = int.from_bytes(content[-TAIL:-4], "little")
    if not 0 < footer <= len(content) - 4 - TAIL:
        raise Refusal("it is not a whole parquet file: its footer is longer than the file; write it again")
    if footer > limits.footer_bytes:
        raise Refusal(f"its footer has {footer:,} bytes and at most {limits.footer_bytes:,} are read")


def _check_columns(file: Any, columns: Collection[str], limits: Limits) -> None:
    found = file.metadata.schema
    if len(found) > limits.columns:
        raise Refusal(f"it has {len(found):,} columns and at most {limits.columns} are read")
    for place, column in enumerate(map(found.column, range(len(found)))):
        name = column.name
        if column.max_repetition_level or column.max_definition_level > 1 or column.path != name:
            raise Refusal(f"its column {quote(column.path)} is nested; give plain columns")
        read_as = str(file.schema_arrow.field(place).type).removeprefix("large_")
        if ALLOWED.get((column.physical_type, column.logical_type.type)) != read_as:
            said = quote(f"{column.physical_type} {column.logical_type} read as {read_as}", 80)
            raise Refusal(
                f"its column {quote(name)} is {said}; give int32, int64, float, double or string columns"
            )
        if not is_one_of(name, columns):
            raise Refusal(
                f"its column {quote(name)} does not belong to such predictions; give only {', '.join(columns)}"
            )
    if len(set(found.names)) < len(found):
        raise Refusal("it has two columns of one name")


def _check_sizes(footer: Any, limits: Limits) -> None:
    """Check the sizes that the footer declares, since a reader allocates memory by them."""
    if not 0 <= footer.num_rows <= limits.rows:
        raise Refusal(f"its footer declares {footer.num_rows:,} rows and at most {limits.rows:,} are read")
    if footer.num_row_groups > limits.row_groups:
        raise Refusal(
            f"it has {footer.num_row_groups:,} row groups and at most {limits.row_groups:,} are read"
        )
    decoded = rows = 0
    for group in map(footer.row_group, range(footer.num_row_groups)):
        if group.num_rows < 0:
            raise Refusal("its footer declares a row group of fewer than no rows")
        rows += group.num_rows
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.compression not in CODECS:
                said = ", ".join(codec.lower() for codec in CODECS)
                raise Refusal(f"it is compressed by {quote(chunk.compression)}; use one of {said}")
            if chunk.total_uncompressed_size < 0 or chunk.num_values != group.num_rows:
                raise Refusal("its footer contradicts itself about the sizes of its columns; write it again")
            decoded += chunk.total_uncompressed_size
    if rows != footer.num_rows:
        raise Refusal(
            f"its footer declares {footer.num_rows:,} rows and its row groups {rows:,}; write it again"
        )
    if decoded > limits.decoded_bytes:
        raise Refusal(
            f"its footer declares {amount(decoded)} uncompressed and at most {amount(limits.decoded_bytes)} are read"
        )


def _check_strings(name: str, values: Any, limits: Limits) -> None:
    """Refuse strings that are too long or have invisible characters: they are ids."""
    from pyarrow.compute import call_function

    longest = call_function("max", [call_function("binary_length", [values])]).as_py() or 0
    if longest > limits.string_bytes:
        raise Refusal(
            f"its column {quote(name)} has a value of {longest:,} bytes and at most {limits.string_bytes} are read"
        )
    plain = call_function(
        "and", [call_function(is_so, [values]) for is_so in ("string_is_ascii", "ascii_is_printable")]
    )
    others = values.filter(call_function("invert", [plain])).unique().to_pylist()
    if any(has_invisible(text) for text in others if text is not None):
        raise Refusal(f"its column {quote(name)} has a value with invisible characters")


MOST_OPEN = 64
"""Descriptors at a time."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""Error codes of a full or read-only disk."""

WRITTEN = 2
"""A clean copy may be this many times as large as its original may be."""


def main() -> int:
    """Read every file that is asked for."""
    end_with_parent()
    asked = json.load(sys.stdin)
    limits = Limits(**asked["limits"])
    folder = asked["folder"] if isinstance(asked["folder"], int) else Path(asked["folder"])
    _limit_process(limits)
    # The parent process (guard.py) reads what is printed: a line at the start, then one for each file.
    print(json.dumps({"begins": True}), flush=True)
    for file in asked["files"]:
        allow_seconds(limits.seconds)
        print(json.dumps(outcome(folder, file, limits, Path())), flush=True)
    return 0


def _limit_process(limits: Limits) -> None:
    confine(limits.memory_bytes, WRITTEN * limits.file_bytes, MOST_OPEN)


def outcome(folder: Folder, file: dict[str, Any], limits: Limits, to: Path) -> dict[str, Any]:
    """Write the clean copy of one file to a folder; its ``rows``, why it is ``refused``, or that the disk is ``full``.

    ``file``: its ``number``, which names the copy, ``name``, ``digest``, and the ``columns`` and ``rows`` of its form.
    """
    try:
        content = read_regular(folder, file["name"], limits.file_bytes)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if digest != file["digest"]:
            return {"refused": f"it is not the file of its digest, it has {digest}; pack it again"}
        within = replace(limits, rows=min(limits.rows, file["rows"]))
        return {"rows": write_clean(content, file["columns"], within, to / f"{file['number']}.parquet")}
    except (Refusal, Unreadable) as reason:
        return {"refused": str(reason)}
    except MemoryError:
        return {"refused": f"it cannot be read within {amount(limits.memory_bytes)} of memory"}
    except Exception as error:  # whatever a library makes of a damaged file is a refusal of that file
        if isinstance(error, OSError) and error.errno in FULL:
            return {"full": True}
        said = " ".join(str(error).split()).rstrip(".")
        return {"refused": f"it cannot be read as parquet ({quote(said, 120)}); write it again"}


if __name__ == "__main__":
    sys.exit(main())
