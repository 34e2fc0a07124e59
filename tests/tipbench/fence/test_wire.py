"""What comes back from a fence is read as plain numbers; anything else is refused in one sentence."""

import io
import json
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes
from tipbench.data.fold import Prepared, detach
from tipbench.data.relabelling import relabel
from tipbench.fence.method import FencedMethod
from tipbench.fence.session import Ended
from tipbench.fence.wire import NUMBERS, Answer, Garbled, Pipe, read_fold, write_fold
from tipbench.loading import prepare
from tipbench.method import uses_worlds, works_in_batches
from tipbench.runs.folds import predict_by_regions
from tipbench.tasks import task_of, tasks
from tipcore.errors import UsageError
from tipdata.release import Release

DTYPES = [getattr(pl, name) for name in NUMBERS]


def through(send: Callable[[Pipe], None]) -> Pipe:
    """The host's end of a pipe that a fence has written to and closed."""
    written = io.BytesIO()
    sink = io.BufferedWriter(written)  # type: ignore[arg-type]
    send(Pipe(io.BufferedReader(io.BytesIO()), sink))  # type: ignore[arg-type]
    sink.flush()
    return said(written.getvalue())


def said(content: bytes) -> Pipe:
    return Pipe(io.BufferedReader(io.BytesIO(content)), io.BufferedWriter(io.BytesIO()))  # type: ignore[arg-type]


@given(dataframes(max_cols=4, max_size=40, allowed_dtypes=DTYPES, allow_null=True))
def test_frames_of_numbers_come_back_as_they_were(frame: pl.DataFrame) -> None:
    if frame.width == 0:
        return
    with closing(through(lambda pipe: pipe.answer({"a": 1}, frame))) as host:
        answer = host.read_answer()
    assert answer.said["a"] == 1
    assert answer.frame is not None
    assert_frame_equal(answer.frame, frame, check_exact=True)


def test_clusters_of_text_come_back_as_they_were() -> None:
    frame = pl.DataFrame({"unit": range(9_000), "cluster": ["ночь", None, "a\nb"] * 3_000})
    with closing(through(lambda pipe: pipe.answer({}, frame))) as host:
        assert_frame_equal(host.read_answer().frame, frame)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", [[1, 2], {"a": 1}, None.__class__, 3.0, np.zeros(3)], ids=lambda v: type(v).__name__
)
def test_what_is_not_a_frame_comes_as_its_type(value: object) -> None:
    with closing(through(lambda pipe: pipe.answer({}, value))) as host:
        answer = host.read_answer()
    assert (answer.said["type"], answer.frame) == (type(value).__name__, None)


@pytest.mark.parametrize("frame", [pl.DataFrame({"score": [[1.0]]}), pl.DataFrame({"score": [b"1"]})])
def test_columns_that_are_not_numbers_are_refused(frame: pl.DataFrame) -> None:
    says = r"the column score as (List|Binary).*predictions are numbers"
    with closing(through(lambda pipe: pipe.answer({}, frame))) as host, pytest.raises(Garbled, match=says):
        host.read_answer()


def column(**changed: object) -> bytes:
    told = {"name": "score", "dtype": "Float64", "nulls": False, **changed}
    return json.dumps({"rows": 2, "columns": [told]}).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"not JSON\n",
        b"[1]\n",
        b'"a"\n',
        b"[" * 100_000 + b"\n",
        b"{" + b" " * (1 << 21) + b"}\n",
        b'{"rows": -1, "columns": []}\n',
        b'{"rows": 1e300, "columns": []}\n',
        b'{"rows": true, "columns": []}\n',
        b'{"rows": 9999999999999, "columns": []}\n',
        b'{"rows": 1}\n',
        b'{"rows": 1, "columns": [3]}\n',
        b'{"rows": 1, "columns": [{"name": 3, "dtype": "Int64"}]}\n',
        b'{"rows": 0, "columns": [' + b",".join([b"{}"] * 300) + b"]}\n",
        column(name="a") + b"\0" * 3,
        column(name="\ud800") + b"\0" * 16,
        column(dtype="Object"),
        column(dtype="Float64", nulls=True) + b"\0" * 17,
        column(dtype="String") + b"\xff" * 8,
        column(dtype="String") + (1 << 40).to_bytes(8, "little"),
        column(dtype="String") + (3).to_bytes(8, "little") + b"ab",
        column(dtype="String") + (1).to_bytes(8, "little") + b"\xff",
        column(dtype="String") + (3).to_bytes(8, "little") + b"\xed\xa0\x80",
        column(dtype="String", nulls=True) + (1).to_bytes(8, "little") + b"a\0",
        b'{"rows": 100000000, "columns": [' + b",".join(
            b'{"name": "%d", "dtype": "Int64"}' % number for number in range(5)
        ) + b"]}\n",
        b"",
    ],
    ids=range(25),
)  # fmt: skip
def test_what_was_not_agreed_is_refused_and_nothing_is_read_further(content: bytes) -> None:
    with closing(said(content)) as host, pytest.raises((Garbled, EOFError)):
        host.read_answer()


