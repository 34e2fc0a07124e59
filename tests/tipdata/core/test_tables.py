import numpy as np
import polars as pl
from tipdata.core.tables import decode, repeat_rows, with_nulls


def test_a_name_stands_for_each_code_and_null_for_none() -> None:
    column = decode(("bank", "cash"), np.array([1, -1, 0, -7, 1]))
    assert column.dtype == pl.String
    assert column.to_list() == ["cash", None, "bank", None, "cash"]
    assert decode(("bank",), np.empty(0, dtype=np.int64)).dtype == pl.String


def test_values_are_null_where_they_are_not_there() -> None:
    there = np.array([True, False, True])
    assert with_nulls(np.array([2**62, 2**61, -1]), there).to_list() == [2**62, None, -1]
    assert with_nulls(np.array([3, 4, 5], dtype=np.int16), there).dtype == pl.Int16
    assert with_nulls(np.array([True, True, False]), there).to_list() == [True, None, False]
    assert with_nulls(np.array(["one", "two", "three"]), there).to_list() == ["one", None, "three"]


def test_positions_are_repeated_and_counted_within() -> None:
    position, within = repeat_rows(np.array([2, 0, 3]))
    assert position.tolist() == [0, 0, 2, 2, 2]
    assert within.tolist() == [0, 1, 0, 1, 2]
