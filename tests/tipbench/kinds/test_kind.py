"""Rows that count are given one column at a time, and are not copied where all of them count."""

from __future__ import annotations

import polars as pl
from tipbench.kinds.kind import PartRows

FRAME = pl.DataFrame(
    {"part": ["test", "valid", "test"], "label": [1, None, 0], "score": [0.5, 0.25, 1.0]},
    schema_overrides={"score": pl.Float32},
)


def test_columns_are_of_the_rows_that_count_and_numbers_of_one_type() -> None:
    rows = PartRows.of(FRAME, pl.col("part") == "test")
    assert (rows.height, rows.columns) == (2, ["part", "label", "score"])
    assert rows["label"].to_list() == [1, 0]
    assert rows["score"].dtype == pl.Float64
    assert rows.select("label").equals(FRAME.filter(part="test").select("label"))


def test_a_row_of_which_it_is_not_known_does_not_count() -> None:
    assert PartRows.of(FRAME, pl.col("label") >= 0)["part"].to_list() == ["test", "test"]
    assert PartRows.of(FRAME, pl.col("label") > 5).is_empty()


def test_where_all_rows_count_none_is_copied() -> None:
    rows = PartRows.of(FRAME, pl.lit(True))
    assert rows.chosen is None
    assert rows["label"].to_arrow().buffers()[1].address == FRAME["label"].to_arrow().buffers()[1].address