@given(st.binary(max_size=400))
def test_no_bytes_at_all_do_more_than_be_refused(content: bytes) -> None:
    with closing(said(content)) as host, suppress(Garbled, EOFError):
        assert host.read_answer().frame is None


@given(st.data())
def test_a_frame_with_any_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3], "score": [0.5, None, 1.0], "cluster": ["a", "b", "a"]})
    with closing(through(lambda pipe: pipe.answer({}, frame))) as host:
        whole = bytearray(host.source.read())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    with closing(said(bytes(whole))) as changed, suppress(Garbled, EOFError):
        answer = changed.read_answer()
        assert answer.frame is None or answer.frame.height <= 100


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("nonsense\n", "liars.Liar returned a line that is not JSON"),
        ('{"rows": 1, "columns": [{"name": "a", "dtype": "Object"}]}\n', "the column a as Object"),
        ('{"refused": "\\u001b[31m\\u202e"}\n', r"^\?\[31m\?$"),
    ],
)
def test_a_method_that_answers_for_itself_is_refused(
    content: str, refused: str, put: Callable[..., FencedMethod], fenced: Prepared
) -> None:
    method = put("Liar", said=content)
    with pytest.raises(UsageError, match=refused):
        method.fit(fenced.folds[0], 0)


@pytest.mark.parametrize("said", [5, None, "tipbench", [1], {"a": 1}, ["\ud800"]])
@pytest.mark.parametrize("key", ["needs", "takes_many"])
def test_what_is_no_list_of_names_is_refused(key: str, said: object) -> None:
    assert Answer({key: ["a"]}).names(key) == ["a"]
    with pytest.raises(Garbled, match=f"for {key}, which is a list of names"):
        Answer({key: said}).names(key)


def test_a_method_that_says_it_has_fitted_gains_nothing(
    put: Callable[..., FencedMethod], fenced: Prepared
) -> None:
    method = put("Liar", said='{"scores": {"average_precision": 1.0}}\n')
    method.fit(fenced.folds[0], 0)
    with pytest.raises(Ended):
        method.predict(fenced.folds[0])


def test_a_method_that_returns_nothing_is_refused_by_name(
    put: Callable[..., FencedMethod], fenced: Prepared
) -> None:
    method = put("Silent")
    method.fit(fenced.folds[0], 0)
    with pytest.raises(UsageError, match=r"liars\.Silent returned a NoneType; return a polars DataFrame"):
        method.predict(fenced.folds[0])
    assert method.notes == ["1"]


SHORT = 8
"""Characters below which a string may be found in bytes by chance."""


def strings(frames: Iterable[pl.DataFrame]) -> set[str]:
    columns = [column for frame in frames for column in frame.iter_columns()]
    lists = [column.explode() for column in columns if column.dtype == pl.List(pl.String)]
    texts = [column for column in [*columns, *lists] if column.dtype == pl.String]
    return {text for column in texts for text in column.unique().drop_nulls()}


def found(content: bytes, hidden: set[str], shown: set[str]) -> set[str]:
    """Those of the hidden strings that are in the content, and within none that is shown."""
    wanted = [text for text in hidden - shown if len(text) >= SHORT]
    if not wanted:
        return set()
    held = pl.Series([content.decode(errors="replace"), "\n".join(shown)])
    there, within = held.str.extract_many(wanted, overlapping=True)
    return set(there) - set(within)


