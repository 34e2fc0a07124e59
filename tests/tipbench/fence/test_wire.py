"""What comes back from a fence is read as plain numbers; anything else is refused in one sentence."""

import io
import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes
from tipbench.data.fold import Prepared
from tipbench.fence.method import FencedMethod
from tipbench.fence.session import Ended
from tipbench.fence.wire import NUMBERS, Answer, Garbled, Pipe
from tipcore.errors import UsageError

DTYPES = [kind for kind, _ in NUMBERS.values()]


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
    host = through(lambda pipe: pipe.answer({"a": 1}, frame))
    answer = host.answered()
    host.close()
    assert answer.said["a"] == 1
    assert answer.frame is not None
    assert_frame_equal(answer.frame, frame, check_exact=True)


def test_clusters_of_text_come_back_as_they_were() -> None:
    frame = pl.DataFrame({"unit": range(9_000), "cluster": ["ночь", None, "a\nb"] * 3_000})
    host = through(lambda pipe: pipe.answer({}, frame))
    assert_frame_equal(host.answered().frame, frame)  # type: ignore[arg-type]
    host.close()


@pytest.mark.parametrize(
    "value", [[1, 2], {"a": 1}, None.__class__, 3.0, np.zeros(3)], ids=lambda v: type(v).__name__
)
def test_what_is_not_a_frame_comes_as_its_type(value: object) -> None:
    host = through(lambda pipe: pipe.answer({}, value))
    answer = host.answered()
    host.close()
    assert (answer.said["type"], answer.frame) == (type(value).__name__, None)


@pytest.mark.parametrize("frame", [pl.DataFrame({"score": [[1.0]]}), pl.DataFrame({"score": [b"1"]})])
def test_columns_that_are_not_numbers_are_refused(frame: pl.DataFrame) -> None:
    host = through(lambda pipe: pipe.answer({}, frame))
    with pytest.raises(Garbled, match=r"the column score as (List|Binary).*predictions are numbers"):
        host.answered()
    host.close()


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
    host = said(content)
    with pytest.raises((Garbled, EOFError)):
        host.answered()
    host.close()


@given(st.binary(max_size=400))
def test_no_bytes_at_all_do_more_than_be_refused(content: bytes) -> None:
    host = said(content)
    try:
        host.answered()
    except (Garbled, EOFError):
        pass
    finally:
        host.close()


@given(st.data())
def test_a_frame_with_any_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    frame = pl.DataFrame({"advert": [1, 2, 3], "score": [0.5, None, 1.0], "cluster": ["a", "b", "a"]})
    whole = bytearray()
    host = through(lambda pipe: pipe.answer({}, frame))
    whole += host.source.read()
    host.close()
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    changed = said(bytes(whole))
    try:
        answer = changed.answered()
        assert answer.frame is None or answer.frame.height <= 100
    except (Garbled, EOFError):
        pass
    finally:
        changed.close()


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
