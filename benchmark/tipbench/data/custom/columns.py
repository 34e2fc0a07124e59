"""The user's columns: expressions evaluated, ids numbered, values converted to the types of a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.stages import all_tables

from tipbench.data.custom.config import MANY, FileFormat, OwnData
from tipbench.task import Task


@dataclass(frozen=True)
class Reading:
    """The data's name, how its files are written, and the columns and expressions that are read of them."""

    data: str
    written: FileFormat
    texts: tuple[str, ...]


def refuse_empty(path: Path) -> None:
    """Raises UsageError for a file of no bytes."""
    if path.is_file() and not path.stat().st_size:
        raise UsageError(f"{path} is empty: give a file with data.")


def first_line(error: BaseException) -> str:
    """Return the first line of a library's message, without a final stop."""
    lines = str(error).strip().splitlines()
    return (lines[0][:160] if lines else type(error).__name__).rstrip(".")


def map_columns(own: OwnData, frame: pl.LazyFrame, fields: dict[str, str]) -> pl.DataFrame:
    """Return one column per field, each a column of the frame or a polars SQL expression over its columns.

    Args:
        fields: name of the field as the config has it (``data.label``) -> column or expression.

    Raises:
        UsageError: for a column that the data does not have, and an expression that cannot be read or
        evaluated.
    """
    has = frame.collect_schema().names()
    expressions = {field: _expression(own, field, text, has) for field, text in fields.items()}
    out = frame.with_columns(e.alias(field) for field, e in expressions.items()).select(list(expressions))
    try:
        return out.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        field, cause = _failing(frame, expressions) or ("a mapped expression", error)
        raise UsageError(f"{field} of data={own.name} fails on the data: {first_line(cause)}.") from None


def _unseparated(has: list[str]) -> str:
    """Return what to set where a file's columns were read as one."""
    sign = next((sign for sign in ";\t|" if len(has) == 1 and sign in has[0]), None)
    return (
        "" if sign is None else f" in one column; set data.separator={sign!r} if that is what separates them"
    )


def _failing(frame: pl.LazyFrame, expressions: dict[str, pl.Expr]) -> tuple[str, Exception] | None:
    """Return the first field whose expression fails by itself, and how."""
    for field, expression in expressions.items():
        try:
            frame.select(expression).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            return field, error
    return None


def _expression(own: OwnData, field: str, text: str, has: list[str]) -> pl.Expr:
    shown = [name for name in source_columns(text, has) if name in own.hidden]
    if shown and field.startswith("data.tables."):
        raise UsageError(
            f"{field} of data={own.name} maps {join_names(shown)}, which data.hidden keeps from inputs: leave it out."
        )
    if text in has:
        return pl.col(text)
    try:
        expression = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{field} of data={own.name} is neither a column nor a polars SQL expression ({first_line(error)}): "
            f"its columns are {join_names(has)}{_unseparated(has)}."
        ) from None
    missing = [name for name in source_columns(text, has) if name not in has]
    if missing:
        raise UsageError(
            f"{field} of data={own.name} maps {join_names(missing)}, which the data lacks: it has "
            f"{join_names(has)}{_unseparated(has)}."
        )
    return expression


def source_columns(text: str, has: list[str]) -> list[str]:
    """Return the columns that a mapped text reads: itself, or those in the expression; none where it is a pattern."""
    if text in has:
        return [text]
    try:
        return list(dict.fromkeys(pl.sql_expr(text).meta.root_names()))
    except pl.exceptions.PolarsError:
        return []


def join_names(values: list) -> str:
    """Return values for a message, at most a dozen."""
    shown = ", ".join(str(v) for v in values[:12])
    return shown + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def identifiers(values: pl.Series) -> pl.Series:
    """Return Int64 ids: integers as they are, anything else numbered from 0 in sorted order; nulls stay."""
    if values.dtype.is_integer():
        return values.cast(pl.Int64)
    distinct = values.drop_nulls().unique().sort()
    return values.replace_strict(
        distinct, np.arange(len(distinct)), default=None, return_dtype=pl.Int64
    ).alias(values.name)


