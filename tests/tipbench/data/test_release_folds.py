"""A fold of any version of the data is shown the columns that this version has."""

import polars as pl
from tipbench.data.release_folds import had
from tipdata.core.tables import Column, Table


def test_a_column_that_joined_later_is_shown_where_the_data_have_it_alone() -> None:
    columns = (
        Column("unit", pl.Int64(), "public", id_of="units"),
        Column("always", pl.Int64(), "public"),
        Column("joined", pl.Int64(), "public", since="9.0.0"),
    )
    table, names = Table("units", ("unit",), columns), [column.name for column in columns]
    assert had(pl.LazyFrame({"unit": [1], "always": [1]}), table, names) == ["unit", "always"]
    assert had(pl.LazyFrame({name: [1] for name in names}), table, names) == names
