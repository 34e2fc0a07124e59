"""Files of predictions that are damaged, forged, of another format, or swell when they are read."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import compact_thrift as thrift
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hostile_case import CLUSTERS, ESTIMATES, SCORES, Case, arrow_file, kind, parquet

NUM_ROWS, ROW_GROUPS, METADATA = 3, 4, 5
"""Fields of a footer."""

COLUMNS, GROUP_SIZE, GROUP_ROWS = 1, 2, 3
"""Fields of a row group."""

CHUNK_METADATA = 3
TYPE, ENCODINGS, CODEC, VALUES, DECODED, ENCODED, PAGE_AT = 1, 2, 4, 5, 6, 7, 9
"""Fields of a column chunk's metadata."""

HUGE = [2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -1, -(2**63), 5_000_001, 0, 1]


def _forged(content: bytes, change: Callable[[list[Any]], None]) -> bytes:
    """The file with its footer changed."""
    length = int.from_bytes(content[-8:-4], "little")
    footer, _ = thrift.decode(content[-8 - length : -8])
    change(footer)
    new = thrift.encode(footer)
    return content[: -8 - length] + new + len(new).to_bytes(4, "little") + b"PAR1"


def _chunks(footer: list[Any]) -> list[list[Any]]:
    groups = thrift.get(footer, ROW_GROUPS)[1]
    return [thrift.get(chunk, CHUNK_METADATA) for group in groups for chunk in thrift.get(group, COLUMNS)[1]]


def _flipped(case: Case, low: int, high: int, count: int, content: bytes) -> bytes:
    changed = bytearray(content)
    for place in case.draw.integers(low, high, count):
        changed[place] ^= 1 << int(case.draw.integers(0, 8))
    return bytes(changed)


@kind("refused", 60)
def truncated(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES, CLUSTERS])
    content = case.path(file).read_bytes()
    case.write(content[: int(case.draw.integers(0, len(content)))], file)


@kind("refused", 30)
def bits_flipped_under_the_old_digest(case: Case) -> None:
    path = case.path(case.one_of([ESTIMATES, SCORES, CLUSTERS]))
    content = path.read_bytes()
    path.write_bytes(_flipped(case, 0, len(content), 1, content))


@kind("either", 120)
def bits_flipped_in_the_footer(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES, CLUSTERS])
    case.keep(file)
    content = case.path(file).read_bytes()
    footer = int.from_bytes(content[-8:-4], "little")
    case.write(_flipped(case, len(content) - 8 - footer, len(content), 1 + case.number % 3, content), file)


@kind("either", 90)
def bits_flipped_in_the_pages(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES, CLUSTERS])
    case.keep(file)
    content = case.path(file).read_bytes()
    footer = int.from_bytes(content[-8:-4], "little")
    case.write(_flipped(case, 4, len(content) - 8 - footer, 1 + case.number % 3, content), file)


@kind("either", 30)
def many_bytes_at_random(case: Case) -> None:
    case.keep(SCORES)
    content = bytearray(case.path(SCORES).read_bytes())
    start = int(case.draw.integers(4, len(content) - 40))
    content[start : start + 32] = case.draw.bytes(32)
    case.write(bytes(content), SCORES)


