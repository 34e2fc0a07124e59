"""Compare the values of category columns with those that the columns declare."""

import polars as pl

from tipdata.core.tables import Column, Parameters, Table
from tipdata.core.world import parameters
from tipdata.release.release import Release
from tipdata.stages import all_tables, tables_of


def category_values(column: Column, listed: Parameters) -> tuple[str, ...]:
    """Return the possible values of a column, or of the key that it holds; empty where it is not a category."""
    if column.id_of and not column.values:
        owner = all_tables()[column.id_of]
        column = owner[owner.key[0]]
    return column.possible(listed)


def undeclared(table: Table, frame: pl.DataFrame, listed: Parameters) -> list[str]:
    """Return a text per category column of a frame that has a value which the column does not declare."""
    wrong = []
    for column in table.columns:
        possible = category_values(column, listed)
        if not possible or column.name not in frame.columns:
            continue
        values = frame[column.name]
        if isinstance(column.dtype, pl.List):
            values = values.explode(empty_as_null=False, keep_nulls=False)
        there = values.drop_nulls().unique()
        others = there.filter(~there.is_in(list(possible))).sort()
        if len(others):
            wrong.append(
                f"table {table.name}, column {column.name}: {others[0]!r} is none of {', '.join(possible)}"
            )
    return wrong


def undeclared_values(release: Release) -> list[str]:
    """Return a text per category column of a release, made before, that has a value which it does not declare."""
    listed = parameters(release.version)
    return [
        problem
        for name, table in tables_of(release.version).items()
        for problem in undeclared(table, release.scan(name, truth=True).collect(), listed)
    ]
