"""Many columns of a user's own data at once: which they are, and which never."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from own_tables import RISK, SETS, WIDE, fold_of, graph, refused, sets


def test_many_columns_are_the_numeric_ones_that_nothing_else_reads(tmp_path: Path) -> None:
    contacts = fold_of(SETS, sets(tmp_path)).tables["contacts"].collect()
    assert contacts.columns == ["contact", "f_1", "f_2"]
    assert contacts["f_1"].to_list() == WIDE["f_1"].to_list()
    assert contacts["f_2"].to_list() == WIDE["f_2"].to_list()
    named = sets(tmp_path, tables={"contacts": {"score": "f_2", "narrative": "words", "*": "*"}})
    assert fold_of(SETS, named).tables["contacts"].collect().columns == [
        "contact",
        "score",
        "narrative",
        "f_1",
    ]
    shown = sets(tmp_path, tables={"contacts": {"*": "f_*"}}, hidden=["f_1"])
    assert fold_of(SETS, shown).tables["contacts"].collect().columns == ["contact", "f_2"]


@pytest.mark.parametrize(
    "truth", ["first", "CASE WHEN first = '1' THEN 1 ELSE 0 END", "1 - CAST(first AS INT)"]
)
def test_many_columns_never_hold_the_label_or_the_unit(truth: str, tmp_path: Path) -> None:
    own = sets(tmp_path, labels={"one": truth}, group="second", split="kfold")
    columns = fold_of(SETS, own).tables["contacts"].collect().columns
    assert not {"number", "first", "second", "who", "leak"} & set(columns)
    for pattern in ("first", "f*irst", "leak", "number"):
        own["tables"] = {"contacts": {"*": pattern}}
        assert "finds no numeric column that no other field reads" in refused(SETS, own)


def test_many_columns_of_a_second_table_of_the_same_file_leave_out_the_truth_too(tmp_path: Path) -> None:
    own = sets(
        tmp_path, tables={"contacts": {"contact": "number"}, "people": {"contact": "number", "*": "*"}}
    )
    own["sources"] = {"people": "wide.csv"}
    assert fold_of(SETS, own).tables["people"].collect().columns == ["contact", "f_1", "f_2"]


def test_a_file_may_hold_nothing_but_features(tmp_path: Path) -> None:
    WIDE.select("f_1", "f_2").write_csv(tmp_path / "bare.csv")
    own = graph(
        tmp_path, files="bare.csv", unit=None, label=None, tables={"accounts": {"*": "*"}}, sources={}
    )
    assert fold_of(RISK, own).tables["accounts"].collect().columns == ["account", "f_1", "f_2"]
    np.savez(tmp_path / "bare.npz", x=np.zeros((4, 2)))
    own |= {"files": "bare.npz", "format": "npz"}
    assert fold_of(RISK, own).tables["accounts"].collect().rows()[3] == (3, 0, 0)


def test_vectors_of_a_column_are_spread_and_must_have_one_length(tmp_path: Path) -> None:
    rows = WIDE.with_columns(vector=pl.Series([[i, i + 1] for i in range(40)]))
    rows.write_parquet(tmp_path / "rows.parquet")
    own = sets(tmp_path, files="rows.parquet", format="parquet", tables={"contacts": {"*": "vector"}})
    contacts = fold_of(SETS, own).tables["contacts"].collect()
    assert contacts.rows()[:2] == [(100, 0, 1), (101, 1, 2)]
    ragged = rows.with_columns(vector=pl.Series([[0] * (1 + i % 2) for i in range(40)]))
    ragged.write_parquet(tmp_path / "rows.parquet")
    assert "vectors have lengths 1, 2" in refused(SETS, own)


def test_a_name_that_a_table_has_already_is_not_given_twice(tmp_path: Path) -> None:
    own = sets(tmp_path, tables={"contacts": {"f_1": "words", "*": "*"}})
    assert "gives a column f_1, which contacts has already" in refused(SETS, own)
