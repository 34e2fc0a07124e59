"""The columns of a user's own data: expressions over rows, ids that agree between tables, types of a release."""

from __future__ import annotations

from fnmatch import fnmatchcase

import polars as pl
from tipcore.errors import UsageError
from tipcore.table_files import error_line
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages import all_tables

from tipbench.data.custom.config import MANY, OwnData

YES_NO = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "true": 1, "false": 0, "yes": 1, "no": 0, "y": 1, "n": 0}
"""What a value of two may be in text, whatever the case."""

DATE = r"^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d).*)?$"
"""A date in text, and a time of day."""

REFERS = {
    "ties": {"source": "account", "target": "account"},
    "payments": {"payer": "wallet", "payee": "wallet"},
    "supplies": {"supplier": "firm", "buyer": "firm"},
}
"""Columns that hold an identifier under another name: table -> column -> identifier."""

Columns = dict[tuple[str, str], pl.Series]
"""Values by table and column."""


def join_names(values: list) -> str:
    """Return values for a message, at most a dozen."""
    return ", ".join(map(str, values[:12])) + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def source_columns(text: str, has: list[str]) -> list[str]:
    """Return the columns that a mapped text reads: itself, or those in the expression; none where it is a pattern."""
    if text in has:
        return [text]
    try:
        return list(dict.fromkeys(pl.sql_expr(text).meta.root_names()))
    except pl.exceptions.PolarsError:
        return []


def map_columns(own: OwnData, frame: pl.LazyFrame, fields: dict[str, str]) -> pl.DataFrame:
    """Return one column per field, each a column of the frame or a polars SQL expression over its columns.

    ``fields``: name of the field as the config has it (``data.label``) -> column or expression. Raises UsageError for a
    column that the data does not have, and an expression that cannot be read or evaluated.
    """
    has = frame.collect_schema().names()
    expressions = {field: _expression(own, field, text, has) for field, text in fields.items()}
    try:
        named = frame.with_columns(e.alias(field) for field, e in expressions.items())
        return named.select(list(expressions)).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        failing, cause = "a mapped expression", error
    for field, expression in expressions.items():
        try:
            frame.select(expression).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            failing, cause = field, error
            break
    raise UsageError(f"{failing} of data={own.name} fails on the data: {error_line(cause)}.")


def _expression(own: OwnData, field: str, text: str, has: list[str]) -> pl.Expr:
    hidden = [name for name in source_columns(text, has) if name in own.hidden]
    if hidden and field.startswith("data.tables."):
        raise UsageError(
            f"{field} of data={own.name} maps {join_names(hidden)}, which data.hidden keeps from inputs: leave it out."
        )
    if text in has:
        return pl.col(text)
    sign = next((sign for sign in ";\t|" if len(has) == 1 and sign in has[0]), None)
    columns = join_names(has)
    if sign is not None:
        columns += f" in one column; set data.separator={sign!r} if that is what separates them"
    try:
        expression = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{field} of data={own.name} is neither a column nor a polars SQL expression ({error_line(error)}): "
            f"its columns are {columns}."
        ) from None
    if missing := [name for name in source_columns(text, has) if name not in has]:
        raise UsageError(
            f"{field} of data={own.name} maps {join_names(missing)}, which the data lacks: it has {columns}."
        )
    return expression


# Ids


def identifier_of(table: str, column: str) -> str:
    """Return the identifier that a column holds: its own name, or that of :data:`REFERS`."""
    return REFERS.get(table, {}).get(column, column)


