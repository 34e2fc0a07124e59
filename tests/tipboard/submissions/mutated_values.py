"""Mutations of what a whole file of predictions says: columns, types, keys, numbers, names of clusters."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from hostile_case import arrow_file
from mutated_case import Mutant, mutation
from mutated_parquet import some

FAMILY = "values"
EDGES = [
    1.7e308,
    -1.7e308,
    1e308,
    5e-324,
    3.4e38,
    1e30,
    -1e30,
    1.1e30,
    1e15,
    1.1e15,
    -1e15,
    0.0,
    -0.0,
    -1.0,
    2.0**63,
    1e-300,
]
TYPES = [
    pl.Int8,
    pl.Int16,
    pl.Int32,
    pl.UInt64,
    pl.Float32,
    pl.Float64,
    pl.String,
    pl.Boolean,
    pl.Date,
    pl.Time,
    pl.Datetime("ns"),
    pl.Decimal(38, 2),
    pl.Duration("us"),
]
NONE = [float("nan"), float("inf"), float("-inf")]
UNSEEN = ["\x00", "\x1b[2J", "\n", "\u202e", "\u200b", "\ufeff", "\ue000", "\u2028", "\U000e0041", "\u3164"]


def _in_one_row(case: Mutant, name: str, value: object) -> None:
    frame = case.table()
    at = pl.int_range(pl.len()) == some(case, 0, frame.height)
    case.put_table(
        frame.with_columns(
            pl.when(at).then(pl.lit(value)).otherwise(name).cast(frame.schema[name]).alias(name)
        )
    )


@mutation(FAMILY)
def another_type(case: Mutant) -> None:
    frame = case.table()
    name, to = case.pick(frame.columns), case.pick(TYPES)
    column = frame[name] if frame[name].dtype != pl.String else pl.Series(range(frame.height))
    case.put_table(frame.with_columns(column.cast(pl.Int64, strict=False).cast(to, strict=False).alias(name)))


@mutation(FAMILY, refused=True)
def a_type_that_predictions_never_have(case: Mutant) -> None:
    table = case.table().to_arrow()
    rows, place = table.num_rows, some(case, 0, table.num_columns)
    other = case.pick(
        [
            pa.array([1.0] * rows, pa.float16()),
            pa.nulls(rows),
            pa.array([b"1234"] * rows, pa.binary(4)),
            pa.array([1] * rows, pa.decimal128(20, 2)),
            pa.array([b"x"] * rows, pa.binary()),
            pa.array([1] * rows, pa.timestamp("ns", "UTC")),
            pa.array([1] * rows, pa.uint8()),
        ]
    )
    case.put(arrow_file(table.set_column(place, table.column_names[place], other)))


@mutation(FAMILY, refused=True)
def a_column_of_another_name(case: Mutant) -> None:
    frame = case.table()
    old = case.pick(frame.columns)
    new = case.pick([old.upper(), old + " ", "", "\x1b[2J", "<script>", old + "\u200b", "a\nb", "x" * 9_000])
    case.put_table(frame.rename({old: new}))


@mutation(FAMILY)
def a_column_left_out(case: Mutant) -> None:
    frame = case.table()
    case.put_table(frame.drop(case.pick(frame.columns)))


@mutation(FAMILY)
def more_columns(case: Mutant) -> None:
    names = case.pick(
        [
            ["note"],
            ["__index_level_0__"],
            ["truth"],
            ["\u202ex"],
            ["score_"],
            ["score_x"],
            ["a" * 5_000],
            [f"c{n}" for n in range(65)],
            [f"c{n}" for n in range(3_000)],
        ]
    )
    case.put_table(case.table().head(2_000).with_columns(pl.lit(1.0).alias(name) for name in names))


@mutation(FAMILY)
def columns_in_another_order(case: Mutant) -> None:
    frame = case.table()
    case.put_table(frame.select(frame.columns[::-1]))


@mutation(FAMILY)
def a_null(case: Mutant) -> None:
    _in_one_row(case, case.pick(case.table().columns), None)


@mutation(FAMILY)
def a_number_that_is_none(case: Mutant) -> None:
    names = case.numbers()
    if not names:
        return _in_one_row(case, case.table().columns[-1], None)
    _in_one_row(case, case.pick(names), case.pick(NONE))


@mutation(FAMILY)
def a_number_at_the_edge(case: Mutant) -> None:
    names = case.numbers()
    if not names:
        return an_integer_at_the_edge(case)
    _in_one_row(case, case.pick(names), case.pick(EDGES))


@mutation(FAMILY)
def all_numbers_at_the_edge(case: Mutant) -> None:
    names = case.numbers()
    if not names:
        return an_integer_at_the_edge(case)
    values = sorted(case.pick(EDGES) for _ in range(3))
    case.put_table(
        case.table().with_columns(
            pl.lit(values[place % 3]).alias(name)
            for place, name in enumerate(["estimate", "lower", "upper"])
            if name in names
        )
        if "estimate" in names
        else case.table().with_columns(pl.lit(values[0]).alias(name) for name in names)
    )


@mutation(FAMILY)
def an_integer_at_the_edge(case: Mutant) -> None:
    frame = case.table()
    names = [name for name, kind in frame.schema.items() if kind.is_integer()]
    name = case.pick(names)
    bits = 31 if frame.schema[name] == pl.Int32 else 63
    _in_one_row(case, name, case.pick([2**bits - 1, -(2**bits), -1, 0, 10**6]))


@mutation(FAMILY)
def numbers_of_the_least_and_largest_lawful_size(case: Mutant) -> None:
    names = case.numbers()
    if not names:
        return columns_in_another_order(case)
    large = 1e15 if "estimate" in names else 1e30
    rows = pl.int_range(pl.len()) % 2 == 0
    case.put_table(
        case.table().with_columns(pl.when(rows).then(large).otherwise(5e-324).alias(name) for name in names)
    )


@mutation(FAMILY, refused=True)
def units_left_out_repeated_or_unknown(case: Mutant) -> None:
    frame = case.table()
    key, few = frame.columns[0], frame.head(some(case, 1, 4))
    strange = few.with_columns(pl.col(key) + 10**6)
    case.put_table(
        case.pick(
            [
                pl.concat([frame, few]),
                frame.clear(),
                pl.concat([frame, strange]),
                pl.concat([frame] * some(case, 2, 9)),
                frame.with_columns(-pl.col(key) - 1),
                frame.with_columns(pl.col(key) + 10**6),
            ]
        )
    )


@mutation(FAMILY)
def rows_in_another_order(case: Mutant) -> None:
    case.put_table(case.table().sample(fraction=1.0, shuffle=True, seed=case.number))


@mutation(FAMILY)
def a_row_left_out(case: Mutant) -> None:
    frame = case.table()
    case.put_table(frame.filter(pl.int_range(pl.len()) != some(case, 0, frame.height)))


@mutation(FAMILY)
def one_value_for_all(case: Mutant) -> None:
    frame = case.table()
    name = frame.columns[-1]
    case.put_table(frame.with_columns(frame[name].head(1).new_from_index(0, frame.height).alias(name)))


@mutation(FAMILY)
def lists_that_are_too_long(case: Mutant) -> None:
    frame = case.table()
    if "candidate" not in frame.columns:
        return case.put_table(pl.concat([frame, frame.tail(11)]))
    query, all_of_them = frame["query"][0], frame["candidate"].unique().head(case.pick([11, 2_000]))
    long = pl.DataFrame(
        {"query": [query] * len(all_of_them), "candidate": all_of_them},
        schema_overrides={"query": frame.schema["query"]},
    )
    case.put_table(pl.concat([frame.filter(pl.col("query") != query), long.with_columns(score=pl.lit(0.5))]))


@mutation(FAMILY, refused=True)
def names_that_hide_something(case: Mutant) -> None:
    frame, sign = case.table(), case.pick([*UNSEEN, "a" * 201, "x" * 2_000_000])
    name = "cluster" if "cluster" in frame.columns else frame.columns[0]
    few = frame.head(200)  # more of two million signs would be gigabytes here
    case.put_table(few.with_columns(pl.lit(f"c{sign}").alias(name)))


@mutation(FAMILY)
def names_with_markup(case: Mutant) -> None:
    frame, text = (
        case.table(),
        case.pick(["<script>x</script>", "=1+1", "$(id)", "../x", "%s%n", "a" * 200, "ملف"]),
    )
    name = "cluster" if "cluster" in frame.columns else frame.columns[-1]
    case.put_table(frame.with_columns(pl.lit(text).alias(name)))


@mutation(FAMILY, refused=True)
def names_that_are_not_utf_8(case: Mutant) -> None:
    table = case.table().to_arrow()
    raw = pa.array([case.pick([b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80"])] * table.num_rows, pa.binary())
    strings = pa.StringArray.from_buffers(table.num_rows, raw.buffers()[1], raw.buffers()[2])
    place = table.num_columns - 1
    case.put(arrow_file(table.set_column(place, table.column_names[place], strings)))


@mutation(FAMILY, refused=True)
def rows_that_the_record_does_not_declare(case: Mutant) -> None:
    case.entry(case.file)["rows"] = case.pick([1, case.table().height + 1, 2**53 - 1, 10**9])
    # `tipbench score` reads no record.
    case.target.write_bytes(case.content[:-1])
    case.write_record()
