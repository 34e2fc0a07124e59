"""The units and input tables of a user's own data."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from tipcore.errors import UsageError
from tipcore.spelling import nearest
from tipdata.stages import all_tables

from tipbench.data.custom.checks import CASE
from tipbench.data.custom.columns import (
    Columns,
    identifier_of,
    identifiers,
    join_names,
    lookup_units,
    map_columns,
    number_rows,
    number_shared_ids,
    numeric_columns,
    to_release_type,
)
from tipbench.data.custom.config import MANY, OwnData
from tipbench.data.custom.files import FILE, read_rows
from tipbench.data.custom.truth import add_classes, label_notes, name_classes, read_truth
from tipbench.task import Task


@dataclass(frozen=True)
class OwnTables:
    """What a user's files hold.

    ``units``: ``[unit, cluster Int64]`` and, as far as mapped, ``group``, ``fold`` (String) and the truth of
    :func:`tipbench.data.custom.truth.read_truth`. ``tables``: input tables; those made from the units' rows have the
    unit first. ``names``: ``[unit, name]`` with the ids as the user wrote them, or None where they are integers.
    ``regions``: ``[region, name]`` of the same. ``notes``: a sentence for each thing that was left out or cut.
    ``many``: how many columns ``"*"`` gave a table.
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
            near = nearest(table, task.tables) or task.tables
            raise UsageError(
                f"data.tables.{table} of data={own.name} is not a table of {task.name}: "
                f"choose {' or '.join(near)}."
            )


def read_tables(task: Task, own: OwnData) -> OwnTables:
    """Return every mapped field of every file. Where units are not clusters, one without a cluster is its own.

    Raises UsageError for files, fields, ids and tables that are not as the format or the task wants them.
    """
    rows = {None: read_rows(own), **{table: read_rows(own, table) for table in own.sources}}
    _check_hidden(own, list(rows.values()))
    raw, many = _read_units(task, own, rows[None])
    given = raw["data.unit"] if own.unit is not None else None
    unit, names = number_rows(own, task.unit, given, raw.height)
    columns: Columns = {}
    for table in own.tables:
        source = raw
        if table in own.sources:
            fields = own.mapping(table)
            source = map_columns(own, rows[table], fields) if fields else pl.DataFrame()
            if MANY in own.tables[table]:
                many[table] = numeric_columns(own, table, rows[table], set(own.tables[table]))
        columns |= {
            (table, c): source[f"data.tables.{table}.{c}"].alias(c) for c in own.tables[table] if c != MANY
        }
    notes = [*label_notes(own, task.kind.custom_field, rows[None], raw), *_misspelling_notes(own)]
    if task.views and own.cluster is not None:  # numbered as the cases of the tables are
        columns[task.table, CASE] = raw["data.cluster"]
    made = _with_ids(task, own, columns, unit if given is None else given, unit, notes)
    called = [
        pl.DataFrame({"region": made[place], "name": values}).drop_nulls()
        for place, values in columns.items()
        if place[1] == "region" and values.dtype == pl.String and made[place].dtype.is_integer()
    ]
    regions = pl.concat(called).unique(maintain_order=True) if called else None
    cases = made.pop((task.table, CASE), None) if task.views else None
    tables = {}
    for table in own.tables:
        own_key = {} if table in own.sources else {task.unit: unit}
        values = {column: series for (t, column), series in made.items() if t == table}
        tables[table] = pl.DataFrame(own_key | values).hstack(many.get(table, pl.DataFrame()))
    if own.time is not None:
        tables[task.table] = tables[task.table].with_columns(_minutes(own, raw["data.time"]).alias("minute"))
    tables = name_classes(task, own, tables)
    if task.supersede is not None:
        tables, replaced = task.supersede(tables)
        notes += replaced
    task.check(tables)
    units = add_classes(task, own, _units(task, own, raw, unit), tables, notes)
    if cases is not None:
        units = units.with_columns(cases.cast(pl.Int64).alias("cluster"))
    widths = {table: frame.width for table, frame in many.items() if frame.width}
    return OwnTables(units, tables, names, regions, notes, widths)


