"""A method can serialise the lazy plan of each table of its fold: nothing in it says what is hidden."""

from itertools import chain

import pytest
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.release import Release
from tipdata.stages import all_tables

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
