"""Tables fit a terminal by leaving columns out, and a pipe shows all of them."""

import io
import json
import re
import sys

import pytest
from tipbench.console import Column, emit, emit_json, emit_table, fit_terminal, notice

COLUMNS = [
    Column("method"),
    Column("score", True),
    Column("interval", True, leave=1),
    Column("seconds", True, leave=2),
    Column("what it is", prose=True),
]
ROWS = [
    ["a_rather_long_method_name", "0.123", "0.100 to 0.200", "12.3", "words that can be wrapped between them"]
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(monkeypatch: pytest.MonkeyPatch, width: int | None) -> tuple[str, list[str]]:
    to = io.StringIO() if width is None else Terminal()
    monkeypatch.setattr(sys, "stdout", to)
    monkeypatch.setenv("COLUMNS", str(width or 20))
    left_out = emit_table(COLUMNS, ROWS)
    return re.sub(r"\x1b\[[0-9;]*m", "", to.getvalue()), left_out


@pytest.mark.parametrize(
    ("to", "lines"), [(Terminal(), ["one two", "three", "four-five"]), (io.StringIO(), None)]
)
def test_text_is_wrapped_between_words_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, to: io.StringIO, lines: list[str] | None
) -> None:
    text = "one two three\nfour-five"
    monkeypatch.setattr(sys, "stdout", to)
    monkeypatch.setenv("COLUMNS", "8")
    assert fit_terminal(text).split("\n") == (lines or text.split("\n"))


def test_a_pipe_shows_every_column_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text, left_out = written(monkeypatch, None)
    assert left_out == []
    assert all(cell in text.splitlines()[-1] for cell in ROWS[0])


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(120, []), (80, []), (62, ["seconds"]), (45, ["interval", "seconds"]), (20, ["interval", "seconds"])],
)
def test_a_terminal_leaves_out_columns_and_breaks_no_word(
    monkeypatch: pytest.MonkeyPatch, width: int, left_out: list[str]
) -> None:
    text, found = written(monkeypatch, width)
    assert found == left_out
    assert "score" in text
    if width > 20:  # where what must not be left out has no room
        assert max(map(len, text.splitlines())) <= width
        assert set(ROWS[0][4].split()) <= set(text.split())
        assert "a_rather_long_method_name" in text


HOSTILE = "\x1b[2J\x1b]0;x\x07\x9b31m\x7f\r\u202e\udcff\U000e0001 ملف"


def test_a_terminal_obeys_nothing_that_is_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    emit(f"a\n{HOSTILE}")
    notice(f"a\n{HOSTILE}")
    emit_json({HOSTILE: [HOSTILE]})
    emit_table(COLUMNS, [[HOSTILE, *ROWS[0][1:]]])
    out, err = capsys.readouterr()
    assert out.replace("\n", "").isprintable()
    assert err == "a\n\\x1b[2J\\x1b]0;x\\x07\\x9b31m\\x7f\\r\\u202e\\udcff\\U000e0001 ملف\n"
    emit_json({HOSTILE: [HOSTILE]})
    assert json.loads(capsys.readouterr().out) == {HOSTILE: [HOSTILE]}
    to = Terminal()
    monkeypatch.setattr(sys, "stdout", to)
    emit_table(COLUMNS, [[HOSTILE, *ROWS[0][1:]]])
    assert set(re.findall(r"\x1b\[?[^m]*.", to.getvalue())) <= {"\x1b[0m", "\x1b[1m"}
