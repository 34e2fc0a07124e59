"""Parquet files that are whole and hold what predictions do not: columns, types, ids, numbers, keys, metadata."""

from __future__ import annotations

import json

import polars as pl
import pyarrow as pa
from hostile_case import CLUSTERS, ESTIMATES, SCORES, Case, arrow_file, kind


@kind("refused", 36)
def columns_of_another_type(case: Case) -> None:
    frame = case.frame()
    name = case.one_of(frame.columns)
    casts = [pl.Int16, pl.Int8, pl.UInt64, pl.String, pl.Boolean, pl.Binary, pl.Categorical, pl.Date, pl.Datetime("us"),
             pl.Decimal(38, 2), pl.Duration("ns"), pl.Time]  # fmt: skip
    to = case.one_of(casts)
    column = frame[name].cast(pl.Int64)
    if to == pl.Categorical or to == pl.Binary:
        column = column.cast(pl.String)
    case.write_frame(frame.with_columns(column.cast(to, strict=False)))


@kind("refused", 8)
def types_that_predictions_never_have(case: Case) -> None:
    rows = case.frame().height
    units = pa.array(case.frame().to_series(0).to_list(), pa.int64())
    other = case.one_of(
        [pa.array([1.0] * rows, pa.float16()), pa.nulls(rows), pa.array([b"1234"] * rows, pa.binary(4)),
         pa.array([1] * rows, pa.timestamp("ns", "UTC")), pa.array([1] * rows, pa.decimal128(20, 2)),
         pa.array(["a"] * rows).dictionary_encode(), pa.array([b"x"] * rows, pa.binary()),
         pa.array([1] * rows, pa.uint32())]
    )  # fmt: skip
    table = pa.table({case.frame().columns[0]: units, "estimate": other, "lower": other, "upper": other})
    case.write(arrow_file(table))


@kind("refused", 12)
def columns_of_another_name(case: Case) -> None:
    frame = case.frame()
    old = case.one_of(frame.columns)
    new = case.one_of(
        [old.upper(), old + " ", "а" + old[1:], "", "\x1b[2J", "<script>", old + "\u200b", "a\nb"]
    )
    case.write_frame(frame.rename({old: new}))


@kind("refused", 12)
def more_columns_than_asked_for(case: Case) -> None:
    names = [
        "note",
        "__index_level_0__",
        "score_",
        "truth",
        "label",
        "\u202ex",
        "a" * 5_000,
        "weight",
        "part",
        "<b>",
        "region",
        "x\ny",
    ]
    case.write_frame(case.frame().with_columns(pl.lit(1.0).alias(case.one_of(names))))


@kind("refused", 6)
def columns_without_end(case: Case) -> None:
    count = case.one_of([65, 1_000, 5_000])
    case.write_frame(case.frame().with_columns(pl.lit(0.0).alias(f"c{number}") for number in range(count)))


@kind("refused", 4)
def two_columns_of_one_name(case: Case) -> None:
    table = case.frame().to_arrow()
    place = case.number % table.num_columns
    case.write(arrow_file(table.append_column(table.field(place), table.column(place))))


