"""A fold of any version of the data is shown the columns that this version has."""

import polars as pl
import pytest
from tipbench.data.release_folds import available_columns
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.core.tables import Column, Table
from tipdata.release import Release


def test_a_column_that_joined_later_is_shown_where_the_data_have_it_alone() -> None:
    columns = (
        Column("unit", pl.Int64(), "public", id_of="units"),
        Column("always", pl.Int64(), "public"),
        Column("joined", pl.Int64(), "public", since="9.0.0"),
    )
    table, names = Table("units", ("unit",), columns), [column.name for column in columns]
    assert available_columns(pl.LazyFrame({"unit": [1], "always": [1]}), table, names) == ["unit", "always"]
    assert available_columns(pl.LazyFrame({name: [1] for name in names}), table, names) == names


UNSUPERVISED = [name for name, task in tasks().items() if "all" in task.splits]


@pytest.mark.parametrize("task", UNSUPERVISED)
def test_where_every_unit_is_tested_labels_are_none(task: str, small: Release) -> None:
    assert prepare(task, release=small).labels == prepare(task, release=small, labels="none").labels == "none"
    with pytest.raises(
        UsageError, match=f"{task} has no labels=truth on split=all of a release: choose none"
    ):
        prepare(task, release=small, labels="truth")
    without, given = (prepare(task, release=small, split="region", labels=one) for one in ("auto", "truth"))
    assert (without.labels, given.labels) == ("none", "truth")
    assert without.folds[0].supervision.is_empty()
    assert given.folds[0].supervision.height
    assert without.folds[0].supervision.schema == given.folds[0].supervision.schema
