"""Mutations of the structure of a file of predictions: its ends, its footer, its pages, its writer, what it swells."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import compact_thrift as thrift
import numpy as np
import polars as pl
import pyarrow as pa
from mutated_case import Mutant, arrow_file, mutation

FAMILY = "parquet"
HUGE = [0, 1, -1, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -(2**31), -(2**63), 5_000_001, 10**6, 127, 128]
INTEGERS = (thrift.BYTE, thrift.I16, thrift.I32, thrift.I64)
NOTHING_GOOD = [b"", b"x" * 5_000, b"\xff\xfe\x00", b"../../etc/passwd", b"\xed\xa0\x80", b"\0" * 40]
CODECS = ["none", "snappy", "gzip", "zstd"]
NUM_ROWS, ROW_GROUPS = 3, 4
"""Fields of a footer."""

CHUNKS, GROUP_ROWS = 1, 3
"""Fields of a row group."""

CHUNK_METADATA = 3
TYPE, CODEC, VALUES, DECODED, ENCODED, PAGE_AT = 1, 4, 5, 6, 7, 9
"""Fields of a column chunk's metadata."""

Leaf = tuple[Any, int, int]
"""Where a value stands: its container, its place in that, its type."""


def leaves(fields: list[Any]) -> Iterator[Leaf]:
    """All integers and byte strings of a struct, whatever they are nested in."""
    for one in fields:
        _, kind, value = one
        if kind == thrift.STRUCT:
            yield from leaves(value)
        elif kind in (thrift.LIST, thrift.SET):
            of, values = value
            for place, inner in enumerate(values):
                if of == thrift.STRUCT:
                    yield from leaves(inner)
                else:
                    yield values, place, of
        else:
            yield one, 2, kind


def structs(fields: list[Any]) -> Iterator[list[Any]]:
    """All structs, the outer ones first."""
    yield fields
    for _, kind, value in fields:
        if kind == thrift.STRUCT:
            yield from structs(value)
        elif kind == thrift.LIST and value[0] == thrift.STRUCT:
            for inner in value[1]:
                yield from structs(inner)


def footer_of(content: bytes) -> list[Any]:
    return thrift.decode(content[footer_at(content) : -8])[0]


def footer_at(content: bytes) -> int:
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def with_footer(content: bytes, footer: list[Any]) -> bytes:
    new = thrift.encode(footer)
    return content[: footer_at(content)] + new + len(new).to_bytes(4, "little") + b"PAR1"


def chunks_of(footer: list[Any]) -> list[list[Any]]:
    """The metadata of all column chunks."""
    groups = thrift.get(footer, ROW_GROUPS)[1]
    return [thrift.get(one, CHUNK_METADATA) for group in groups for one in thrift.get(group, CHUNKS)[1]]


def flipped(case: Mutant, content: bytes, low: int = 0, high: int = 0) -> bytes:
    """Flip one to four bits between two places, or anywhere."""
    changed = bytearray(content)
    for place in case.draw.integers(low, max(high or len(content), low + 1), case.some(1, 5)):
        changed[place] ^= 1 << case.some(0, 8)
    return bytes(changed)


@mutation(FAMILY, refused=True)
def truncated(case: Mutant) -> None:
    case.write(case.content[: case.some(0, len(case.content))])


@mutation(FAMILY)
def bits_flipped(case: Mutant) -> None:
    """Anywhere, in the footer or in the pages."""
    footer = footer_at(case.content)
    case.write(flipped(case, case.content, *case.pick([(0, 0), (footer, 0), (footer, 0), (4, footer)])))


@mutation(FAMILY)
def bytes_at_random(case: Mutant) -> None:
    content, count = bytearray(case.content), case.some(1, 64)
    start = case.some(4, len(content) - 8)
    content[start : start + count] = case.pick([case.draw.bytes(count), bytes(count), b"\xff" * count])
    case.write(bytes(content))


@mutation(FAMILY)
def bytes_left_out_or_put_in(case: Mutant) -> None:
    content, start = case.content, case.some(4, len(case.content) - 8)
    count = case.some(1, 40)
    case.write(content[:start] + case.pick([b"", case.draw.bytes(2 * count)]) + content[start + count :])


