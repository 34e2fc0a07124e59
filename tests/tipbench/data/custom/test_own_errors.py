"""What is wrong with a user's own data is said in one sentence: what, where, and what to do."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.loading import prepare
from tipcore.errors import UsageError

GOOD = "key,text,bad\n" + "".join(f"k{i},words {i},{i % 2}\n" for i in range(20))


def refused(folder: Path, content: bytes | None = None, **fields: Any) -> str:
    """The message that a config over ``rows.csv`` with this content is refused with."""
    if content is not None:
        (folder / "rows.csv").write_bytes(content)
    own = {
        "name": "mine",
        "task": "advert_risk",
        "path": str(folder),
        "files": "rows.csv",
        "format": "csv",
        "label": "bad",
        "tables": {"adverts": {"body": "text"}},
        **fields,
    }
    settings = {key: own.pop(key) for key in ("split", "labels", "needs", "oracle") if key in own}
    task = own.pop("run", "advert_risk")
    with pytest.raises(UsageError) as caught:
        prepare(task, own=own, **settings)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"key,text,bad\n", "has a header and no rows"),
        (GOOD.encode() + b"k20,words", "truncated: its last line has 2 of 3 fields"),
        (GOOD.encode() + b'k20,"words', "a quote that is never closed"),
        (gzip.compress(GOOD.encode())[:-20], "truncated or damaged"),
        (b"key,text,bad\nk1,caf\xe9,1\n", "is not utf-8 at byte 19"),
        (GOOD.encode() + b"a,b,c,d\n", "not a well-formed csv file"),
        (GOOD.replace(",0\n", ",not\n").encode(), "is not binary: it holds 1, not"),
        (GOOD.replace(",text,", ",body,").encode(), "maps text, which the data lacks: it has key, body, bad"),
        (GOOD.replace(",0\n", ",\n").encode(), "10 positive, 0 negative and 10 unknown; lower data.folds"),
        ("".join(GOOD.splitlines(keepends=True)[:4]).encode(), "too few clusters"),
    ],
)
def test_a_bad_file_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    assert says in refused(tmp_path, content)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"path": None}, "has no path: say where its folder or file is with data.path=PATH"),
        ({"path": "/nowhere/at all"}, "data.path=/nowhere/at all of data=mine does not exist"),
        ({"files": "other.csv"}, "other.csv of data=mine does not exist"),
        ({"package": "no_such_package/x", "path": None}, "pip install no_such_package"),
        ({"encoding": "utf-99"}, "data.encoding=utf-99 does not exist"),
        ({"format": "xls"}, "data.format of data=mine is wrong"),
        ({"folds": 1}, "data.folds of data=mine is wrong"),
        ({"lable": "bad"}, "data.lable of data=mine is wrong"),
        ({"tables": {}}, "map at least one column"),
        ({"label": "bad is it"}, "neither a column nor a polars SQL expression"),
        ({"label": "CAST(text AS INT)"}, "data.label of data=mine fails on the data"),
        ({"unit": "bad"}, "is not a key: 20 of 20 rows repeat or lack it"),
        ({"tables": {"adverts": {"body": "text", "price": "text"}}}, "data.tables.adverts.price"),
        ({"split": "given"}, "choose one of kfold, all"),
        ({"split": "forward"}, "cannot have split=forward"),
        ({"labels": "truth"}, "has labels=given only"),
        ({"oracle": True}, "no hidden truth for an oracle"),
        ({"needs": {"adverts.contacts"}}, "set data.tables.adverts.contacts"),
        ({"run": "advert_linkage"}, "is for task=advert_risk, and not for advert_linkage"),
    ],
)
def test_a_bad_config_is_refused(fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in refused(tmp_path, GOOD.encode(), **fields)


@pytest.mark.parametrize("kind", ["parquet", "npz", "hf"])
def test_a_binary_file_that_is_not_one_is_refused(kind: str, tmp_path: Path) -> None:
    assert re.search(
        "not a whole|not a complete|not a dataset", refused(tmp_path, b"PAR1 no more", format=kind)
    )


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "hf"])
def test_a_fifo_is_refused(kind: str, tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    files = "rows" if kind != "hf" else "."
    fifo(tmp_path / "rows")
    assert refused(tmp_path, format=kind, files=files).endswith("cannot be read: it is not a regular file.")


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "whole.parquet"
    pl.DataFrame({"text": ["a"] * 999, "bad": [0, 1, 0] * 333}).write_parquet(path)
    message = refused(tmp_path, path.read_bytes()[:-10], format="parquet")
    assert "not a whole parquet file" in message


def test_an_empty_parquet_file_and_one_without_rows_are_refused(tmp_path: Path) -> None:
    assert "is empty" in refused(tmp_path, b"", format="parquet")
    pl.DataFrame({"text": [], "bad": []}).write_parquet(tmp_path / "rows.csv")
    assert "no rows" in refused(tmp_path, format="parquet")


def test_one_fold_and_parts_without_a_test_are_refused(tmp_path: Path) -> None:
    assert "a single value" in refused(tmp_path, GOOD.encode(), fold="1")
    assert "no test part" in refused(tmp_path, GOOD.encode(), fold="'train'")


def test_pairs_for_a_task_that_has_no_use_for_them_are_refused(tmp_path: Path) -> None:
    pairs = {"left": "text", "right": "key", "label": "bad"}
    assert "cannot use" in refused(tmp_path, GOOD.encode(), label=None, pairs=pairs)
    assert "is wrong: pairs excludes label: map" in refused(tmp_path, GOOD.encode(), pairs=pairs)