def is_whole_text(values: pl.Series) -> bool:
    """Return whether text is whole numbers as they are written plainly (7, and not 007 or 7.0), nulls apart."""
    return bool(
        (values.cast(pl.Int64, strict=False).cast(pl.String) == values).fill_null(values.is_null()).all()
    )


def flatten_lists(values: pl.Series) -> pl.Series:
    """Return the values in lists one after the other; values that are in none as they are."""
    if not isinstance(values.dtype, pl.List):
        return values
    return values.drop_nulls().explode(empty_as_null=False, keep_nulls=False)


def refill_lists(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Return ids of :func:`flatten_lists` values in the lists they came from, without nulls; a null becomes []."""
    if not isinstance(values.dtype, pl.List):
        return ids.alias(values.name)
    rows = np.repeat(np.arange(len(values)), values.list.len().fill_null(0).to_numpy())
    lists = pl.DataFrame({"row": rows, "id": ids}).drop_nulls().group_by("row", maintain_order=True).agg("id")
    every = pl.DataFrame({"row": np.arange(len(values))})
    joined = every.join(lists, on="row", how="left", maintain_order="left")["id"]
    return joined.fill_null([]).alias(values.name)


YES_NO = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "true": 1, "false": 0, "yes": 1, "no": 0, "y": 1, "n": 0}
"""What a value of two may be in text, whatever the case."""

MINUTES_A_DAY = 1440
DATE = r"^\d{4}-\d\d-\d\d([T ](\d\d):(\d\d).*)?$"
"""A date in text, and a time of day."""


def read_yes_no(values: pl.Series) -> pl.Series:
    """Return Int8 1 for yes and 0 for no, in any of the ways of :data:`YES_NO`; null for anything else."""
    text = values.cast(pl.String).str.to_lowercase().str.strip_chars()
    return text.replace_strict(list(YES_NO), list(YES_NO.values()), default=None, return_dtype=pl.Int8)


def read_binary(own: OwnData, field: str, labels: pl.Series) -> pl.Series:
    """Return labels as Int8 0 or 1, null where unknown. Raises UsageError, with the values found, for any other."""
    coded = read_yes_no(labels)
    if coded.null_count() > labels.null_count():
        found = labels.cast(pl.String).str.to_lowercase().drop_nulls().unique().sort().to_list()
        raise UsageError(
            f"{field} of data={own.name} is not binary: it holds {join_names(found)}; map it to 0 and 1, "
            "for instance by \"CASE WHEN column = 'bad' THEN 1 WHEN column = 'good' THEN 0 END\"."
        )
    return coded


def to_release_type(own: OwnData, table: str, column: str, values: pl.Series, notes: list[str]) -> pl.Series:
    """Return a mapped column in the type that the table of a release has; one that no release has stays as it is.

    Identifiers may be text, and a list of them a single one: both are numbered. Days and minutes may be dates and
    times. ``notes`` is told of numbers that were cut to whole ones. Raises UsageError where a quantity is not a number.
    """
    known = all_tables()[table].schema if table in all_tables() else {}
    unit = {c.name: c.unit for c in all_tables()[table].columns} if table in all_tables() else {}
    wanted = known.get(column)
    if wanted is None or values.dtype == wanted:
        return values
    field = f"data.tables.{table}.{column} of data={own.name}"
    if wanted == pl.List(pl.Int64):
        return _lists(values)
    if wanted == pl.Boolean and values.dtype == pl.String:
        return read_binary(own, f"data.tables.{table}.{column}", values).cast(pl.Boolean)
    if wanted.is_integer() and not unit[column] and not values.dtype.is_numeric():
        if values.dtype == pl.String and is_whole_text(values):
            return values.cast(wanted)
        return identifiers(values).cast(wanted)
    if wanted.is_integer():
        values = _whole(field, unit[column], values, notes)
    try:
        return values.cast(wanted)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{field} cannot be read as {wanted}: {first_line(error)}.") from None


def _whole(field: str, unit: str, values: pl.Series, notes: list[str]) -> pl.Series:
    """Return whole numbers of any numbers, of text that writes them (25 and 25.0), and of dates where days are
    wanted."""
    dated = _since_1970(unit, values)
    if dated is not None:
        return dated
    if values.dtype == pl.String:
        number = values.cast(pl.Float64, strict=False)
        wrong = values.filter((number.is_null() | (number != number.floor())) & values.is_not_null())
        if len(wrong):
            how = (
                "map it to whole numbers or to dates as 2019-04-16, for instance by \"STRPTIME(column, '%d/%m/%Y')\"."
                if _per_day(unit)
                else 'map it to whole numbers, for instance by "ROUND(CAST(column AS DOUBLE))".'
            )
            some = f"{len(wrong):,} of {len(values):,} rows (first: {wrong[0][:40]})"
            raise UsageError(f"{field} is not a whole number in {some}: {how}")
        return number
    if values.dtype.is_float():
        cut = values.filter((values != values.floor()).fill_null(False))
        if len(cut):
            notes.append(
                f"{field} is not a whole number in {len(cut):,} of {len(values):,} rows and was cut to one "
                f"(first: {cut[0]} to {int(cut[0])}); map ROUND(100 * column) to keep hundredths."
            )
    return values


def _per_day(unit: str) -> int | None:
    """Return how many units of time a day has, of columns that hold days or minutes of a calendar; else None."""
    if unit == "day":
        return 1
    return MINUTES_A_DAY if unit.startswith("minute") else None


def _since_1970(unit: str, values: pl.Series) -> pl.Series | None:
    """Return days or minutes since 1970-01-01 of dates and times, in text as 2019-04-16 or 2019-04-16 12:30.

    None where the unit is not a time, or any value is not a date.
    """
    per_day = _per_day(unit)
    if per_day is None:
        return None
    if values.dtype == pl.String:
        if not values.drop_nulls().str.contains(DATE).all() or values.null_count() == len(values):
            return None
        day = values.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        hour, minute = (values.str.extract(DATE, group).cast(pl.Int64).fill_null(0) for group in (2, 3))
    elif values.dtype in (pl.Date, pl.Datetime):
        moment = values.cast(pl.Datetime("us"))
        day, hour, minute = (
            moment.dt.date(),
            moment.dt.hour().cast(pl.Int64),
            moment.dt.minute().cast(pl.Int64),
        )
    else:
        return None
    if day.null_count() > values.null_count():
        return None
    days = day.cast(pl.Int32).cast(pl.Int64)
    return days if per_day == 1 else days * per_day + hour * 60 + minute


def _lists(values: pl.Series) -> pl.Series:
    """Return lists of numbered ids; a single value is a list of one, a null an empty list."""
    if not isinstance(values.dtype, pl.List):
        values = pl.select(
            pl.when(values.is_not_null()).then(values.reshape((-1, 1)).arr.to_list())
        ).to_series()
    return refill_lists(values, identifiers(flatten_lists(values)))


REFERS = {
    "ties": {"source": "account", "target": "account"},
    "payments": {"payer": "wallet", "payee": "wallet"},
    "supplies": {"supplier": "firm", "buyer": "firm"},
}
"""Columns of a release's tables that hold an identifier under another name: table -> column -> identifier."""

Columns = dict[tuple[str, str], pl.Series]
"""Values by table and column."""


def identifier_of(own: OwnData, table: str, column: str) -> str:
    """Return the identifier that a column holds, by the config's ``refers`` or else a release's; its name if
    neither."""
    known = REFERS.get(table, {}) | own.refers.get(table, {})
    return known.get(column, column)


def unit_ids(
    task: Task, own: OwnData, given: pl.Series | None, rows: int
) -> tuple[pl.Series, pl.DataFrame | None]:
    """Return Int64 ids: those mapped where they are integers, else row numbers beside the names they stand for.

    Raises UsageError where what is mapped is missing or repeated.
    """
    number = pl.int_range(rows, dtype=pl.Int64, eager=True)
    if given is None:
        return number, None
    repeated = given.filter(given.is_duplicated() | given.is_null())
    if len(repeated):
        raise UsageError(
            f"data.unit of data={own.name} is not a key: {len(repeated):,} of {rows:,} rows "
            f"repeat or lack it (first: {repeated[0]}); map a column that tells rows apart."
        )
    if given.dtype.is_integer():
        return given.cast(pl.Int64), None
    return number, pl.DataFrame({task.unit: number, "name": given.cast(pl.String)})


def lookup_units(
    task: Task, own: OwnData, place: tuple[str, str], values: pl.Series, given: pl.Series, ids: pl.Series
) -> pl.Series:
    """Return the ids of the units that a column of a table names.

    Args:
        given: the units as the user wrote them, or their ids where they have no name. ids: their Int64 ids.

    Raises:
        UsageError: for a value that no unit has, and for none at all.
    """
    found = _as_text(values).replace_strict(_as_text(given), ids, default=None, return_dtype=pl.Int64)
    if unknown := found.null_count():
        row = found.is_null().arg_max() or 0
        first = "nothing" if values[row] is None else values[row]
        raise UsageError(
            f"data.tables.{'.'.join(place)} of data={own.name} names no known {task.unit} in {unknown:,} of "
            f"{len(values):,} rows (first: {first} in row {row + 1:,}): "
            f"list every {task.unit} in the units' file, or drop the rows."
        )
    return found


def number_identifiers(own: OwnData, columns: Columns) -> Columns:
    """Return columns of one identifier, numbered together where two tables or more have it; the others are left out.

    Integers, and text that is all whole numbers, stay the numbers that they are; anything else is numbered from
    0 in sorted order over all of the columns.
    """
    alike: dict[str, Columns] = {}
    for (table, column), values in columns.items():
        name = identifier_of(own, table, column)
        if name != column or name in _identifiers():
            alike.setdefault(name, {})[table, column] = values
    together = {name: found for name, found in alike.items() if len(found) > 1}
    return {place: values for found in together.values() for place, values in _numbered(found).items()}


def _numbered(columns: Columns) -> Columns:
    long = {place: flatten_lists(values) for place, values in columns.items()}
    if all(_is_number(columns[place], values) for place, values in long.items()):
        ids = {place: values.cast(pl.Int64) for place, values in long.items()}
    else:
        texts = [_as_text(values) for values in long.values()]
        number = identifiers(pl.concat([text.alias("id") for text in texts]))
        ends = np.cumsum([len(text) for text in texts])
        ids = {p: number[int(end) - len(long[p]) : int(end)] for p, end in zip(long, ends, strict=True)}
    return {place: refill_lists(columns[place], ids[place]) for place in columns}


def _is_number(values: pl.Series, long: pl.Series) -> bool:
    """Return text in lists is numbered though it be digits, as it is where one table alone has it."""
    return long.dtype.is_integer() or (values.dtype == pl.String and is_whole_text(values))


def _as_text(values: pl.Series) -> pl.Series:
    """Return ids as text; whole floats as integers, so that 3.0 is 3."""
    if values.dtype.is_float() and (values.drop_nulls() == values.drop_nulls().floor()).all():
        values = values.cast(pl.Int64)
    return values.cast(pl.String)


def _identifiers() -> set[str]:
    """Return names of the columns of a release's tables that hold numbers without a unit, or lists of them."""
    return {
        c.name
        for table in all_tables().values()
        for c in table.columns
        if (c.dtype.is_integer() and not c.unit) or c.dtype == pl.List(pl.Int64)
    }


def check_refers(task: Task, own: OwnData) -> None:
    """Refuse a column that is said to hold an identifier that neither a mapped table nor a release's has.

    Raises UsageError.
    """
    mapped = {task.unit, *(column for columns in own.tables.values() for column in columns if column != MANY)}
    known = mapped | {name for columns in REFERS.values() for name in columns.values()}
    for table, column, name in _referred(own):
        if name not in known:
            raise UsageError(
                f"data.refers.{table}.{column}={name} of data={own.name} is not a column that is mapped: "
                f"choose one of {join_names(sorted(known))}."
            )


def _referred(own: OwnData) -> Iterator[tuple[str, str, str]]:
    for table, columns in own.refers.items():
        for column, name in columns.items():
            yield table, column, name