def _read_units(
    task: Task, own: OwnData, frame: pl.LazyFrame
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Return the mapped fields of the units' rows, and by table the columns that ``"*"`` stands for; a row per unit."""
    fields = own.mapping()
    if own.fold is None and FILE in frame.collect_schema().names():
        fields["data.fold"] = FILE
    raw = frame.select(pl.int_range(pl.len()).alias(FILE)).collect()
    if fields:
        raw = map_columns(own, frame, fields)
    many = {}
    for table, columns in own.tables.items():
        if MANY in columns and table not in own.sources:
            minute = {"minute"} if own.time is not None and table == task.table else set()
            many[table] = numeric_columns(own, table, frame, {task.unit, *columns} | minute)
    if own.distinct:
        first = raw["data.unit"].is_first_distinct() | raw["data.unit"].is_null()
        raw, many = raw.filter(first), {table: rows.filter(first) for table, rows in many.items()}
    return raw, many


def _units(task: Task, own: OwnData, raw: pl.DataFrame, unit: pl.Series) -> pl.DataFrame:
    """Return the units with their cluster, truth, group and fold."""
    cluster = pl.Series([None] * len(unit), dtype=pl.Int64)
    if own.cluster is not None:
        cluster = identifiers(raw["data.cluster"])
    if not task.kind.linked:
        cluster = cluster.fill_null(-1 - pl.int_range(len(unit), dtype=pl.Int64, eager=True))
    texts = {f: raw[f"data.{f}"].cast(pl.String) for f in ("group", "fold") if f"data.{f}" in raw.columns}
    return pl.DataFrame({task.unit: unit, "cluster": cluster, **read_truth(own, raw), **texts})


def _with_ids(
    task: Task, own: OwnData, columns: Columns, given: pl.Series, unit: pl.Series, notes: list[str]
) -> Columns:
    """Return columns in the types of a release, those that name units as their ids, other ids alike in all tables."""
    naming = [place for place in columns if identifier_of(*place) == task.unit]
    made = {p: lookup_units(own, task.unit, p, columns[p], given, unit).alias(p[1]) for p in naming}
    others = {place: values for place, values in columns.items() if place not in naming}
    others |= number_shared_ids(others)
    made |= {place: to_release_type(own, place, values, notes) for place, values in others.items()}
    return {place: made[place] for place in columns}


def _misspelling_notes(own: OwnData) -> list[str]:
    """Return a note on each mapped column that no table has and that is almost the name of one that its table has."""
    found = []
    for table, columns in own.tables.items():
        known = all_tables()[table].schema if table in all_tables() else {}
        for column in columns:
            near = nearest(column, known, most=1, least=0.8) if column not in known else []
            if near and column != MANY:
                found.append(
                    f"data.tables.{table}.{column} of data={own.name} is a feature of your own; if you mean {near[0]}, "
                    "write it so: methods know it by that name."
                )
    return found


def _minutes(own: OwnData, time: pl.Series) -> pl.Series:
    """Return minutes since the first time of the data; numbers are taken as minutes already."""
    if time.dtype == pl.String:
        try:
            time = time.str.to_datetime()
        except pl.exceptions.PolarsError:
            how = "map it to minutes or to ISO dates"
            raise UsageError(f"data.time of data={own.name} is not a time: {how}.") from None
    if time.dtype.is_temporal():
        moments = time.cast(pl.Datetime("us"))
        time = (moments - moments.min()).dt.total_minutes()
    return time.cast(pl.Int64)


def _check_hidden(own: OwnData, frames: list[pl.LazyFrame]) -> None:
    """Refuse a hidden column that no table has: a misspelling would show what it was to hide."""
    has = list(dict.fromkeys(name for frame in frames for name in frame.collect_schema().names()))
    if lacking := [name for name in own.hidden if name not in has]:
        raise UsageError(
            f"data.hidden of data={own.name} names {join_names(lacking)}, which no file has: "
            f"they have {join_names(has)}."
        )
