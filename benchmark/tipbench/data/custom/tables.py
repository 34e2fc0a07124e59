"""The units and input tables of a user's own data."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

import polars as pl
from tipcore.errors import UsageError
from tipdata.stages import all_tables

from tipbench.data.custom.checks import CASE
from tipbench.data.custom.columns import (
    Columns,
    check_refers,
    identifier_of,
    identifiers,
    join_names,
    lookup_units,
    map_columns,
    number_identifiers,
    read_yes_no,
    source_columns,
    to_release_type,
    unit_ids,
)
from tipbench.data.custom.config import MANY, OwnData
from tipbench.data.custom.files import FILE, read_files
from tipbench.data.custom.truth import add_classes, label_notes, name_classes, read_truth
from tipbench.task import Task


def numeric_columns(own: OwnData, table: str, frame: pl.LazyFrame, taken: set[str]) -> pl.DataFrame:
    """Return the numeric columns of a table's file that ``"*"`` stands for, in the order of the file, row for row.

    Numbers in text become Float64, booleans and text of yes and no alone become Int8; other text is left out. A column
    of vectors of one length d becomes d columns ``name_0`` to ``name_<d - 1>``.
    Columns that another field of the config reads, and those that ``hidden`` names, are left out.

    Args:
        taken: names that the table has already.

    Raises:
        UsageError: where nothing is left, a name is taken, vectors differ in length, or a few cells of a column are not
            what most of them are.
    """
    field, pattern = f"data.tables.{table}.{MANY}", own.tables[table][MANY]
    has = frame.collect_schema()
    # What the units' truth is read from is left out of every file: two tables may be made of one.
    texts = [*own.mapping(table if table in own.sources else None).values(), *own.of_units().values()]
    read = {root for text in texts for root in source_columns(text, has.names())} | {FILE, *own.hidden}
    names = [n for n in has.names() if n not in read and (n == pattern or fnmatchcase(n, pattern))]
    found: list[pl.Series] = []
    for column in frame.select(names).collect().get_columns():
        found += _column_as_numbers(own, field, column)
    if not found:
        raise UsageError(
            f"{field}={pattern} of data={own.name} finds no numeric column that no other field reads: "
            f"the columns are {join_names(has.names())}."
        )
    if twice := [column.name for column in found if column.name in taken]:
        raise UsageError(
            f"{field}={pattern} of data={own.name} gives a column {twice[0]}, which {table} has already: "
            "name other columns by a pattern, or hide it with data.hidden."
        )
    return pl.DataFrame(found)


def _column_as_numbers(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return the column as numbers, in a list of one or of as many as its vectors have; none where it has no
    numbers."""
    if column.dtype == pl.Boolean:
        return [column.cast(pl.Int8)]
    if column.dtype == pl.String:
        return _text_as_numbers(own, field, column)
    if isinstance(column.dtype, (pl.Array, pl.List)):
        return _vector_columns(own, field, column)
    return [column] if column.dtype.is_numeric() else []


