"""Any number of numeric columns at once: what ``"*"`` stands for in a table of a user's own data."""

from __future__ import annotations

from fnmatch import fnmatchcase

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import listed, roots
from tipbench.data.custom.config import MANY, OwnData
from tipbench.data.custom.files import FILE
from tipbench.data.custom.values import yes_or_no


def features(own: OwnData, table: str, frame: pl.LazyFrame, taken: set[str]) -> pl.DataFrame:
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
    read = {root for text in texts for root in roots(text, has.names())} | {FILE, *own.hidden}
    names = [n for n in has.names() if n not in read and (n == pattern or fnmatchcase(n, pattern))]
    found: list[pl.Series] = []
    for column in frame.select(names).collect().get_columns():
        found += _numbers(own, field, column)
    if not found:
        raise UsageError(
            f"{field}={pattern} of data={own.name} finds no numeric column that no other field reads: "
            f"the columns are {listed(has.names())}."
        )
    if twice := [column.name for column in found if column.name in taken]:
        raise UsageError(
            f"{field}={pattern} of data={own.name} gives a column {twice[0]}, which {table} has already: "
            "name other columns by a pattern, or hide it with data.hidden."
        )
    return pl.DataFrame(found)


def _numbers(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return the column as numbers, in a list of one or of as many as its vectors have; none where it has no
    numbers."""
    if column.dtype == pl.Boolean:
        return [column.cast(pl.Int8)]
    if column.dtype == pl.String:
        return _of_text(own, field, column)
    if isinstance(column.dtype, (pl.Array, pl.List)):
        return _spread(own, field, column)
    return [column] if column.dtype.is_numeric() else []


def _of_text(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    """Return text as numbers or yes and no; nothing where it is something else. Raises UsageError where most cells are
    numbers, or yes and no, and others are not: to leave the column out would say nothing of it."""
    there = len(column) - column.null_count()
    read = [column.cast(pl.Float64, strict=False), yes_or_no(column)]
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


def _spread(own: OwnData, field: str, column: pl.Series) -> list[pl.Series]:
    if not column.dtype.inner.is_numeric():  # type: ignore[attr-defined]
        return []
    if isinstance(column.dtype, pl.List):
        widths = column.list.len().drop_nulls().unique()
        if len(widths) != 1:
            raise UsageError(
                f"{field} of data={own.name} is made of {column.name}, whose vectors have lengths "
                f"{listed(widths.sort().to_list())}: give vectors of one length."
            )
        column = column.list.to_array(widths[0])
    width = column.dtype.shape[0]  # type: ignore[attr-defined]
    names = [f"{column.name}_{i}" for i in range(width)]
    return column.to_frame().select(pl.all().arr.to_struct(names)).unnest(column.name).get_columns()
