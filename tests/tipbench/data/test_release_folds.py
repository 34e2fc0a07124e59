"""A fold of any version of the data is shown the columns that this version has."""

import polars as pl
from tipbench.data.release_folds import had
from tipdata.core.tables import Column, Table


def test_a_column_that_joined_or_left_is_shown_where_the_data_have_it_alone() -> None:
    columns = (
        Column("unit", pl.Int64(), "public", id_of="units"),
        Column("always", pl.Int64(), "public"),
        Column("joined", pl.Int64(), "public", since="0.4.0"),
        Column("left", pl.Int64(), "public", until="0.4.0"),
    )
    names = [column.name for column in columns]
    table = Table("units", ("unit",), columns)
    old, new = (pl.LazyFrame({n: [1] for n in names if n != gone}) for gone in ("joined", "left"))
    assert had(old, table, names) == ["unit", "always", "left"]
    assert had(new, table, names) == ["unit", "always", "joined"]