@kind("either", 120)
def bits_flipped_in_a_file_of_another_writer(case: Case) -> None:
    """Every codec, page version and encoding has a reader of its own to be confused."""
    file = case.one_of([ESTIMATES, SCORES, CLUSTERS])
    case.keep(file)
    table = case.frame(file).to_arrow()
    encodings = {"estimate": "BYTE_STREAM_SPLIT", "score": "BYTE_STREAM_SPLIT", "cluster": "DELTA_BYTE_ARRAY"}
    options = [
        {},
        {"use_dictionary": False},
        {"data_page_version": "2.0"},
        {"row_group_size": 50},
        {
            "use_dictionary": False,
            "column_encoding": {n: encodings.get(n, "PLAIN") for n in table.column_names},
        },
        {"use_dictionary": False, "column_encoding": {table.column_names[0]: "DELTA_BINARY_PACKED"}},
    ]
    codec = ["none", "snappy", "gzip", "zstd"][(case.number // 3) % 4]
    content = arrow_file(table, compression=codec, **options[(case.number // 12) % 6])
    footer = int.from_bytes(content[-8:-4], "little")
    pages = (4, len(content) - 8 - footer)
    low, high = pages if case.number % 2 else (pages[1], len(content) - 8)
    case.write(_flipped(case, low, high, 1 + case.number % 4, content), file)


@kind("refused", 20)
def bytes_at_random_between_the_marks(case: Case) -> None:
    inside = case.draw.bytes(50 * (case.number + 1))
    length = case.one_of([len(inside), 10, 0, 2**32 - 1, 2**31])
    case.write(b"PAR1" + inside + length.to_bytes(4, "little") + b"PAR1")


@kind("refused", 24)
def files_of_another_format(case: Case) -> None:
    frame, archive = case.frame(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("../x", "x")
    arrow = io.BytesIO()
    frame.write_ipc(arrow)
    content = case.path(ESTIMATES).read_bytes()
    tricks = [pickle.dumps({"a": 1}), b"\x80\x04cos\nsystem\n(S'touch x'\ntR.", b"\x7fELF\x02\x01\x01" + b"\0" * 200,
              b"import os\nos.system('id')\n", archive.getvalue(), gzip.compress(content), frame.write_csv().encode(),
              arrow.getvalue(), b"<html></html>", frame.write_json().encode(), b"\x93NUMPY\x01\x00", b"PAR1",
              b"PAR1PAR1",
              b"", b"\0" * 1_000, b"PAR1" + b"\0" * 100, content[4:], content + b"x", b"#!/bin/sh\nid\n",
              b"version https://git-lfs.github.com/spec/v1\n", b"SQLite format 3\0", b"\x89HDF\r\n\x1a\n",
              b"MZ", b"ORC"]  # fmt: skip
    case.write(case.one_of(tricks))


@kind("refused", 4)
def encrypted(case: Case) -> None:
    content = case.path(ESTIMATES).read_bytes()
    case.write(
        case.one_of([content[:-4] + b"PARE", b"PARE" + content[4:-4] + b"PARE", b"PARE" + content[4:]])
    )


@kind("refused", 20)
def rows_that_the_footer_only_declares(case: Case) -> None:
    rows = case.one_of([*HUGE, 7, 9])
    content = _forged(case.path(ESTIMATES).read_bytes(), lambda footer: thrift.put(footer, NUM_ROWS, rows))
    case.write(content, rows=rows if rows > 0 and case.number > 10 else None)


@kind("refused", 20)
def rows_that_the_groups_only_declare(case: Case) -> None:
    rows = case.one_of([*HUGE, 7, 9])

    def change(footer: list[Any]) -> None:
        thrift.put(footer, NUM_ROWS, rows)
        thrift.put(thrift.get(footer, ROW_GROUPS)[1][0], GROUP_ROWS, rows)
        for chunk in _chunks(footer) if case.number % 2 else ():
            thrift.put(chunk, VALUES, rows)

    case.write(_forged(case.path(ESTIMATES).read_bytes(), change), rows=rows if rows > 0 else None)


@kind("either", 40)
def sizes_that_the_footer_only_declares(case: Case) -> None:
    field, size = case.one_of([DECODED, ENCODED, VALUES, PAGE_AT]), HUGE[(case.number // 4) % len(HUGE)]

    def change(footer: list[Any]) -> None:
        for chunk in _chunks(footer):
            thrift.put(chunk, field, size)

    case.write(_forged(case.path(ESTIMATES).read_bytes(), change))


@kind("either", 20)
def codecs_and_types_that_are_not_so(case: Case) -> None:
    field = case.one_of([CODEC, TYPE])
    value = (case.number // 2) % 9

    def change(footer: list[Any]) -> None:
        for chunk in _chunks(footer):
            thrift.put(chunk, field, value)

    case.write(_forged(case.path(ESTIMATES).read_bytes(), change))


@kind("either", 24)
def pages_that_only_declare_their_size(case: Case) -> None:
    frame = case.frame().select("estimate")
    content = parquet(
        case.frame().select(pl.exclude("estimate"), pl.lit(frame.to_series()).alias("estimate"))
    )
    length = int.from_bytes(content[-8:-4], "little")
    footer, _ = thrift.decode(content[-8 - length : -8])
    chunk = _chunks(footer)[-1]
    at = thrift.get(chunk, PAGE_AT)
    page, end = thrift.decode(content, at)
    field, size = (
        case.one_of([2, 3]),
        [2**31 - 1, 2**30, -1, -(2**31), 0, 1, 10**6, 2**28][(case.number // 2) % 8],
    )
    thrift.put(page, field, size)
    new = thrift.encode(page)
    thrift.put(chunk, ENCODED, thrift.get(chunk, ENCODED) + len(new) - (end - at))
    case.write(_forged(content[:at] + new + content[end:], lambda old: old.__setitem__(slice(None), footer)))


@kind("refused", 6)
def zeros_that_swell(case: Case) -> None:
    rows = case.one_of([4_900_000, 5_000_001, 4_000_000])
    codec = case.one_of(["zstd", "gzip", "snappy"])
    units = np.zeros(rows, np.int64)
    table = pa.table(
        {case.frame().columns[0]: units, **{n: np.zeros(rows) for n in ("estimate", "lower", "upper")}}
    )
    case.write(arrow_file(table, compression=codec, use_dictionary=False), rows=rows)


@kind("refused", 6)
def dictionary_that_swells(case: Case) -> None:
    case.keep(CLUSTERS)
    rows, length = case.one_of([(2_000_000, 190), (400_000, 20_000), (100_000, 1_000_000), (3_000_000, 150)])
    words = pa.array(["x" * length, "y" * length])
    cluster = pa.DictionaryArray.from_arrays(pa.array(np.arange(rows) % 2, pa.int32()), words)
    table = pa.table({case.frame(CLUSTERS).columns[0]: np.arange(rows), "cluster": cluster})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", store_schema=False)
    case.write(buffer.getvalue(), CLUSTERS, rows)


@kind("either", 10)
def a_schema_of_arrow_that_is_forged(case: Case) -> None:
    hidden = case.one_of(["", "x" * 40, "/" * 4_000, "QVJST1cx" * 200, "=" * 12])
    table = case.frame().to_arrow().replace_schema_metadata({"ARROW:schema": hidden})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, store_schema=bool(case.number % 2))
    case.write(buffer.getvalue())


@kind("either", 4)
def a_footer_that_is_too_long(case: Case) -> None:
    table = (
        case.frame()
        .to_arrow()
        .replace_schema_metadata({"x": "y" * case.one_of([900_000, 2_000_000, 5_000_000])})
    )
    case.write(arrow_file(table))
