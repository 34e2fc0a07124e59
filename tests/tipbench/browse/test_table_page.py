"""What is said of a column: its kind, what is missing, its distribution in words and bars."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from tipbench.browse.table_page import BINS, sample, share, summarise_columns, texts
from tipdata.core.tables import Column, Table

MANY = "a 14%, b 7%, c 7%, 10 more; bars: the 12 most frequent"
LISTS, LETTERS = "0 to 2 in a list, half of them up to 1", "1 to 89 letters, half of them up to 45"


def told(values: Sequence, dtype: pl.DataType, **more: Any) -> tuple[str, str, str]:
    """The type, missing share and distribution of one column."""
    table = Table("t", ("x",), (Column("x", dtype, "public", **more),))
    one = summarise_columns(table, pl.DataFrame({"x": pl.Series(list(values), dtype=dtype)}))[0]
    return one.type, one.missing, one.text


@pytest.mark.parametrize(
    ("values", "dtype", "more", "expected"),
    [
        ([True, False, None, True], pl.Boolean(), {}, ("yes or no", "25%", "yes 67%, no 33%")),
        (["b", "a", "a", "a"], pl.String(), {}, ("text", "", "a 75%, b 25%")),
        ([7, 9, 9], pl.Int64(), {}, ("id", "", "2 different ids")),
        ([3, 1, 3], pl.Int32(), {"unit": "days"}, ("whole number", "", "3: 67%, 1: 33%")),
        (range(100), pl.Int32(), {"unit": "days"}, ("whole number", "", "0 to 99, half of them up to 49")),
        (range(100), pl.Int32(), {}, ("whole number", "", "100 different numbers")),
        ([None, None], pl.Int32(), {"unit": "days"}, ("whole number", "100%", "no value")),
        ("abcdefghijklma", pl.String(), {}, ("text", "", MANY)),
        ([["a", "b"], ["a"], []], pl.List(pl.String()), {}, ("list of texts", "", "a 67%, b 33%")),
        ([[1, 2], [1], []], pl.List(pl.Int64()), {}, ("list of ids", "", LISTS)),
        (["w" * n for n in range(1, 90)], pl.String(), {}, ("text", "", LETTERS)),
    ],
)
def test_a_column_is_told_in_plain_words(
    values: Sequence, dtype: pl.DataType, more: dict, expected: tuple
) -> None:
    assert told(values, dtype, **more) == expected


def test_bars_hold_every_value_once_and_the_last_all_that_is_far_off() -> None:
    values = [*range(1000), 10_000_000]
    table = Table("t", ("x",), (Column("x", pl.Int64(), "public", unit="XTS"),))
    drawing = summarise_columns(table, pl.DataFrame({"x": values}))[0].drawing
    assert drawing is not None
    tips = [mark.tip or "" for mark in drawing.marks if mark.tag == "rect"]
    assert len(tips) == BINS
    assert tips[-1].startswith("966 to 10,000,000: ")
    assert tips[0].startswith("0 to 41: ")


def test_a_share_is_never_none_of_something_nor_all_of_less() -> None:
    shares = [share(n, 100_000) for n in (0, 1, 50_000, 99_999, 100_000)]
    assert shares == ["0%", "<1%", "50%", ">99%", "100%"]


def test_a_sample_is_of_the_table_in_its_order_and_the_same_again() -> None:
    frame = pl.DataFrame({"x": range(500)})
    kept = sample(frame, "t", 60)
    assert kept.height == 60
    assert kept["x"].is_sorted()
    assert kept["x"].is_unique().all()
    assert kept.equals(sample(frame, "t", 60))
    assert not kept.equals(sample(frame, "u", 60))
    assert sample(frame, "t", 500).equals(frame)
    assert 150 < kept["x"].median() < 350  # type: ignore[operator]


def test_what_is_missing_is_a_dash_and_lists_have_commas() -> None:
    assert texts(pl.Series([True, None, False])) == ["yes", "-", "no"]
    assert texts(pl.Series([["a", "b"], [], None])) == ["a, b", "-", "-"]
    assert texts(pl.Series([1, None])) == ["1", "-"]
