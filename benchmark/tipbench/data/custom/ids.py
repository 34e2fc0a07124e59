"""Identifiers of a user's own data: one thing has one number, in whichever table it is named."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.stages import all_tables

from tipbench.data.custom.columns import flat, identifiers, in_lists, is_whole_text, listed
from tipbench.data.custom.config import MANY, OwnData
from tipbench.task import Task

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


def looked_up(
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


def numbered_alike(own: OwnData, columns: Columns) -> Columns:
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
    long = {place: flat(values) for place, values in columns.items()}
    if all(_is_number(columns[place], values) for place, values in long.items()):
        ids = {place: values.cast(pl.Int64) for place, values in long.items()}
    else:
        texts = [_as_text(values) for values in long.values()]
        number = identifiers(pl.concat([text.alias("id") for text in texts]))
        ends = np.cumsum([len(text) for text in texts])
        ids = {p: number[int(end) - len(long[p]) : int(end)] for p, end in zip(long, ends, strict=True)}
    return {place: in_lists(columns[place], ids[place]) for place in columns}


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
    for table, column, name in _told(own):
        if name not in known:
            raise UsageError(
                f"data.refers.{table}.{column}={name} of data={own.name} is not a column that is mapped: "
                f"choose one of {listed(sorted(known))}."
            )


def _told(own: OwnData) -> Iterator[tuple[str, str, str]]:
    for table, columns in own.refers.items():
        for column, name in columns.items():
            yield table, column, name