@mutation(FAMILY)
def garbage_at_an_end(case: Mutant) -> None:
    more = case.draw.bytes(case.some(1, 3_000))
    case.write(
        case.pick([case.content + more, more + case.content, b"PAR1" + case.content, case.content + b"PAR1"])
    )


@mutation(FAMILY, refused=True)
def wrong_magic(case: Mutant) -> None:
    other = case.pick([b"PARE", b"PAR2", b"par1", b"\0\0\0\0", b"ARRO", b"\x50\x4b\x03\x04"])
    case.write(
        case.pick([other + case.content[4:], case.content[:-4] + other, other + case.content[4:-4] + other])
    )


@mutation(FAMILY, refused=True)
def length_of_the_footer(case: Mutant) -> None:
    true = len(case.content) - 8 - footer_at(case.content)
    said = case.pick([0, 1, true - 1, true + 1, true // 2, 2 * true, 2**31, 2**32 - 1, len(case.content)])
    case.write(case.content[:-8] + said.to_bytes(4, "little") + b"PAR1")


@mutation(FAMILY)
def a_length_without_end_in_the_footer(case: Mutant) -> None:
    content, place = case.content, case.some(footer_at(case.content), len(case.content) - 8)
    long = content[footer_at(content) : place] + b"\xff" * case.some(1, 12) + content[place + 1 : -8]
    case.write(content[: footer_at(content)] + long + len(long).to_bytes(4, "little") + b"PAR1")


def _forge(case: Mutant, fields: list[Any]) -> None:
    """Change one integer or byte string of a struct."""
    holder, place, kind = case.pick(leaves(fields))
    if kind in INTEGERS:
        holder[place] = case.pick([*HUGE, holder[place] + 1, holder[place] - 1])
        holder[place] = holder[place] % 256 if kind == thrift.BYTE else holder[place]
    elif kind == thrift.BINARY:
        holder[place] = case.pick(NOTHING_GOOD)
    elif kind == thrift.DOUBLE:
        holder[place] = b"\xff" * 8
    else:
        holder[place] = not holder[place]


@mutation(FAMILY)
def a_value_of_the_footer(case: Mutant) -> None:
    footer = footer_of(case.content)
    for _ in range(case.some(1, 3)):
        _forge(case, footer)
    case.write(with_footer(case.content, footer))


@mutation(FAMILY)
def a_field_of_the_footer_left_out_or_doubled(case: Mutant) -> None:
    footer = footer_of(case.content)
    holder = case.pick(one for one in structs(footer) if one)
    place = case.some(0, len(holder))
    if case.draw.random() < 0.5:
        del holder[place]
    else:
        holder.insert(place, holder[place])
    case.write(with_footer(case.content, footer))


@mutation(FAMILY)
def a_list_of_the_footer_shortened_or_doubled(case: Mutant) -> None:
    footer = footer_of(case.content)
    lists = [
        value[1] for one in structs(footer) for _, kind, value in one if kind == thrift.LIST and value[1]
    ]
    one = case.pick(lists)
    one[:] = case.pick([one * 2, one[:-1], one[::-1], one * 300])
    case.write(with_footer(case.content, footer))


@mutation(FAMILY, refused=True)
def rows_that_only_the_footer_declares(case: Mutant) -> None:
    """In one place or in all, and in the record as well where it can be."""
    footer, rows = footer_of(case.content), case.pick([*HUGE[2:], case.frame().height + 1])
    thrift.put(footer, NUM_ROWS, rows)
    if case.draw.random() < 0.5:
        thrift.put(thrift.get(footer, ROW_GROUPS)[1][0], GROUP_ROWS, rows)
        for chunk in chunks_of(footer):
            thrift.put(chunk, VALUES, rows)
    case.write(with_footer(case.content, footer), rows=case.pick([None, rows]) if 0 < rows < 2**53 else None)


@mutation(FAMILY)
def sizes_codecs_and_types_that_are_not_so(case: Mutant) -> None:
    footer, field = footer_of(case.content), case.pick([TYPE, CODEC, VALUES, DECODED, ENCODED, PAGE_AT])
    value = case.some(0, 9) if field in (TYPE, CODEC) else case.pick(HUGE)
    for chunk in chunks_of(footer):
        thrift.put(chunk, field, value)
    case.write(with_footer(case.content, footer))


def _page(case: Mutant, change: Callable[[list[Any]], None]) -> None:
    """Change the header of one page; the footer says where the others now are."""
    content, footer = case.content, footer_of(case.content)
    chunks = chunks_of(footer)
    chunk = case.pick(chunks)
    at = thrift.get(chunk, PAGE_AT)
    page, end = thrift.decode(content, at)
    change(page)
    new = thrift.encode(page)
    grown = len(new) - (end - at)
    thrift.put(chunk, ENCODED, thrift.get(chunk, ENCODED) + grown)
    for one in chunks:
        if thrift.get(one, PAGE_AT) > at:
            thrift.put(one, PAGE_AT, thrift.get(one, PAGE_AT) + grown)
    case.write(with_footer(content[:at] + new + content[end:], footer))


@mutation(FAMILY)
def a_value_of_a_page_header(case: Mutant) -> None:
    _page(case, lambda page: _forge(case, page))


@mutation(FAMILY)
def a_field_of_a_page_header_left_out(case: Mutant) -> None:
    def drop(page: list[Any]) -> None:
        holder = case.pick(one for one in structs(page) if one)
        del holder[case.some(0, len(holder))]

    _page(case, drop)


@mutation(FAMILY, same=True)
def another_writer(case: Mutant) -> None:
    """Every codec, encoding, page version, size of row groups and of pages that is lawful."""
    table, own = case.frame().to_arrow(), case.draw.random() < 0.5
    by_type = {"int": "DELTA_BINARY_PACKED", "flo": "BYTE_STREAM_SPLIT", "dou": "BYTE_STREAM_SPLIT"}
    encodings = {one.name: by_type.get(str(one.type)[:3], "DELTA_BYTE_ARRAY") for one in table.schema}
    case.write(
        arrow_file(
            table,
            compression=case.pick(CODECS),
            use_dictionary=False if own else case.pick([True, False]),
            column_encoding=encodings if own else None,
            data_page_version=case.pick(["1.0", "2.0"]),
            row_group_size=case.pick([500, 5_000, None]),
            data_page_size=case.pick([200, 1 << 20]),
            write_page_checksum=case.pick([True, False]),
            write_page_index=case.pick([True, False]),
            store_schema=case.pick([True, False]),
        )
    )


@mutation(FAMILY)
def bits_flipped_in_a_file_of_another_writer(case: Mutant) -> None:
    another_writer(case)
    case.write(flipped(case, case.content, 4))


@mutation(FAMILY, refused=True)
def codecs_that_are_not_taken(case: Mutant) -> None:
    case.write(arrow_file(case.frame().to_arrow(), compression=case.pick(["lz4", "brotli"])))


@mutation(FAMILY, refused=True)
def rows_of_one_value_without_end(case: Mutant) -> None:
    """A few hundred bytes that declare, and hold, up to five million rows."""
    table, rows = case.frame(), case.pick([1_500_000, 2_500_000, 4_999_999, 5_000_001])
    same = {name: np.repeat(table[name].head(1).to_numpy(), rows) for name in table.columns}
    codec, split = case.pick(["zstd", "gzip", "snappy"]), case.pick([None, 100_000])
    case.write(arrow_file(pa.table(same), compression=codec, row_group_size=split), rows=rows)


@mutation(FAMILY, refused=True)
def row_groups_without_end(case: Mutant) -> None:
    frame, rows = case.frame(), case.pick([1_001, 1_500, 3_000])
    many = pl.concat([frame] * (rows // frame.height + 1)).head(rows)
    case.write(arrow_file(many.to_arrow(), row_group_size=1), rows=rows)


@mutation(FAMILY, refused=True)
def strings_that_a_dictionary_repeats(case: Mutant) -> None:
    table, length = case.frame(), case.pick([190, 20_000, 1_000_000])
    rows = min(table.height, 200_000)
    words = pa.DictionaryArray.from_arrays(
        pa.array(np.arange(rows) % 2, pa.int32()), pa.array(["x" * length, "y" * length])
    )
    last = table.columns[-1]
    columns = {name: words if name == last else table[name].head(rows).to_arrow() for name in table.columns}
    content = arrow_file(pa.table(columns), compression="zstd", store_schema=False)
    # Two clusters of short names would be lawful.
    case.write(content if length > 190 or last != "cluster" else content[:-1], rows=rows)


@mutation(FAMILY, refused=True)
def a_page_that_swells(case: Mutant) -> None:
    """Pages of up to 60 MB that declare, in the footer, in the header or in both, to be small."""
    rows = case.pick([200_000, 3_000_000])
    name = case.frame().columns[0]
    content = arrow_file(
        pa.table({name: np.zeros(rows, np.int64)}),
        compression="zstd",
        use_dictionary=False,
        data_page_size=1 << 28,
    )
    case.write(content, rows=rows)
    sizes = (2, 3) if case.draw.random() < 0.5 else (2,)

    def shrink(page: list[Any]) -> None:
        for number in sizes:
            thrift.put(page, number, 100)

    _page(case, shrink)


@mutation(FAMILY, refused=True)
def nested_types(case: Mutant) -> None:
    table = case.frame().to_arrow()
    place, column = case.some(0, table.num_columns), table.column(0).combine_chunks()
    rows = len(column)
    offsets = pa.array(np.arange(rows + 1), pa.int32())
    deep: pa.Array = column
    for _ in range(case.pick([1, 2, 30])):
        deep = case.pick(
            [
                lambda one: pa.ListArray.from_arrays(offsets, one),
                lambda one: pa.StructArray.from_arrays([one], ["x"]),
            ]
        )(deep)
    case.write(arrow_file(table.set_column(place, table.column_names[place], deep)))


@mutation(FAMILY, refused=True)
def two_columns_of_one_name(case: Mutant) -> None:
    table = case.frame().to_arrow()
    place = case.some(0, table.num_columns)
    case.write(arrow_file(table.append_column(table.field(place), table.column(place))))


@mutation(FAMILY)
def metadata_of_the_writers_choosing(case: Mutant) -> None:
    many = {f"k{n}": "v" for n in range(400)}
    schemas = [{"ARROW:schema": text} for text in ("QVJST1cx" * 40, "", "/" * 4_000)]
    extra = case.pick(
        [*schemas, many, {"pandas": "not json"}, {"x": "y" * 9**6}, {"x": b"\xff\xfe"}, {"x": "y" * 5**10}]
    )
    case.write(arrow_file(case.frame().to_arrow().replace_schema_metadata(extra), store_schema=False))


@mutation(FAMILY, refused=True)
def another_format(case: Mutant) -> None:
    frame, arrow, archive = case.frame(), io.BytesIO(), io.BytesIO()
    frame.write_ipc(arrow)
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("../x", "x")
    inside = case.draw.bytes(500)
    length = case.pick([len(inside), 10, 0, 2**32 - 1]).to_bytes(4, "little")
    case.write(case.pick([
        pickle.dumps({"a": 1}), b"\x80\x04cos\nsystem\n(S'touch x'\ntR.", b"\x7fELF\x02\x01\x01" + bytes(200), inside,
        gzip.compress(case.content), frame.head(9).write_csv().encode(), arrow.getvalue(), archive.getvalue(), b"",
        b"PAR1", b"PAR1PAR1", b"PAR1" + bytes(100) + b"PAR1", b"PAR1" + inside + length + b"PAR1", b"<html></html>",
        b"SQLite format 3\0", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY\x01\x00", b"#!/bin/sh\nid\n", b"MZ", b"ORC",
        b"version https://git-lfs.github.com/spec/v1\n",
    ]))  # fmt: skip


@mutation(FAMILY, refused=True)
def the_old_digest(case: Mutant) -> None:
    case.path().write_bytes(flipped(case, case.content))