def number_rows(
    own: OwnData, unit: str, given: pl.Series | None, rows: int
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
    return number, pl.DataFrame({unit: number, "name": given.cast(pl.String)})


def lookup_units(
    own: OwnData, unit: str, place: tuple[str, str], values: pl.Series, given: pl.Series, ids: pl.Series
) -> pl.Series:
    """Return the Int64 ids of the units that a column of a table names.

    ``given``: the units as the user wrote them, or their ids where they have no name; ``ids``: their ids. Raises
    UsageError for a value that no unit has, and for none at all.
    """
    found = _as_text(values).replace_strict(_as_text(given), ids, default=None, return_dtype=pl.Int64)
    if unknown := found.null_count():
        row = found.is_null().arg_max() or 0
        first = "nothing" if values[row] is None else values[row]
        raise UsageError(
            f"data.tables.{'.'.join(place)} of data={own.name} names no known {unit} in {unknown:,} of "
            f"{len(values):,} rows (first: {first} in row {row + 1:,}): "
            f"list every {unit} in the units' file, or drop the rows."
        )
    return found


def number_shared_ids(columns: Columns) -> Columns:
    """Return the columns whose identifier two tables or more have, numbered together; others are left out."""
    known = {
        c.name
        for table in all_tables().values()
        for c in table.columns
        if (c.dtype.is_integer() and not c.unit) or c.dtype == pl.List(pl.Int64)
    }
    alike: dict[str, Columns] = {}
    for (table, column), values in columns.items():
        name = identifier_of(table, column)
        if name != column or name in known:
            alike.setdefault(name, {})[table, column] = values
    return {place: ids for one in alike.values() if len(one) > 1 for place, ids in _number(one).items()}


def _number(columns: Columns) -> Columns:
    """Return ids as Int64, or lists of them without nulls; one value has one number in all of the columns.

    Integers, and text of whole numbers as they are written plainly (7, and not 007 or 7.0), stay the numbers that they
    are. Anything else, and all text in lists, is numbered from 0 in sorted order.
    """
    lists = {place for place, values in columns.items() if isinstance(values.dtype, pl.List)}
    if all(map(_is_numbered, columns.values())):
        made = {p: v.cast(pl.List(pl.Int64) if p in lists else pl.Int64) for p, v in columns.items()}
    else:
        texts = {place: _as_text(values) for place, values in columns.items()}
        flat = [
            t.explode(keep_nulls=False, empty_as_null=False) if p in lists else t for p, t in texts.items()
        ]
        names = pl.concat([text.alias("id") for text in flat]).drop_nulls().unique().sort()
        id_of = {"old": names, "new": pl.int_range(len(names), dtype=pl.Int64, eager=True)}
        number = pl.element().replace_strict(**id_of, default=None, return_dtype=pl.Int64)
        made = {
            p: t.list.eval(number)
            if p in lists
            else t.replace_strict(**id_of, default=None, return_dtype=pl.Int64)
            for p, t in texts.items()
        }
    return {p: ids.list.drop_nulls().fill_null([]) if p in lists else ids for p, ids in made.items()}


def _is_numbered(values: pl.Series) -> bool:
    if values.dtype == pl.String:
        plain = values.cast(pl.Int64, strict=False).cast(pl.String) == values
        return bool(plain.fill_null(values.is_null()).all())
    return (values.dtype.inner if isinstance(values.dtype, pl.List) else values.dtype).is_integer()  # type: ignore[union-attr]


def _as_text(values: pl.Series) -> pl.Series:
    """Return ids as text, in lists where they are; whole floats as integers, so that 3.0 is 3."""
    listed = isinstance(values.dtype, pl.List)
    flat = values.explode().drop_nulls() if listed else values.drop_nulls()
    if flat.dtype.is_float() and (flat == flat.floor()).all():
        values = values.cast(pl.List(pl.Int64) if listed else pl.Int64)
    return values.cast(pl.List(pl.String) if listed else pl.String)


def identifiers(values: pl.Series) -> pl.Series:
    """Return Int64 ids: integers as they are, anything else numbered from 0 in sorted order; nulls stay."""
    if values.dtype.is_integer():
        return values.cast(pl.Int64)
    return values.rank("dense").cast(pl.Int64) - 1


# Types


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


def to_release_type(own: OwnData, place: tuple[str, str], values: pl.Series, notes: list[str]) -> pl.Series:
    """Return a mapped column in the type that the table of a release has; one that no release has stays as it is.

    Identifiers may be text, and a list of them a single one: both are numbered. Days and minutes may be dates and
    times. ``notes`` gets a sentence for numbers that were cut to whole ones. Raises UsageError where a quantity is not
    a number.
    """
    table, column = place
    known = {c.name: c for c in all_tables()[table].columns} if table in all_tables() else {}
    if column not in known or values.dtype == known[column].dtype:
        return values
    wanted, unit = known[column].dtype, known[column].unit
    field = f"data.tables.{table}.{column} of data={own.name}"
    if wanted == pl.List(pl.Int64):
        if not isinstance(values.dtype, pl.List):
            one = values.reshape((-1, 1)).arr.to_list()
            values = pl.select(pl.when(values.is_not_null()).then(one)).to_series()
        return _number({place: values})[place]
    if wanted == pl.Boolean and values.dtype == pl.String:
        return read_binary(own, f"data.tables.{table}.{column}", values).cast(pl.Boolean)
    if wanted.is_integer() and not unit and not values.dtype.is_numeric():
        return _number({place: values})[place].cast(wanted)
    if wanted.is_integer():
        per_day = 1 if unit == "day" else MINUTES_A_DAY if unit.startswith("minute") else None
        values = _whole(field, per_day, values, notes)
    try:
        return values.cast(wanted)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{field} cannot be read as {wanted}: {error_line(error)}.") from None


def _whole(field: str, per_day: int | None, values: pl.Series, notes: list[str]) -> pl.Series:
    """Return whole numbers of any numbers, of text that writes them (25 and 25.0), and of dates where the column counts
    units of time, of which a day has so many."""
    if per_day is not None and (dated := _since_1970(per_day, values)) is not None:
        return dated
    if values.dtype == pl.String:
        number = values.cast(pl.Float64, strict=False)
        wrong = values.filter((number.is_null() | (number != number.floor())) & values.is_not_null())
        if len(wrong):
            how = 'for instance by "ROUND(CAST(column AS DOUBLE))"'
            if per_day is not None:
                how = "or to dates as 2019-04-16, for instance by \"STRPTIME(column, '%d/%m/%Y')\""
            raise UsageError(
                f"{field} is not a whole number in {len(wrong):,} of {len(values):,} rows (first: {wrong[0][:40]}): "
                f"map it to whole numbers{' ' if per_day else ', '}{how}."
            )
        return number
    if values.dtype.is_float() and len(cut := values.filter((values != values.floor()).fill_null(False))):
        notes.append(
            f"{field} is not a whole number in {len(cut):,} of {len(values):,} rows and was cut to one "
            f"(first: {cut[0]} to {int(cut[0])}); map ROUND(100 * column) to keep hundredths."
        )
    return values


def _since_1970(per_day: int, values: pl.Series) -> pl.Series | None:
    """Return days or minutes since 1970-01-01 of dates and times, in text as 2019-04-16 or 2019-04-16 12:30.

    None where any value is not a date.
    """
    moment = values
    if values.dtype == pl.String:
        if len(values) == values.null_count():
            return None
        time = values.str.extract(DATE, 1) + " " + values.str.extract(DATE, 2).fill_null("00:00")
        moment = time.str.to_datetime("%Y-%m-%d %H:%M", strict=False)
    if moment.dtype not in (pl.Date, pl.Datetime) or moment.null_count() > values.null_count():
        return None
    minutes = moment.cast(pl.Datetime("us")).dt.epoch("s") // 60
    return minutes // MINUTES_A_DAY if per_day == 1 else minutes


# Many columns


def numeric_columns(own: OwnData, table: str, frame: pl.LazyFrame, taken: set[str]) -> pl.DataFrame:
    """Return the numeric columns of a table's rows that ``"*"`` stands for, in their order.

    Numbers in text become Float64, booleans and text of yes and no alone become Int8; other text is left out. A column
    of vectors of one length d becomes d columns ``name_0`` to ``name_<d - 1>``. Columns that another field of the
    config reads, and those that ``hidden`` names, are left out. Raises UsageError where nothing is left, a name is
    already taken, vectors differ in length, or a few cells of a column are not what most of them are.
    """
    pattern = own.tables[table][MANY]
    field, has = f"data.tables.{table}.{MANY}", frame.collect_schema().names()
    # What the units' truth is read from is left out of every table: two tables may be made of one file.
    texts = [*own.mapping(table if table in own.sources else None).values(), *own.of_units().values()]
    read = {name for text in texts for name in source_columns(text, has)} | {"file", *own.hidden}
    names = [n for n in has if n not in read and (n == pattern or fnmatchcase(n, pattern))]
    found = [n for c in frame.select(names).collect().get_columns() for n in _as_numbers(own, field, c)]
    if not found:
        raise UsageError(
            f"{field}={pattern} of data={own.name} finds no numeric column that no other field reads: "
            f"the columns are {join_names(has)}."
        )
    if twice := [column.name for column in found if column.name in taken]:
        raise UsageError(
            f"{field}={pattern} of data={own.name} gives a column {twice[0]}, which {table} has already: "
            "name other columns by a pattern, or hide it with data.hidden."
        )
    return pl.DataFrame(found)


def _as_numbers(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return a column as numbers, in a list of one or of as many as its vectors have; none where it has no numbers."""
    if column.dtype == pl.Boolean:
        return [column.cast(pl.Int8)]
    if column.dtype == pl.String:
        return _text_as_numbers(own, field, column)
    if not isinstance(column.dtype, (pl.Array, pl.List)):
        return [column] if column.dtype.is_numeric() else []
    if not column.dtype.inner.is_numeric():  # type: ignore[union-attr]
        return []
    if isinstance(column.dtype, pl.List):
        widths = column.list.len().drop_nulls().unique().sort()
        if len(widths) != 1:
            raise UsageError(
                f"{field} of data={own.name} is made of {column.name}, whose vectors have lengths "
                f"{join_names(widths.to_list())}: give vectors of one length."
            )
        column = column.list.to_array(widths[0])
    names = [f"{column.name}_{i}" for i in range(column.dtype.shape[0])]  # type: ignore[union-attr]
    return column.to_frame().select(pl.all().arr.to_struct(names)).unnest(column.name).get_columns()


def _text_as_numbers(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return text as numbers or yes and no; nothing where it is something else.

    Raises UsageError where most cells are numbers, or yes and no, and others are not: leaving the column out would hide
    the mistake.
    """
    there = len(column) - column.null_count()
    read = [column.cast(pl.Float64, strict=False), read_yes_no(column)]
    best = min(read, key=lambda number: number.null_count())
    understood = len(column) - best.null_count()
    if understood == there > 0:
        return [best]
    if 2 * understood <= there or not there:
        return []
    odd = (best.is_null() & column.is_not_null()).arg_true()
    what = "a number" if best is read[0] else "yes or no"
    raise UsageError(
        f"{field} of data={own.name} is {what} in {understood:,} of {there:,} cells of {column.name} and not in "
        f"{len(odd):,} (first: {column[odd[0]]!r} in row {odd[0] + 1}): correct them, leave them empty, or name the "
        "column in data.hidden."
    )