def _text_as_numbers(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return text as numbers or yes and no; nothing where it is something else. Raises UsageError where most cells are
    numbers, or yes and no, and others are not: to leave the column out would say nothing of it."""
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


def _vector_columns(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    if not column.dtype.inner.is_numeric():  # type: ignore[attr-defined]
        return []
    if isinstance(column.dtype, pl.List):
        widths = column.list.len().drop_nulls().unique()
        if len(widths) != 1:
            raise UsageError(
                f"{field} of data={own.name} is made of {column.name}, whose vectors have lengths "
                f"{join_names(widths.sort().to_list())}: give vectors of one length."
            )
        column = column.list.to_array(widths[0])
    width = column.dtype.shape[0]  # type: ignore[attr-defined]
    names = [f"{column.name}_{i}" for i in range(width)]
    return column.to_frame().select(pl.all().arr.to_struct(names)).unnest(column.name).get_columns()


@dataclass(frozen=True)
class OwnTables:
    """What a user's files hold.

    ``units``: ``[unit, cluster Int64]`` and, as far as mapped, ``group``, ``fold`` (String) and the truth of
    :func:`tipbench.data.custom.truth.read_truth`. ``tables``: input tables; those made from the units' file have
    the unit first. ``names``: ``[unit, name]`` with the ids as the user wrote them, or None where they are integers.
    ``regions``: ``[region, name]`` of the same.
    ``notes``: a sentence for each thing that was left out or cut. ``many``: how many columns ``"*"`` gave a table.
    """

    units: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    names: pl.DataFrame | None
    regions: pl.DataFrame | None
    notes: list[str]
    many: dict[str, int]


def check_tables(task: Task, own: OwnData) -> None:
    """Refuse tables that the task does not have or that lack what they need. Raises UsageError."""
    if task.table not in own.tables:
        raise UsageError(
            f"data={own.name} maps no column of {task.table}, which has a row per {task.unit}: map one or more of "
            f"{', '.join(task.tables[task.table])} under data.tables.{task.table}, as the examples of `tipbench list "
            "data` do."
        )
    if task.table in own.sources:
        raise UsageError(
            f"data.sources.{task.table} of data={own.name} is the table of the units, whose file is "
            "data.files: name it there."
        )
    for table in own.tables:
        if table not in task.tables:
            near = get_close_matches(table, task.tables, n=3, cutoff=0.3) or list(task.tables)
            raise UsageError(
                f"data.tables.{table} of data={own.name} is not a table of {task.name}: "
                f"choose {' or '.join(near)}."
            )
    check_refers(task, own)


def read_tables(task: Task, own: OwnData) -> OwnTables:
    """Return every mapped field of every file. Where units are not clusters, one without a cluster is its own.

    Raises:
        UsageError: for files, fields, ids and tables that are not as the format or the task wants them.
    """
    rows, of_units = {table: read_files(own, table) for table in own.sources}, read_files(own)
    notes = [note for read in (of_units, *rows.values()) for note in read.notes]
    _check_hidden(own, [of_units.frame, *(read.frame for read in rows.values())])
    raw, many = _unit_rows(task, own, of_units.frame)
    given = raw["data.unit"] if own.unit is not None else None
    unit, names = unit_ids(task, own, given, raw.height)
    columns = {
        (table, column): raw[f"data.tables.{table}.{column}"]
        for table in own.tables
        if table not in own.sources
        for column in own.tables[table]
        if column != MANY
    }
    for table, of_table in rows.items():
        read, many[table] = _source_rows(own, table, of_table.frame)
        columns |= {(table, column): read[column] for column in read.columns}
    notes += [*label_notes(own, task.kind.custom_field, of_units.frame, raw), *misspelling_notes(own)]
    if task.views and own.cluster is not None:  # numbered as the cases of the tables are
        columns[task.table, CASE] = raw["data.cluster"]
    made = _to_release_types(task, own, columns, unit if given is None else given, unit, notes)
    tables = {}
    for table in own.tables:
        own_key = {} if table in own.sources else {task.unit: unit}
        values = {column: series for (t, column), series in made.items() if t == table}
        if task.views and table == task.table:
            values.pop(CASE, None)
        tables[table] = pl.DataFrame(own_key | values).hstack(many.get(table, pl.DataFrame()))
    if own.time is not None:
        tables[task.table] = tables[task.table].with_columns(_minutes(own, raw["data.time"]).alias("minute"))
    tables = name_classes(task, own, tables)
    if task.supersede is not None:
        tables, replaced = task.supersede(tables)
        notes += replaced
    task.check(tables)
    units = add_classes(task, own, _units(task, own, raw, unit), tables, notes)
    if task.views and (task.table, CASE) in made:
        units = units.with_columns(made[task.table, CASE].cast(pl.Int64).alias("cluster"))
    widths = {table: frame.width for table, frame in many.items() if frame.width}
    return OwnTables(units, tables, names, _region_names(columns, made), notes, widths)


def misspelling_notes(own: OwnData) -> list[str]:
    """Return a note on each mapped column that no table has and that is almost the name of one that its table has."""
    found = []
    for table, columns in own.tables.items():
        known = all_tables()[table].schema if table in all_tables() else {}
        for column in columns:
            near = (
                [] if column in known or column == MANY else get_close_matches(column, known, n=1, cutoff=0.8)
            )
            found += [
                f"data.tables.{table}.{column} of data={own.name} is a feature of your own; if you mean {name}, "
                "write it so: methods know it by that name."
                for name in near
            ]
    return found


def _region_names(columns: Columns, made: Columns) -> pl.DataFrame | None:
    """Return what the user called the regions that are numbered; None where regions are not text, or there is none."""
    pairs = [
        pl.DataFrame({"region": made[place], "name": values}).drop_nulls()
        for place, values in columns.items()
        if place[1] == "region" and values.dtype == pl.String and made[place].dtype.is_integer()
    ]
    return pl.concat(pairs).unique() if pairs else None


def _source_rows(own: OwnData, table: str, frame: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the mapped columns of a table of ``sources`` by name, and those that ``"*"`` stands for; rows that are
    alike are one row where a column counts them."""
    fields = own.mapping(table)
    read = map_columns(own, frame, fields).rename({field: field.rpartition(".")[2] for field in fields})
    many = (
        numeric_columns(own, table, frame, set(own.tables[table]))
        if MANY in own.tables[table]
        else pl.DataFrame()
    )
    count = own.counted(table)
    if count is None:
        return read, many
    alike = read.hstack(many).group_by(pl.all(), maintain_order=True).len(count)
    return alike.select(*read.columns, count), alike.select(many.columns)


def _unit_rows(task: Task, own: OwnData, frame: pl.LazyFrame) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Return the mapped fields of the units' file, and by table the columns that ``"*"`` stands for; one row per
    unit."""
    fields = own.mapping()
    if own.fold is None and FILE in frame.collect_schema().names():
        fields["data.fold"] = FILE
    raw = (
        map_columns(own, frame, fields)
        if fields
        else frame.select(pl.int_range(pl.len()).alias(FILE)).collect()
    )
    many = {}
    for table, columns in own.tables.items():
        if MANY in columns and table not in own.sources:
            made = {"minute"} if own.time is not None and table == task.table else set()
            many[table] = numeric_columns(own, table, frame, {task.unit, *columns, *made})
    if own.distinct:
        first = raw["data.unit"].is_first_distinct() | raw["data.unit"].is_null()
        raw, many = raw.filter(first), {table: rows.filter(first) for table, rows in many.items()}
    return raw, many


def _to_release_types(
    task: Task, own: OwnData, columns: Columns, given: pl.Series, unit: pl.Series, notes: list[str]
) -> Columns:
    """Return columns in the types of a release, those that name units as their ids, other ids alike in all tables."""
    naming = [place for place in columns if identifier_of(own, *place) == task.unit]
    made = {place: lookup_units(task, own, place, columns[place], given, unit) for place in naming}
    others = {place: values for place, values in columns.items() if place not in made}
    others |= number_identifiers(own, others)
    made |= {place: to_release_type(own, *place, values, notes) for place, values in others.items()}
    return {place: made[place] for place in columns}


def _units(task: Task, own: OwnData, raw: pl.DataFrame, unit: pl.Series) -> pl.DataFrame:
    cluster = (
        identifiers(raw["data.cluster"]) if own.cluster else pl.Series([None] * len(unit), dtype=pl.Int64)
    )
    if not task.kind.linked:
        cluster = cluster.fill_null(-1 - pl.int_range(len(unit), dtype=pl.Int64, eager=True))
    units = pl.DataFrame({task.unit: unit, "cluster": cluster}).with_columns(**read_truth(own, raw))
    texts = [f for f in ("group", "fold") if f"data.{f}" in raw.columns]
    return units.with_columns(raw[f"data.{field}"].cast(pl.String).alias(field) for field in texts)


def _minutes(own: OwnData, time: pl.Series) -> pl.Series:
    """Return minutes since the first time of the data; numbers are taken as minutes already."""
    if time.dtype == pl.String:
        try:
            time = time.str.to_datetime()
        except pl.exceptions.PolarsError:
            raise UsageError(
                f"data.time of data={own.name} is not a time: map it to minutes or to ISO dates."
            ) from None
    if time.dtype.is_temporal():
        time = (time.cast(pl.Datetime("us")) - time.cast(pl.Datetime("us")).min()).dt.total_minutes()
    return time.cast(pl.Int64)


def _check_hidden(own: OwnData, frames: list[pl.LazyFrame]) -> None:
    """A hidden column that no file has is a slip of the pen that would show what it was to hide."""
    has = list(dict.fromkeys(name for frame in frames for name in frame.collect_schema().names()))
    if lacking := [name for name in own.hidden if name not in has]:
        raise UsageError(
            f"data.hidden of data={own.name} names {join_names(lacking)}, which no file has: "
            f"they have {join_names(has)}."
        )
