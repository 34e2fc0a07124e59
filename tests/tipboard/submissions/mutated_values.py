"""Mutations of what a whole file of predictions says: columns, types, keys, numbers, names of clusters."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from mutated_case import Mutant, arrow_file, mutation

FAMILY = "values"
EDGES = [
    1.7e308, -1.7e308, 1e308, 5e-324, 1e-45, 3.4e38, 1e30, -1e30, 1.1e30, 1e15, 1.1e15, -1e15, 0.0, -0.0, -1.0,
    2.0**63, 1e-300, 1e16, 1e-10,
]  # fmt: skip
TYPES = [
    pl.Int8, pl.Int16, pl.Int32, pl.UInt64, pl.Float32, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Time,
    pl.Datetime("ns"), pl.Decimal(38, 2), pl.Duration("us"),
]  # fmt: skip
NONE = [float("nan"), float("inf"), float("-inf")]
HIDDEN = [
    "\x00", "\x1b[2J", "\n", "\t", "\r", "\x7f", "\u202e", "\u200b", "\ufeff", "\ue000", "\u2028", "\U000e0041",
    "\u3164", "a" * 201, "é" * 101, "x" * 2_000_000,
]  # fmt: skip
NAMES = ["{0} ", "", "\x1b[2J", "<script>", "{0}\u200b", "а{0}", "a\nb", "x" * 9_000]
MORE = [
    ["note"], ["__index_level_0__"], ["truth"], ["label"], ["weight"], ["region"], ["\u202ex"], ["x\ny"], ["score_"],
    ["score_x"], ["a" * 5_000], [f"c{n}" for n in range(65)], [f"c{n}" for n in range(3_000)],
]  # fmt: skip


def _in_one_row(case: Mutant, name: str, value: object) -> None:
    frame = case.frame()
    at = pl.int_range(pl.len()) == case.some(0, frame.height)
    case.write_frame(
        frame.with_columns(
            pl.when(at).then(pl.lit(value)).otherwise(name).cast(frame.schema[name]).alias(name)
        )
    )


@mutation(FAMILY)
def another_type(case: Mutant) -> None:
    frame = case.frame()
    name, to = case.pick(frame.columns), case.pick(TYPES)
    column = frame[name] if frame[name].dtype != pl.String else pl.Series(range(frame.height))
    case.write_frame(
        frame.with_columns(column.cast(pl.Int64, strict=False).cast(to, strict=False).alias(name))
    )


@mutation(FAMILY, refused=True)
def a_type_that_predictions_never_have(case: Mutant) -> None:
    table = case.frame().to_arrow()
    rows, place = table.num_rows, case.some(0, table.num_columns)
    other = case.pick([
        pa.array([1.0] * rows, pa.float16()), pa.nulls(rows), pa.array([b"1234"] * rows, pa.binary(4)),
        pa.array([1] * rows, pa.decimal128(20, 2)), pa.array([b"x"] * rows, pa.binary()),
        pa.array([1] * rows, pa.timestamp("ns", "UTC")), pa.array([1] * rows, pa.uint8()),
        pa.array([1] * rows, pa.uint32()), pa.array(["a"] * rows).dictionary_encode(),
    ])  # fmt: skip
    case.write(arrow_file(table.set_column(place, table.column_names[place], other)))


@mutation(FAMILY, refused=True)
def a_column_of_another_name(case: Mutant) -> None:
    frame = case.frame()
    old = case.pick(frame.columns)
    case.write_frame(frame.rename({old: case.pick([old.upper(), *(name.format(old) for name in NAMES)])}))


@mutation(FAMILY)
def a_column_left_out(case: Mutant) -> None:
    frame = case.frame()
    case.write_frame(frame.drop(case.pick(frame.columns)))


@mutation(FAMILY)
def more_columns(case: Mutant) -> None:
    case.write_frame(
        case.frame().head(2_000).with_columns(pl.lit(1.0).alias(name) for name in case.pick(MORE))
    )


@mutation(FAMILY)
def columns_in_another_order(case: Mutant) -> None:
    frame = case.frame()
    case.write_frame(frame.select(frame.columns[::-1]))


@mutation(FAMILY)
def a_null(case: Mutant) -> None:
    _in_one_row(case, case.pick(case.frame().columns), None)


def _numbers(case: Mutant) -> list[str]:
    return [name for name, kind in case.frame().schema.items() if kind.is_float()]


@mutation(FAMILY)
def a_number_that_is_none(case: Mutant) -> None:
    names = _numbers(case)
    _in_one_row(case, case.pick(names or case.frame().columns[-1:]), case.pick(NONE) if names else None)


@mutation(FAMILY)
def a_number_at_the_edge(case: Mutant) -> None:
    names = _numbers(case)
    if not names:
        return an_integer_at_the_edge(case)
    _in_one_row(case, case.pick(names), case.pick(EDGES))


@mutation(FAMILY)
def all_numbers_at_the_edge(case: Mutant) -> None:
    names = _numbers(case)
    if not names:
        return an_integer_at_the_edge(case)
    order = ["lower", "estimate", "upper"]
    values = sorted(case.pick(EDGES) for _ in order)
    places = {name: order.index(name) if name in order else 0 for name in names}
    case.write_frame(case.frame().with_columns(pl.lit(values[at]).alias(n) for n, at in places.items()))


@mutation(FAMILY)
def an_integer_at_the_edge(case: Mutant) -> None:
    frame = case.frame()
    names = [name for name, kind in frame.schema.items() if kind.is_integer()]
    name = case.pick(names)
    bits = 31 if frame.schema[name] == pl.Int32 else 63
    _in_one_row(case, name, case.pick([2**bits - 1, -(2**bits), -1, 0, 10**6]))


@mutation(FAMILY)
def numbers_of_the_least_and_largest_lawful_size(case: Mutant) -> None:
    names = _numbers(case)
    if not names:
        return columns_in_another_order(case)
    large = 1e15 if "estimate" in names else 1e30
    rows = pl.int_range(pl.len()) % 2 == 0
    case.write_frame(
        case.frame().with_columns(pl.when(rows).then(large).otherwise(5e-324).alias(name) for name in names)
    )


@mutation(FAMILY, refused=True)
def units_left_out_repeated_or_unknown(case: Mutant) -> None:
    frame = case.frame()
    key, few = frame.columns[0], frame.head(case.some(1, 4))
    strange = few.with_columns(pl.col(key) + 10**6)
    case.write_frame(
        case.pick(
            [
                pl.concat([frame, few]),
                frame.clear(),
                pl.concat([frame, strange]),
                pl.concat([frame] * case.some(2, 9)),
                frame.with_columns(-pl.col(key) - 1),
                frame.with_columns(pl.col(key) + 10**6),
            ]
        )
    )


@mutation(FAMILY)
def rows_in_another_order(case: Mutant) -> None:
    case.write_frame(case.frame().sample(fraction=1.0, shuffle=True, seed=case.number))


@mutation(FAMILY)
def a_row_left_out(case: Mutant) -> None:
    frame = case.frame()
    case.write_frame(frame.filter(pl.int_range(pl.len()) != case.some(0, frame.height)))


@mutation(FAMILY)
def one_value_for_all(case: Mutant) -> None:
    frame = case.frame()
    name = frame.columns[-1]
    case.write_frame(frame.with_columns(frame[name].head(1).new_from_index(0, frame.height).alias(name)))


@mutation(FAMILY)
def lists_that_are_too_long(case: Mutant) -> None:
    frame = case.frame()
    if "candidate" not in frame.columns:
        return case.write_frame(pl.concat([frame, frame.tail(11)]))
    query, all_of_them = frame["query"][0], frame["candidate"].unique().head(case.pick([11, 2_000]))
    long = pl.DataFrame(
        {"query": [query] * len(all_of_them), "candidate": all_of_them},
        schema_overrides={"query": frame.schema["query"]},
    )
    case.write_frame(
        pl.concat([frame.filter(pl.col("query") != query), long.with_columns(score=pl.lit(0.5))])
    )


@mutation(FAMILY, refused=True)
def names_that_hide_something(case: Mutant) -> None:
    frame, sign = case.frame(), case.pick(HIDDEN)
    name = "cluster" if "cluster" in frame.columns else frame.columns[0]
    few = frame.head(200)  # more of two million signs would be gigabytes here
    case.write_frame(few.with_columns(pl.lit(f"c{sign}").alias(name)))


@mutation(FAMILY)
def names_with_markup(case: Mutant) -> None:
    frame, text = (
        case.frame(),
        case.pick(["<script>x</script>", "=1+1", "$(id)", "../x", "%s%n", "a" * 200, "ملف"]),
    )
    name = "cluster" if "cluster" in frame.columns else frame.columns[-1]
    case.write_frame(frame.with_columns(pl.lit(text).alias(name)))


@mutation(FAMILY, refused=True)
def ids_that_are_not_utf_8(case: Mutant) -> None:
    table = case.frame().to_arrow()
    raw = pa.array([case.pick([b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80"])] * table.num_rows, pa.binary())
    strings = pa.StringArray.from_buffers(table.num_rows, raw.buffers()[1], raw.buffers()[2])
    place = table.num_columns - 1
    case.write(arrow_file(table.set_column(place, table.column_names[place], strings)))


@mutation(FAMILY, refused=True)
def rows_that_the_record_does_not_declare(case: Mutant) -> None:
    case.entry(case.file)["rows"] = case.pick([1, case.frame().height + 1, 2**53 - 1, 10**9])
    # `tipbench score` reads no record.
    case.path().write_bytes(case.content[:-1])
    case.write_record()
