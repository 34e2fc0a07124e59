"""Values go to answers and come back as they are, and are compared as a person would."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from tipcourse.values import NotPlain, decode, encode, equal, kind, show


@pytest.mark.parametrize(
    "value",
    [3, -1.5, "ä", True, None, [1, [2, "x"]], {"a": [1, None]}, [], {}, 1 << 62],
)
def test_plain_values_are_the_same_after_a_way_through_json(value: object) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_tables_come_back_with_their_types_also_without_rows() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [True, None]})
    for one in (frame, frame.clear()):
        assert decode(json.loads(json.dumps(encode(one)))).equals(one)
        assert decode(encode(one)).schema == one.schema


def test_what_numpy_and_polars_return_counts_as_plain() -> None:
    assert encode(np.float64(0.5)) == 0.5
    assert encode(np.array([1, 2])) == [1, 2]
    assert encode(pl.Series([1, None])) == [1, None]
    assert encode({3, 1}) == [1, 3]
    assert encode((1, 2)) == [1, 2]
    assert type(encode(np.bool_(True))) is bool


@pytest.mark.parametrize("value", [object(), print, [object()], [0] * 20_000, 1j, [[[[[[[[[[1]]]]]]]]]]])
def test_what_is_no_number_text_or_list_is_refused(value: object) -> None:
    with pytest.raises(NotPlain):
        encode(value)


def test_numbers_are_equal_within_rounding_and_nothing_else_is() -> None:
    assert equal(0.1 + 0.2, 0.3)
    assert equal(2, 2.0)
    different = (
        *((0.3001, 0.3), ((1 << 60) + 1, 1 << 60), (True, 1), (1, True), ("1", 1), (None, 0)),
        *((encode(float("nan")), 0.5), ([1, 2], [1, 2, 3]), ({"a": 1}, {"a": 1, "b": None}), ([1], 1)),
    )
    assert [pair for pair in different if equal(*pair)] == []


def test_a_value_is_named_and_shown_in_one_short_line() -> None:
    assert kind(encode(float("nan"))) == "not a number"
    assert kind(True) == "True or False"
    assert show(encode(pl.DataFrame({"a": [1]}))) == "a table with the columns a"
    assert show({"frame": "what a student may return"}).startswith("{")
    assert len(show("x" * 10_000)) < 200