def bytes_of(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return buffer.getvalue()


QUICK = ("advert_risk", "recruitment_onset")
"""A task of units, and one of a stream."""


@pytest.mark.parametrize(
    "task", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in tasks()]
)
def test_no_string_of_a_hidden_row_is_in_a_fold_or_a_step(task: str, tiny: Release, tmp_path: Path) -> None:
    prepared = prepare(task, release=tiny)
    fold = prepared.folds[0]
    write_fold(fold, tmp_path)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    kept = {name: table.collect() for name, table in fold.tables.items()}
    whole = [tiny.scan(name).select(kept[name].columns).collect() for name in kept]
    assert not found(content, strings(whole), strings([*kept.values(), fold.supervision]))
    back = read_fold(tmp_path)
    assert all(back.tables[name].collect().equals(table) for name, table in kept.items())
    for stream in prepared.streams:
        for rows in stream.test:
            assert not found(bytes_of(rows), strings([stream.test.rows]), strings([rows]))


def test_tasks_hide_strings(tiny: Release) -> None:
    """What the test above looks for is there: titles that only hidden adverts have."""
    shown = prepare(task_of("advert_risk"), release=tiny).folds[0].tables["adverts"].select("title").collect()
    assert len(strings([tiny.scan("adverts").select("title").collect()]) - strings([shown])) > 900


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Binary, pl.List(pl.String), pl.Int64])
def test_a_detached_frame_holds_neither_filtered_rows_nor_values_beneath_nulls(
    kind: Any, stored: bool
) -> None:
    texts = [f"a title of the {'hidden' if row % 2 else 'shown'} row {row % 50}" for row in range(2_000)]
    values = {pl.Int64: [int("hidden" in text) * 0x68696464656E for text in texts]}.get(
        kind, [[text] for text in texts] if kind == pl.List(pl.String) else texts
    )
    frame = pl.DataFrame({"row": range(2_000), "value": pl.Series(values).cast(kind)})
    if stored:  # its strings are then those of a dictionary
        frame.write_parquet(buffer := io.BytesIO())
        frame = pl.read_parquet(buffer.getvalue())
    even = pl.col("row") % 2 == 0
    for part in (
        frame.filter(even),
        frame.sort(~even, maintain_order=True).head(1_000),
        frame.with_columns(value=pl.when(even).then("value")),
    ):
        made = detach(part)
        assert made.schema == part.schema
        assert made.equals(part)
        assert not [word for word in (b"hidden", b"neddih") if word in bytes_of(made)]


def test_categories_are_read_back_as_they_were() -> None:
    frame = pl.DataFrame(
        {
            "enum": pl.Series(["b", None], dtype=pl.Enum(["a", "b", "c"])),
            "category": pl.Series(["b", None], dtype=pl.Categorical),
        }
    )
    for part in (frame, frame.head(0)):
        assert detach(part).equals(part)
        assert detach(part).schema == part.schema


Put = Callable[..., FencedMethod]


@pytest.mark.parametrize("part", ["test", "valid"])
def test_batches_behind_the_fence_are_of_their_regions_and_part(
    put: Put, fenced: Prepared, part: str
) -> None:
    method, fold = put("Lengths"), fenced.folds[0]
    assert works_in_batches(method)
    method.fit(fold, 0)
    asked = fold if part == "test" else fold.with_valid_as_test()
    whole = method.predict(asked)
    assert whole["advert"].to_list() == asked.to_predict().collect()["advert"].to_list()
    batch, most = next(asked.by_regions(1)), method._bounds_of(asked, asked).size
    assert method._bounds_of(batch, asked).size < most / 2  # all batches together are held to the bound
    assert predict_by_regions(method, asked, most=3).sort("advert").equals(whole.sort("advert"))
    shown = [batch.tables["adverts"].collect().height for batch in asked.by_regions(3)]
    assert method.notes == [str(fold.tables["adverts"].collect().height), *map(str, shown)]


def test_a_method_that_does_not_say_so_is_not_asked_by_batches(put: Put) -> None:
    assert not works_in_batches(put("Attack", what="truth_anywhere"))


def test_a_method_behind_the_fence_learns_from_further_worlds(put: Put, fenced: Prepared) -> None:
    method = put("InWorlds")
    assert uses_worlds(method)
    assert not uses_worlds(put("Lengths"))
    given = relabel(prepare("advert_risk", release="tiny", train="worlds:2"), bytes(32)).folds[0]
    method.fit(given, 0)
    assert method.notes == [f"{world.labels('train').collect().height} labels" for world in given.worlds]
    assert method.predict(given).height == given.to_predict().collect().height
