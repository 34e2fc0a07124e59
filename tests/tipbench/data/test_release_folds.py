"""Folds of a release: columns of its version, labels where all are tested, no hidden column in a plan."""

from itertools import chain

import polars as pl
import pytest
from tipbench.data.release_folds import available_columns
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.core.tables import Column, Table
from tipdata.release import Release
from tipdata.stages import all_tables


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


COLUMNS = [column for table in all_tables().values() for column in table.columns]
SEEN = {column.name for column in COLUMNS if column.tier != "truth"}
OURS = {"cluster", "near_duplicate_group", "label", "weight", "cut"}
"""Columns of splits and answers, which no table shows."""
HIDDEN = sorted(({c.name for c in COLUMNS if c.tier == "truth"} | OURS) - SEEN)
CHANCE = {"order", "person", "hidden", "documents"}
"""Names that occur in every plan, in a path, or as a value of a visible column; so may any name of four letters."""


@pytest.mark.parametrize("task", sorted(tasks()))
@pytest.mark.parametrize("split", ["default", "operation"])
def test_no_plan_holds_a_hidden_column(tiny: Release, task: str, split: str) -> None:
    if split not in ("default", *tasks()[task].splits):
        pytest.skip(f"{task} has no split {split}")
    prepared = prepare(task, release=tiny, split="auto" if split == "default" else split)
    for fold in prepared.folds:
        for name, table in fold.tables.items():
            plan = table.serialize()
            visible = table.collect_schema().names()
            hidden = [
                word
                for word in HIDDEN
                if word.encode() in plan
                and len(word) > 4
                and word not in CHANCE
                and not any(word in other for other in chain(visible, SEEN))
            ]
            assert hidden == [], f"{task}: the plan of {name} holds {hidden}"
            assert b".truth.parquet" not in plan, f"{task}: the plan of {name} names a file of truth"