@kind("refused", 8)
def columns_missing(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES])
    frame = case.frame(file)
    case.write_frame(frame.drop(frame.columns[(case.number // 2) % frame.width]), file)


@kind("refused", 8)
def nested_columns(case: Case) -> None:
    frame = case.frame()
    deep: pl.Expr = pl.col("estimate")
    for _ in range(case.one_of([1, 3, 20, 60])):
        deep = pl.concat_list(deep) if case.number % 2 else pl.struct(deep.alias("x"))
    case.write_frame(frame.with_columns(deep.alias("estimate")))


@kind("refused", 3)
def row_groups_without_end(case: Case) -> None:
    rows = case.one_of([1_001, 3_000, 1_500])
    frame = pl.concat([case.frame()] * (rows // 8 + 1)).head(rows)
    case.write(arrow_file(frame.to_arrow(), row_group_size=1), rows=rows)


@kind("refused", 16)
def ids_that_hide_something(case: Case) -> None:
    case.keep(CLUSTERS)
    text = case.one_of(
        ["a" * 201, "é" * 101, "a\x00b", "\x1b[2J", "a\nb", "\u202ea", "a\u200b", "\ufeff", "\ue000", "a\tb",
         "\x7f", "\u2028",
         "x" * 2_000_000, "\U000e0041", "\u3164", "\r"]
    )  # fmt: skip
    frame = case.frame(CLUSTERS)
    row = pl.int_range(pl.len()) == case.number
    case.write_frame(
        frame.with_columns(cluster=pl.when(row).then(pl.lit(text)).otherwise("cluster")), CLUSTERS
    )


@kind("inert", 10)
def ids_with_markup(case: Case) -> None:
    case.keep(CLUSTERS)
    text = case.one_of(
        ["<script>x</script>", "=1+1", "$(id)", "\\write18{id}", "a" * 200, "", " ", "ملف", "../x", "%s%n"]
    )
    frame = case.frame(CLUSTERS)
    case.write_frame(frame.with_columns(cluster=pl.lit(text) + (pl.int_range(pl.len()) % 9).cast(pl.String))
                     if len(text) < 200 else frame.with_columns(cluster=pl.lit(text)), CLUSTERS)  # fmt: skip


@kind("refused", 4)
def ids_that_are_not_utf_8(case: Case) -> None:
    case.keep(CLUSTERS)
    frame = case.frame(CLUSTERS)
    raw = case.one_of([b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"])
    made = pa.array([raw] * frame.height, pa.binary())
    strings = pa.StringArray.from_buffers(frame.height, made.buffers()[1], made.buffers()[2])
    case.write(
        arrow_file(pa.table({frame.columns[0]: frame.to_series(0).to_arrow(), "cluster": strings})), CLUSTERS
    )


@kind("refused", 24)
def numbers_that_are_none(case: Case) -> None:
    file, name = case.one_of([(ESTIMATES, "estimate"), (SCORES, "score"), (ESTIMATES, "lower")])
    value = case.one_of([float("nan"), float("inf"), float("-inf"), -0.0])
    frame = case.frame(file)
    if value == 0.0 and file == SCORES:
        value = None
    row = pl.int_range(pl.len()) == case.number % frame.height
    changed = pl.when(row).then(pl.lit(value, frame.schema[name])).otherwise(name)
    case.write_frame(frame.with_columns(changed.alias(name)), file)


@kind("either", 24)
def numbers_at_the_edge(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES])
    case.keep(file)
    name = "estimate" if file == ESTIMATES else "score"
    value = case.one_of(
        [1.7e308, 5e-324, 3.4e38, -3.4e38, 1e-45, 1e300, 2.0**63, -0.0, 1e-300, 1.0, 1e16, 1e-10]
    )
    frame = case.frame(file).with_columns(pl.lit(value).alias(name))
    if file == ESTIMATES:
        nothing = pl.lit(None, pl.Float64) if case.number % 4 else pl.col("estimate")
        frame = frame.with_columns(lower=nothing, upper=nothing)
    case.write_frame(frame, file)


@kind("refused", 30)
def keys_that_are_not_those_asked_for(case: Case) -> None:
    file = case.one_of([ESTIMATES, SCORES, CLUSTERS])
    frame = case.frame(file)
    key = pl.col(frame.columns[0])
    first = frame.head(1)
    tricks = [frame.tail(-1), pl.concat([frame, first]), frame.with_columns(key + 10**6), frame.clear(),
    pl.concat([frame] * 3),
              frame.with_columns(pl.lit(2**63 - 1).alias(frame.columns[0])), frame.with_columns(-key - 1),
              frame.with_columns(key.shift(1)), pl.concat([frame, first.with_columns(key - 10**9)]),
              frame.head(1)]  # fmt: skip
    case.write_frame(tricks[(case.number // 3) % len(tricks)], file)


@kind("inert", 8)
def metadata_of_the_writers_choosing(case: Case) -> None:
    table = case.frame().to_arrow()
    extra = case.one_of(
        [{"pandas": json.dumps({"index_columns": ["../x"], "columns": []})}, {"note": "<script>alert(1)</script>"},
         {"x": "y" * 300_000}, {f"k{n}": "v" for n in range(500)}, {"pandas": "not json"}, {"a": "\x1b[2J"},
         {"huggingface": "{}"}, {"geo": "{}"}]
    )  # fmt: skip
    case.write(arrow_file(table.replace_schema_metadata(extra)))
