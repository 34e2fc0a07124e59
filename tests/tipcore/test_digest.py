import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipcore.digest import column_digest, region_digest, release_digest

COLUMNS = {
    "integers": pl.Series([3, None, -1, 2**40]),
    "whole": pl.Series([3, -1, 0, 127], dtype=pl.Int8),
    "booleans": pl.Series([True, None, False, True]),
    "truths": pl.Series([True, False, False, True]),
    "strings": pl.Series(["", None, "строка", "标题"]),
    "lists": pl.Series([[1, 2], [], None, [3]]),
    "texts": pl.Series([["a", "b"], [], ["ab"], None]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_digest_survives_the_file_and_its_row_groups(name: str, tmp_path: Path) -> None:
    column = COLUMNS[name].alias("c")
    for compression, group in (("zstd", 1), ("uncompressed", 4)):
        column.to_frame().write_parquet(tmp_path / "c.parquet", compression=compression, row_group_size=group)  # pyright: ignore[reportArgumentType]
        assert column_digest(pl.read_parquet(tmp_path / "c.parquet")["c"]) == column_digest(column)


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int32, pl.Int64, pl.UInt16, pl.Boolean])
def test_a_digest_is_what_its_definition_says(dtype: pl.DataType, nulls: bool) -> None:
    values = [1, 0, 1, *([None] if nulls else [])]
    parts = [pl.Series(some, dtype=pl.Int64).cast(dtype) for some in (values[:2], values[2:])]
    column = pl.concat(parts, rechunk=False)
    there = bytes(value is not None for value in values)
    width = 1 if dtype == pl.Boolean else 8
    held = b"".join((value or 0).to_bytes(width, "little") for value in values)
    expected = hashlib.sha256(f"{column.dtype}|{len(values)}|".encode() + there + held).hexdigest()
    assert column.n_chunks() == 2
    assert column_digest(column) == expected


@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=1, max_size=20), st.data())
def test_a_digest_is_of_a_slice_as_of_a_copy(values: list[str | None], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(values) - 1))
    whole = pl.Series(values, dtype=pl.String)
    assert column_digest(whole[start:]) == column_digest(pl.Series(values[start:], dtype=pl.String))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Series(["ab", "c"]), pl.Series(["a", "bc"])),
        (pl.Series([None, 1]), pl.Series([0, 1])),
        (pl.Series(["", None]), pl.Series([None, ""])),
        (pl.Series([[1], [2, 3]]), pl.Series([[1, 2], [3]])),
        (pl.Series([[], None], dtype=pl.List(pl.Int64)), pl.Series([None, []], dtype=pl.List(pl.Int64))),
        (pl.Series([1, 2]), pl.Series([2, 1])),
        (pl.Series([1], dtype=pl.Int32), pl.Series([1], dtype=pl.Int64)),
    ],
)
def test_what_differs_has_another_digest(one: pl.Series, other: pl.Series) -> None:
    assert column_digest(one) != column_digest(other)


def test_floats_have_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        column_digest(pl.Series(np.array([0.1])))


def test_digests_of_regions_and_releases_do_not_depend_on_order() -> None:
    a = {"t": {"x": "1", "y": "2"}, "u": {"z": "3"}}
    b = {"u": {"z": "3"}, "t": {"y": "2", "x": "1"}}
    assert region_digest(a) == region_digest(b)
    assert release_digest({"0": "a", "1": "b"}) == release_digest({"1": "b", "0": "a"})
    assert release_digest({"0": "a", "1": "b"}) != release_digest({"0": "b", "1": "a"})
