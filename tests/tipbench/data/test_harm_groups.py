"""Harm columns of units, and the weight of units whose operation stands for more or fewer than one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tipbench import kinds
from tipbench.data.harm_groups import with_operation, with_operation_weight, with_terse
from tipbench.data.release_folds import weight_notes
from tipbench.kinds.answers import Answers

OPERATIONS = pl.DataFrame(
    {
        "operation": [1, 2, 3],
        "kind": ["trafficking", "trafficking", "business"],
        "form": ["organs", "labour", None],
        "language": ["en", "ru", "en"],
        "log_odds": [5, 3, -2],
        "weight": [40_000, 600_000, 1_200_000],
    }
)
PEOPLE = pl.DataFrame({"operation": [1, 2, 2], "role": "exploited", "sex": ["male", "female", "female"]})
UNITS = pl.DataFrame({"cluster": [1, 1, 2, 3, None], "weight": [0.5, 0.5, 1.0, 1.0, 1.0]})


def source(operations: pl.DataFrame) -> Any:
    """A release that has these operations."""
    tables = {"operations": operations, "people": PEOPLE}
    return SimpleNamespace(
        scan=lambda table, truth=False: tables[table].lazy(), version="0.5.0", size="forms"
    )


def test_a_unit_weighs_as_many_operations_as_its_own_stands_for() -> None:
    made = with_operation(UNITS.lazy(), source(OPERATIONS)).collect()
    assert made["weight"].to_list() == pytest.approx([0.02, 0.02, 0.6, 1.2, 1.0])
    assert made["form"].to_list() == ["organs", "organs", "labour", None, None]


def test_data_without_weights_of_operations_keep_their_own() -> None:
    made = with_operation(UNITS.lazy(), source(OPERATIONS.drop("weight"))).collect()
    assert made["weight"].to_list() == UNITS["weight"].to_list()


def test_units_are_told_of_how_many_operations_their_own_tells() -> None:
    units = UNITS.select("cluster")
    made = with_operation_weight(units, "stands_for", source(OPERATIONS))
    assert made["stands_for"].to_list() == pytest.approx([0.04, 0.04, 0.6, 1.2, 1.0])
    assert with_operation_weight(units, "weight", source(OPERATIONS.drop("weight"))).equals(units)


def test_units_of_terse_writers_are_marked() -> None:
    known = OPERATIONS.with_columns(terse=pl.Series([False, True, False]))
    assert with_terse(UNITS.lazy(), source(known)).collect()["terse"].to_list() == [
        False,
        False,
        True,
        False,
        None,
    ]


def test_a_size_with_weights_says_what_its_positives_are_worth() -> None:
    frame = pl.DataFrame(
        {
            "advert": [1, 2, 3, 4],
            "part": "test",
            "label": [1, 1, 1, 0],
            "cluster": [1, 2, 3, 4],
            "weight": [1.0, 1, 2, 9],
        }
    )
    answers = Answers(kinds.SCORES, "advert", frame)
    (note,) = weight_notes(source(OPERATIONS), answers)
    assert "the 3 positives of the test tell as much as 3 of equal weight (Kish)" in note  # 16/6 = 2.7
    assert len(weight_notes(SimpleNamespace(version="0.5.0", size="small"), answers)) == 1  # type: ignore[arg-type]
    assert weight_notes(SimpleNamespace(version="0.5.0"), answers) == []  # type: ignore[arg-type] # of no size


def test_tasks_without_labels_say_what_their_units_are_worth() -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3, 4], "cluster": [1, 1, 2, 2], "weight": [1.0, 1, 2, 2]})
    (note,) = weight_notes(source(OPERATIONS), Answers(kinds.CANDIDATES, "advert", frame))
    assert "the 4 adverts of the test tell as much as 4 of equal weight (Kish)" in note  # 36/10 = 3.6
    shared = frame.with_columns(stands_for=pl.Series([1.0, 1, 4, 4]))
    (note,) = weight_notes(source(OPERATIONS), Answers(kinds.CLUSTERS, "advert", shared))
    assert "the 4 adverts of the test tell as much as 2 of equal weight (Kish)" in note  # 18^2 / 130 = 2.5
